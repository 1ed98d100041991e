package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
)

// Names gives the files of one folder names that differ: it holds the number
// that a name, folded, was last given with.
type Names map[string]int

// NewNames returns Names that keep one name for another use.
func NewNames(kept string) Names { return Names{fold(kept): 1} }

// Create makes a file for a document of that name in dir and returns the name
// that it has. Names that differ only by case, or that the file system takes
// for the same, get a number.
func (n Names) Create(d Disk, dir, name string) (File, string, error) {
	name = launcher.CleanName(name)
	key := fold(name)
	for {
		n[key]++
		free := Numbered(name, n[key])
		if fold(free) != key && n[fold(free)] > 0 {
			continue
		}
		f, err := d.Create(path.Join(dir, free))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		n[fold(free)] = max(n[fold(free)], 1)
		return f, free, err
	}
}

// Numbered returns name for i = 1, and "stem (i).ext" for those that follow.
func Numbered(name string, i int) string {
	if i == 1 {
		return name
	}
	return Suffixed(name, strconv.Itoa(i))
}

// Suffixed returns "stem (suffix).ext".
func Suffixed(name, suffix string) string {
	ext := path.Ext(name)
	if len(ext) == len(name) || len(ext) > 16 {
		ext = ""
	}
	return fmt.Sprintf("%s (%s)%s", strings.TrimSuffix(name, ext), suffix, ext)
}

// fold returns the same for names that differ by case alone.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
