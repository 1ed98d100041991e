package dir

import (
	"strconv"
	"strings"
)

// Paths are relative to Path and slash-separated. On Unix their elements may
// hold anything but a slash; package path would clean them.

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// stem returns name without its last extension.
func stem(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return name
}

// top returns the first element of path, and whether there are more.
func top(path string) (string, bool) {
	first, _, more := strings.Cut(path, "/")
	return first, more
}

// show returns path as a person may see it, quoted unless it is plain.
func show(path string) string {
	for i := range len(path) {
		if c := path[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return showRare(path)
		}
	}
	return path
}

func showRare(path string) string {
	quoted := strconv.Quote(path)
	if len(quoted) == len(path)+2 {
		return path
	}
	return quoted
}
