package adullact

import (
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// baseName returns the last element of a name from outside, whichever slash
// separates its elements; "unnamed" if there is none that could be a file.
func baseName(name string) string {
	name = strings.ReplaceAll(name, "\x00", "")
	name = strings.TrimRight(name, `/\`)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if strings.Trim(name, ". ") == "" {
		return "unnamed"
	}
	return name
}

// isUnsafe reports whether a name in an archive leads elsewhere.
func isUnsafe(name string) bool {
	slashed := strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(slashed, "/") || strings.ContainsRune(name, 0) || len(name) > 1 && name[1] == ':' && name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z' {
		return true
	}
	for _, e := range strings.Split(slashed, "/") {
		if e == ".." {
			return true
		}
	}
	return false
}

// plainName returns a name of a zip as UTF-8. Zips that do not say so hold
// names as some DOS or Windows wrote them; the bytes tell which, for the
// letters of French lie apart in the two.
func plainName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	m := charmap.Windows1252
	for i := range len(name) {
		if name[i] >= 0x80 && name[i] < 0xa0 {
			m = charmap.CodePage850
		}
	}
	if s, err := m.NewDecoder().String(name); err == nil {
		return s
	}
	return strings.ToValidUTF8(name, "_")
}

// isNoise reports whether a path is of a file that systems leave behind.
func isNoise(p string) bool {
	p = strings.ReplaceAll(p, `\`, "/")
	for _, e := range strings.Split(p, "/") {
		if e == "__MACOSX" {
			return true
		}
	}
	base := path.Base(p)
	return strings.HasPrefix(base, "._") || strings.EqualFold(base, ".DS_Store") ||
		strings.EqualFold(base, "Thumbs.db") || strings.EqualFold(base, "desktop.ini")
}

// ext returns the extension of a name, lower case, with its dot.
func ext(name string) string { return strings.ToLower(path.Ext(name)) }

// stem returns a name without its extension.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// unaccented returns a name without accents.
func unaccented(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x300 && r < 0x370 {
			return -1 // a combining mark
		}
		return r
	}, norm.NFD.String(name))
}
