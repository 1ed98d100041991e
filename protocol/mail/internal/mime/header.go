package mime

import (
	"bytes"
	"slices"
	"strings"
)

// A Header holds those fields of a message that were asked for and are not
// blank, the first of each name, in the order in which they stand there.
type Header []Field

// A Field is a line of a header.
type Field struct {
	Name  string // lower case
	Value string // as sent, unfolded
}

// Get returns the value of the field of that name, which is given in lower
// case; "" if there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// lookAhead is how far a header is searched for a known field behind a line
// that is none, before that line is taken for the first of the body.
const lookAhead = 8 << 10

// describing are the fields that describe a part, each in the place that
// headerReader.described has for it.
var describing = [...]string{
	contentType: "content-type", contentEncoding: "content-transfer-encoding", contentDisposition: "content-disposition",
	contentID: "content-id", contentLocation: "content-location", contentDescription: "content-description",
}

const (
	contentType = iota
	contentEncoding
	contentDisposition
	contentID
	contentLocation
	contentDescription
)

// A headerReader gathers the fields of one header from its lines: those that
// describe a part, and those that were asked for.
type headerReader struct {
	asked     []string // names
	header    Header
	described [len(describing)]string

	text    strings.Builder // all values, which are substrings of it
	name    string          // of the field under way; "": there is none, or nobody asked for it
	start   int             // of its value in text
	size    int             // of the field under way, asked for or not
	some    bool            // there was a field
	junk    int64           // where the lines that are no fields begin; -1: there are none
	defects Defects
}

// add takes one line, which is neither blank nor a delimiter. It reports
// whether the header may go on.
func (h *headerReader) add(l line) bool {
	text := l.text
	switch {
	case !l.first && h.junk >= 0:
		return l.end-h.junk < lookAhead
	case !l.first: // the rest of a long line
		h.extend(text)
		return true
	case text[0] == ' ' || text[0] == '\t':
		if h.junk >= 0 {
			break
		}
		if !h.some {
			h.defects |= HeaderJunk
			return true
		}
		h.extend([]byte{' '})
		h.extend(bytes.TrimLeft(text, " \t"))
		return true
	case !h.some && h.junk < 0 && isMbox(text):
		return true
	}
	var buf [64]byte
	name := fieldName(buf[:0], text)
	if len(name) == 0 || h.junk >= 0 && !isKnown(string(name)) {
		if h.junk < 0 {
			h.junk = l.off
		}
		return l.end-h.junk < lookAhead
	}
	if h.junk >= 0 {
		h.defects |= HeaderJunk
		h.junk = -1
	}
	h.begin(name)
	h.extend(text[bytes.IndexByte(text, ':')+1:])
	return true
}

// extend adds to the field under way.
func (h *headerReader) extend(text []byte) {
	h.size += len(text)
	if h.name != "" {
		h.text.Write(text)
	}
}

// begin makes way for the next field.
func (h *headerReader) begin(name []byte) {
	h.finish()
	h.name, h.start, h.size, h.some = h.wanted(name), h.text.Len(), 0, true
}

// finish closes the field under way. A blank one counts as none.
func (h *headerReader) finish() {
	value := strings.TrimSpace(h.text.String()[h.start:])
	if h.name == "" || value == "" {
		return
	}
	if i := slices.Index(describing[:], h.name); i >= 0 {
		h.described[i] = value
	}
	if slices.Contains(h.asked, h.name) {
		h.header = append(h.header, Field{h.name, value})
	}
	h.name = ""
}

// wanted returns name if the value of such a field is still to be gathered,
// else "".
func (h *headerReader) wanted(name []byte) string {
	for i, wanted := range describing {
		if wanted == string(name) && h.described[i] == "" {
			return wanted
		}
	}
	for _, wanted := range h.asked {
		if wanted == string(name) && h.header.Get(wanted) == "" {
			return wanted
		}
	}
	return ""
}

// fieldName appends the name of the field on a line to buf, in lower case. It
// returns nothing if the line is no field. Blanks before the colon are let pass.
func fieldName(buf, text []byte) []byte {
	n := bytes.IndexByte(text, ':')
	if n <= 0 {
		return nil
	}
	for _, c := range bytes.TrimRight(text[:n], " \t") {
		switch {
		case c <= ' ' || c >= 0x7f:
			return nil
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		buf = append(buf, c)
	}
	return buf
}

// isMbox reports whether a line is the one that mailbox files put before a
// message.
func isMbox(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte(">"))
	return bytes.HasPrefix(text, []byte("From ")) && len(fieldName(nil, text)) == 0
}

// isKnown reports whether a field of that name belongs to mail beyond doubt.
func isKnown(name string) bool {
	for _, prefix := range []string{"content-", "x-", "resent-", "list-", "arc-", "authentication-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "message-id", "in-reply-to", "references",
		"mime-version", "received", "return-path", "delivered-to", "dkim-signature", "importance", "thread-topic", "thread-index":
		return true
	}
	return false
}
