package mime

import "strings"

// describe sets what the header says of a part.
func (p *Part) describe(h Header, defaultType string) {
	p.Type = ParseValue(h.Get("content-type"))
	p.Disposition = ParseValue(h.Get("content-disposition"))
	p.ContentID = strings.Trim(Text(h.Get("content-id")), "<> ")
	p.Location = Text(h.Get("content-location"))
	p.Description = Text(h.Get("content-description"))
	p.setType(defaultType)
	p.setEncoding(h.Get("content-transfer-encoding"))
	if p.Type.Main == "message/partial" {
		p.Defects |= Fragment
	}
}

// setType decides what to go by where the declared type is none.
func (p *Part) setType(defaultType string) {
	if strings.ContainsFunc(p.Type.Main, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		p.Type.Main = "invalid"
	} else {
		p.Declared = p.Type.Main
	}
	switch major, minor, _ := strings.Cut(p.Type.Main, "/"); {
	case p.Type.Main == "":
		p.Type.Main = defaultType
	case major == "multipart" && minor == "":
		p.Type.Main = "multipart/mixed"
		p.Defects |= TypeInvalid
	case major == "" || minor == "":
		p.Type.Main = "text/plain" // RFC 2045, section 5.2
		p.Defects |= TypeInvalid
	}
}

func (p *Part) setEncoding(s string) {
	var known bool
	if p.Encoding, known = parseEncoding(s); !known {
		p.Defects |= EncodingUnknown
	}
}
