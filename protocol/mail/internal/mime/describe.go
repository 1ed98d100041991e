package mime

import "strings"

// describe sets what the header says of a part.
func (p *Part) describe(described *[len(describing)]string, defaultType string) {
	p.Type = ParseValue(described[contentType])
	p.Disposition = ParseValue(described[contentDisposition])
	p.ContentID = strings.Trim(Text(described[contentID]), "<> ")
	p.Location = Text(described[contentLocation])
	p.Description = Text(described[contentDescription])
	p.setType(defaultType)
	p.setEncoding(described[contentEncoding])
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
