package mime

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// decodeCharset returns raw, which is in the named charset, as UTF-8. With a
// charset that is not known, or that raw is plainly not in, it guesses.
func decodeCharset(charset string, raw []byte) string {
	charset = strings.ToLower(strings.Trim(charset, " \t\"'"))
	// RFC 2231: a language may follow the charset of an encoded word.
	charset, _, _ = strings.Cut(charset, "*")
	switch charset {
	case "utf-7", "unicode-1-1-utf-7", "utf7":
		return decodeUTF7(raw)
	case "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "8859-1", "":
		// What claims ASCII or Latin-1 and is valid UTF-8 beyond ASCII is
		// UTF-8: Latin-1 text is practically never valid UTF-8 by chance.
		return Guess(raw)
	}
	enc := lookup(charset)
	if enc == nil {
		return Guess(raw)
	}
	out, err := enc.NewDecoder().Bytes(raw)
	if err != nil {
		return Guess(raw)
	}
	return string(out)
}

// Guess returns raw text of unknown charset as UTF-8: as it is if it is UTF-8,
// perhaps cut in the middle of a character, else as windows-1252, the most
// common in Western mail, of which Latin-1 is the printable part.
func Guess(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	if isMostlyUTF8(raw) {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return string(out)
}

// isMostlyUTF8 reports whether raw holds more characters beyond ASCII in UTF-8
// than bytes that are none.
func isMostlyUTF8(raw []byte) bool {
	good, bad := 0, 0
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		raw = raw[n:]
	}
	return good > bad
}

// lookup finds a charset under its registered names, those that browsers know,
// and the misspellings met in mail. It returns nil if there is none.
func lookup(charset string) encoding.Encoding {
	if alias := misspelt(charset); alias != "" {
		charset = alias
	}
	if enc, err := htmlindex.Get(charset); err == nil {
		if name, err := htmlindex.Name(enc); err != nil || name != "replacement" {
			return enc
		}
	}
	if enc, err := ianaindex.MIME.Encoding(charset); err == nil && enc != nil {
		return enc
	}
	if enc, err := ianaindex.IANA.Encoding(charset); err == nil {
		return enc // nil where the name is registered but not supported
	}
	return nil
}

func misspelt(charset string) string {
	switch charset {
	case "ansi", "x-ansi", "windows1252", "win-1252", "cp-1252":
		return "windows-1252"
	case "cp-850", "cp850", "ibm-850", "850", "dos-850":
		return "ibm850"
	case "cp-437", "cp437", "437":
		return "ibm437"
	case "ks_c_5601", "ks-c-5601-1987", "ksc5601":
		return "euc-kr"
	case "gb-2312", "cp936", "cp-936", "936":
		return "gbk"
	case "cp932", "cp-932", "shift-jis", "sjis", "x-sjis":
		return "shift_jis"
	}
	for _, prefix := range []string{"8859-", "iso8859-", "iso-8859_", "iso_8859-"} {
		if n, ok := strings.CutPrefix(charset, prefix); ok {
			return "iso-8859-" + n
		}
	}
	return ""
}
