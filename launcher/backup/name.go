package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
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

// names gives the documents of one parcel names that differ: it holds the
// number that a name, folded, was last given with.
type names map[string]int

// create makes a file for a document of that name in dir and returns the name
// that it has. Names that differ only by case, or that the file system takes
// for the same, get a number.
func (n names) create(d disk, dir, name string) (file, string, error) {
	name = launcher.CleanName(name)
	key := fold(name)
	for {
		n[key]++
		free := numbered(name, n[key])
		if fold(free) != key && n[fold(free)] > 0 {
			continue
		}
		f, err := d.create(path.Join(dir, free))
		if isExist(err) {
			continue
		}
		n[fold(free)] = max(n[fold(free)], 1)
		return f, free, err
	}
}

// numbered returns name for i = 1, and "stem (i).ext" for those that follow.
func numbered(name string, i int) string {
	if i == 1 {
		return name
	}
	ext := path.Ext(name)
	if len(ext) == len(name) || len(ext) > 16 {
		ext = ""
	}
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), i, ext)
}

// fold returns the same for names that differ by case alone.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
