package mime

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// decodeUTF7 returns text in UTF-7 (RFC 2152) as UTF-8. What is not UTF-7 in
// it is kept as it stands.
func decodeUTF7(raw []byte) string {
	var out strings.Builder
	for len(raw) > 0 {
		if raw[0] != '+' {
			out.WriteByte(raw[0] & 0x7f)
			raw = raw[1:]
			continue
		}
		n := 1
		for n < len(raw) && isBase64(raw[n]) {
			n++
		}
		out.WriteString(shifted(raw[1:n]))
		if n < len(raw) && raw[n] == '-' {
			n++
		}
		raw = raw[n:]
	}
	return out.String()
}

// shifted decodes what stands between "+" and "-": UTF-16 in base64 without
// padding. Nothing stands for "+" itself.
func shifted(s []byte) string {
	if len(s) == 0 {
		return "+"
	}
	b, err := base64.RawStdEncoding.DecodeString(string(s))
	if err != nil && len(b) == 0 {
		return "+" + string(s)
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	return string(utf16.Decode(units))
}
