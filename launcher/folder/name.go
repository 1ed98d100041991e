package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// dirName returns the name of the directory for the parcel of id: what stands
// before the first slash of it, for people, and a hash that tells it from all
// others. It is the same on every file system and never begins with a dot.
func dirName(id string) string {
	stem, _, _ := strings.Cut(id, "/")
	stem = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, stem)
	stem = strings.TrimLeft(stem[:min(len(stem), 48)], ".-")
	hash := hashOf(id)[:32]
	if stem == "" {
		return hash
	}
	return stem + "-" + hash
}

func hashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
