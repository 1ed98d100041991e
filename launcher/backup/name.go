package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/launcher"
)

// hashLen is the length of what tells a parcel from all others, in hexadecimal.
const hashLen = 32

func hashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])[:hashLen]
}

// dirName returns the name of the directory for a copy: the beginning of the
// name of the first document, for people, and the hash of the parcel's ID.
func dirName(first *launcher.Document, hash string) string {
	const most = 48
	name := launcher.CleanName(strings.TrimLeft(first.Name, "."))
	if cut := most; len(name) > most {
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = strings.TrimRight(name[:cut], " .")
	}
	return name + "-" + hash
}

// hashIn returns the hash in the name of the directory of a copy, and false if
// it is the name of something else.
func hashIn(name string) (hash string, ok bool) {
	i := len(name) - hashLen
	if i < 2 || name[i-1] != '-' {
		return "", false
	}
	return name[i:], isHash(name[i:])
}

func isHash(s string) bool {
	return len(s) == hashLen && strings.Trim(s, "0123456789abcdef") == ""
}
