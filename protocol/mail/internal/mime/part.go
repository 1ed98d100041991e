// Package mime takes messages apart as they come, not as they should: it
// follows RFC 5322 and RFC 2045 to 2049 where a message does, keeps what can be
// kept where it does not, and says as data what was wrong.
//
// Parse reads a message once, through a small window, and yields a tree whose
// leaves are ranges of bytes. What it costs is linear in the size of the
// message, whatever its nesting, and what it holds is bounded by Limits.
//
//	var buffers mime.Buffers // shared by all messages
//	message, err := buffers.Parse(file, size, limits)
//	for part := range message.Walk() {
//		body := buffers.NewReader(part.Encoding, file, part.Body)
//		defer buffers.GiveBack(body)
//		…
//	}
package mime

import (
	"cmp"
	"io"
	"iter"
	"strconv"
	"strings"
)

// A Part is a message, or a part of one.
type Part struct {
	Header      Header   // of a message, as far as Limits.Fields asks for it; nil for its parts
	Type        Value    // Content-Type; Main is what to go by: never empty, "text/plain" by default
	Declared    string   // the media type as it stands there, lower case; "" if none does
	Disposition Value    // Content-Disposition
	Encoding    Encoding // of a leaf
	ContentID   string   // without its angle brackets
	Location    string   // Content-Location
	Description string   // Content-Description, decoded
	Defects     Defects  // found while parsing

	All     Range   // header and body
	Body    Range   // of a leaf: its body, still encoded
	Parts   []*Part // of a multipart
	Message *Part   // of a message/rfc822 that was descended into

	up     *Part // the multipart, or the message/rfc822, that it is in
	number int   // in the multipart, from 1; 0 for a message
}

// Path is the number of the part as in IMAP (RFC 3501, section 6.4.5), such as
// "2.1". A message that is a multipart has none of its own: its path is that of
// the part that holds the message, "" for the outermost. The body of any other
// message has the number 1 in it.
func (p *Part) Path() string {
	var buf [32]byte
	return string(p.appendPath(buf[:0]))
}

func (p *Part) appendPath(path []byte) []byte {
	if p == nil {
		return path
	}
	path = p.up.appendPath(path)
	if p.number == 0 && p.IsMultipart() {
		return path
	}
	if len(path) > 0 {
		path = append(path, '.')
	}
	return strconv.AppendInt(path, int64(max(p.number, 1)), 10)
}

// A Range is a range of bytes of what was parsed.
type Range struct{ Off, End int64 }

// Size is the number of bytes in the range.
func (r Range) Size() int64 { return r.End - r.Off }

// Reader returns a reader of the range.
func (r Range) Reader(from io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(from, r.Off, r.Size())
}

// IsMultipart reports whether the part declares itself a multipart.
func (p *Part) IsMultipart() bool { return strings.HasPrefix(p.Type.Main, "multipart/") }

// IsMessage reports whether the part declares itself a whole message.
func (p *Part) IsMessage() bool {
	return p.Type.Main == "message/rfc822" || p.Type.Main == "message/global"
}

// FileName returns the name that the part was sent with, decoded, else "".
func (p *Part) FileName() string {
	return cmp.Or(p.Disposition.FileName, p.Type.Name, p.Disposition.Name, p.Type.FileName)
}

// Walk returns p and every part below it, each before its parts.
func (p *Part) Walk() iter.Seq[*Part] {
	return func(yield func(*Part) bool) { p.walk(yield) }
}

func (p *Part) walk(yield func(*Part) bool) bool {
	if !yield(p) {
		return false
	}
	for _, child := range p.Parts {
		if !child.walk(yield) {
			return false
		}
	}
	return p.Message == nil || p.Message.walk(yield)
}
