package mime

import (
	"bytes"
	"strings"
)

// A Header holds the fields of a message or part in the order in which they
// stand there.
type Header []Field

// A Field is a line of a header.
type Field struct {
	Name  string // lower case
	Value string // as sent, unfolded
}

// Get returns the value of the first field of that name, which is given in
// lower case, that is not blank; "" if there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if f.Name == name && f.Value != "" {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a field of that name, also a blank one.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if f.Name == name {
			return true
		}
	}
	return false
}

// lookAhead is how far a header is searched for a known field behind a line
// that is none, before that line is taken for the first of the body.
const lookAhead = 8 << 10

// A headerReader gathers the lines of one header after another.
type headerReader struct {
	fields  Header // used again for the next header
	value   []byte // of the last field, as far as read
	junk    int64  // where the lines that are no fields begin; -1: there are none
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
		h.value = append(h.value, text...)
		return true
	case text[0] == ' ' || text[0] == '\t':
		if h.junk >= 0 {
			break
		}
		if len(h.fields) == 0 {
			h.defects |= HeaderJunk
			return true
		}
		h.value = append(append(h.value, ' '), bytes.TrimLeft(text, " \t")...)
		return true
	case len(h.fields) == 0 && h.junk < 0 && isMbox(text):
		return true
	}
	name := fieldName(text)
	if name == "" || h.junk >= 0 && !isKnown(name) {
		if h.junk < 0 {
			h.junk = l.off
		}
		return l.end-h.junk < lookAhead
	}
	if h.junk >= 0 {
		h.defects |= HeaderJunk
		h.junk = -1
	}
	h.finish()
	h.fields = append(h.fields, Field{Name: name})
	h.value = append(h.value[:0], text[bytes.IndexByte(text, ':')+1:]...)
	return true
}

// begin makes ready for the next header.
func (h *headerReader) begin() {
	clear(h.fields)
	*h = headerReader{fields: h.fields[:0], value: h.value[:0], junk: -1}
}

// finish closes the field under way.
func (h *headerReader) finish() {
	if n := len(h.fields); n > 0 {
		h.fields[n-1].Value = string(bytes.TrimSpace(h.value))
	}
	h.value = h.value[:0]
}

// fieldName returns the name of the field on a line, in lower case; "" if the
// line is no field. Blanks before the colon are let pass.
func fieldName(text []byte) string {
	n := bytes.IndexByte(text, ':')
	if n <= 0 {
		return ""
	}
	var lower [32]byte
	name := append(lower[:0], bytes.TrimRight(text[:n], " \t")...)
	for i, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
		if 'A' <= c && c <= 'Z' {
			name[i] = c - 'A' + 'a'
		}
	}
	if known, ok := common[string(name)]; ok {
		return known
	}
	return string(name)
}

// common holds the names that most fields have, so that each exists once.
var common = newCommon()

func newCommon() map[string]string {
	names := map[string]string{}
	for _, name := range []string{"content-type", "content-transfer-encoding", "content-disposition", "content-id",
		"content-description", "content-location", "content-length", "content-language", "received", "from", "to", "cc",
		"subject", "date", "sender", "reply-to", "message-id", "in-reply-to", "references", "mime-version",
		"return-path", "delivered-to", "dkim-signature", "authentication-results", "received-spf", "list-id",
		"list-unsubscribe", "precedence", "errors-to", "x-mailer", "user-agent", "x-priority", "status", "x-status"} {
		names[name] = name
	}
	return names
}

// isMbox reports whether a line is the one that mailbox files put before a
// message.
func isMbox(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte(">"))
	return bytes.HasPrefix(text, []byte("From ")) && fieldName(text) == ""
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
