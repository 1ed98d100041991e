package launcher

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name that CleanName returns, in bytes. Common file
// systems allow 255; the rest is for suffixes that a Sink may add.
const maxName = 200

// CleanName makes a name from outside safe to use as a file name on any
// system, and to show. It keeps what stands after the last slash or backslash,
// drops control, formatting and invalid characters, replaces those that
// Windows reserves by "_", takes blanks and dots off the end and blanks off
// the start, puts "_" before a device name such as "CON" or "nul.txt", and
// shortens to 200 bytes, keeping the extension. What is empty then, or consists
// of dots, becomes "unnamed". CleanName(CleanName(s)) equals CleanName(s).
func CleanName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimRight(strings.TrimLeft(strings.Map(cleanRune, name), " "), " .")
	if name == "" {
		return "unnamed"
	}
	if isDevice(name) {
		name = "_" + name
	}
	if len(name) > maxName {
		name = shorten(name)
	}
	return name
}

// CleanDir makes each element of a slash-separated folder safe with CleanName
// and drops those that are empty, "." or "..".
func CleanDir(dir string) string {
	if isClean(dir) {
		return dir
	}
	var kept []string
	for _, e := range strings.Split(dir, "/") {
		if e != "" && e != "." && e != ".." {
			kept = append(kept, CleanName(e))
		}
	}
	return strings.Join(kept, "/")
}

// isClean reports that CleanDir has nothing to do.
func isClean(dir string) bool {
	if dir == "" {
		return true
	}
	for e := range strings.SplitSeq(dir, "/") {
		if e == "." || e == ".." || CleanName(e) != e {
			return false
		}
	}
	return true
}

func cleanRune(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return r
	case r == utf8.RuneError:
		return '_' // not valid UTF-8, or a mark that it once was not
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return -1 // also the marks that reverse the direction of text
	case strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

// shorten cuts name to maxName bytes at a character, keeping an extension of
// up to 16 bytes.
func shorten(name string) string {
	ext := path.Ext(name)
	if len(ext) > 16 || len(ext) == len(name) {
		ext = ""
	}
	stem := name[:maxName-len(ext)]
	for len(stem) > 0 && !utf8.RuneStart(name[len(stem)]) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, " .") + ext
}

// isDevice reports whether Windows takes name for a device, whatever its
// extension and case.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.TrimRight(stem, " ")
	if len(stem) > len("CONOUT$") {
		return false // most names
	}
	for _, device := range []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} {
		if strings.EqualFold(stem, device) {
			return true
		}
	}
	if len(stem) < 4 || !strings.EqualFold(stem[:3], "COM") && !strings.EqualFold(stem[:3], "LPT") {
		return false
	}
	n := stem[3:]
	return len(n) == 1 && n[0] >= '0' && n[0] <= '9' || n == "¹" || n == "²" || n == "³"
}

// extOf returns the extension of name by which Routes go: lower case, without
// dot. A name such as ".htaccess" has none.
func extOf(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 {
		return ""
	}
	return strings.ToLower(name[i+1:])
}
