package mime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits bound what Parse takes on. Each number must be positive.
type Limits struct {
	Depth  int // multiparts and messages within one another
	Parts  int // parts of all kinds
	Header int // bytes of all headers together
	Line   int // bytes of one field, with its continuations

	Keep   bool     // leave messages inside the message whole
	Fields []string // fields of messages to keep in Part.Header, in lower case
}

// ErrLimit is wrapped by the errors of whatever exceeds a limit.
var ErrLimit = errors.New("limit exceeded")

// Parse reads the message that r holds in its first size bytes. It fails only
// with an error of r or one that wraps ErrLimit, and returns all the same what
// it had read by then, with the header if it got so far.
func (b *Buffers) Parse(r io.ReaderAt, size int64, limits Limits) (*Part, error) {
	p := &parser{scanner: b.scanner(r, size), limits: limits}
	defer b.giveScanner(p.scanner)
	for p.skipBlank() {
	}
	message := &Part{}
	p.part(message, "text/plain")
	if p.scanner.err != nil && p.err == nil {
		p.err = p.scanner.err
	}
	return message, p.err
}

// A parser goes through a message once. It knows the boundaries of all
// multiparts that are open, so that each line costs one look-up, and the
// delimiter of an outer multipart also ends those inside it.
type parser struct {
	*scanner
	limits Limits
	err    error // the limit that was exceeded
	open   map[string]int
	levels int // boundaries that are open
	depth  int
	parts  int
	header int   // bytes of headers so far
	closed int64 // where the last closing delimiter ends
}

// A delimiter is what ended a part: a line with a boundary, or the end.
type delimiter struct {
	level  int // of its multipart; 0: the end of the message
	closes bool
}

var end = delimiter{}

// part parses a part, or a message, to the delimiter after it.
func (p *parser) part(n *Part, defaultType string) delimiter {
	if p.parts++; p.parts > p.limits.Parts {
		return p.exceeds("parts", p.limits.Parts)
	}
	n.All.Off = p.pos()
	d, ended := p.head(n, defaultType)
	if p.failed() {
		return end
	}
	n.Body.Off = p.pos()
	switch {
	case ended:
		n.Body.Off = n.All.End
		n.Body.End = n.All.End
	case n.IsMultipart():
		d = p.multipart(n)
	case n.IsMessage() && n.Encoding == Identity && !p.limits.Keep:
		d = p.enclosed(n)
	default:
		d, n.Body.End = p.skip(n.Body.Off)
	}
	n.All.End = n.Body.End
	return d
}

// enclosed parses the message that is the body of n.
func (p *parser) enclosed(n *Part) delimiter {
	if p.depth++; p.depth > p.limits.Depth {
		return p.exceeds("parts within one another", p.limits.Depth)
	}
	defer func() { p.depth-- }()
	n.Message = &Part{up: n}
	d := p.part(n.Message, "text/plain")
	n.Body.End = n.Message.All.End
	return d
}

// multipart parses the parts of n.
func (p *parser) multipart(n *Part) delimiter {
	if p.depth++; p.depth > p.limits.Depth {
		return p.exceeds("parts within one another", p.limits.Depth)
	}
	defer func() { p.depth-- }()
	if n.Encoding != Identity {
		n.Defects |= EncodingOnContainer
		n.Encoding = Identity
	}
	boundary := strings.TrimRight(n.Type.Boundary, blanks)
	if boundary == "" {
		n.Defects |= BoundaryMissing
		boundary = p.guessBoundary()
	}
	if boundary == "" {
		d, stop := p.skip(n.Body.Off)
		n.Body.End = stop
		return d
	}
	o := p.push(boundary)
	defer p.pop(o)
	return p.children(n, o)
}

// An opened boundary is that of a multipart whose parts are being parsed.
type opened struct {
	boundary string
	level    int
	outer    int // level of an outer multipart with the same boundary; 0: none
}

func (p *parser) push(boundary string) opened {
	p.levels++
	o := opened{boundary, p.levels, p.open[boundary]}
	if p.open == nil {
		p.open = map[string]int{}
	}
	p.open[boundary] = o.level
	return o
}

func (p *parser) pop(o opened) {
	p.levels--
	p.yield(o)
}

// yield leaves the boundary to the outer multipart that has the same, if any.
func (p *parser) yield(o opened) {
	if o.outer > 0 {
		p.open[o.boundary] = o.outer
	} else {
		delete(p.open, o.boundary)
	}
}

// children parses the parts of the multipart n, and what stands before and
// behind them. Parts may follow behind its closing delimiter.
func (p *parser) children(n *Part, o opened) delimiter {
	defaultType := "text/plain"
	if n.Type.Main == "multipart/digest" {
		defaultType = "message/rfc822" // RFC 2046, section 5.1.5
	}
	d, stop := p.skip(n.Body.Off)
	closed := false
	for d.level == o.level && !p.failed() {
		if d.closes {
			closed = true
			if o.outer > 0 {
				p.yield(o)
			}
			d, stop = p.skip(p.closed)
			continue
		}
		if closed {
			n.Defects |= BoundaryReopened
			closed = false
		}
		if n.Parts == nil {
			n.Parts = make([]*Part, 0, 2) // as most have
		}
		child := &Part{up: n, number: len(n.Parts) + 1}
		n.Parts = append(n.Parts, child)
		d = p.part(child, defaultType)
		stop = child.All.End
	}
	n.Body.End = stop
	switch {
	case len(n.Parts) == 0:
		n.Defects |= BoundaryUnused
	case !closed:
		n.Defects |= BoundaryUnclosed
	}
	return d
}

// skip reads to the next delimiter. It returns where what stands before it
// ends, without the line end that belongs to the delimiter; stop, if the
// delimiter follows at once.
func (p *parser) skip(stop int64) (delimiter, int64) {
	for {
		if ahead, ok := p.leap(); ok {
			stop = ahead
		}
		l, ok := p.next()
		if !ok {
			return end, p.pos()
		}
		if d, ok := p.delimiter(l); ok {
			return d, stop
		}
		stop = l.stop()
	}
}

// delimiter reports whether a line holds a boundary that is open.
func (p *parser) delimiter(l line) (delimiter, bool) {
	text := l.text
	if len(text) < 3 || text[0] != '-' || text[1] != '-' || p.levels == 0 || !l.first {
		return delimiter{}, false
	}
	text = bytes.TrimRight(text[2:], " \t\r")
	if level, ok := p.open[string(text)]; ok {
		return delimiter{level: level}, true
	}
	text, ok := bytes.CutSuffix(text, []byte("--"))
	if !ok {
		return delimiter{}, false
	}
	level, ok := p.open[string(text)]
	p.closed = l.stop()
	return delimiter{level: level, closes: true}, ok
}

// guessBoundary returns the boundary of the first line ahead that looks like a
// delimiter, and goes back; "" if there is none in the next scanSize bytes.
func (p *parser) guessBoundary() string {
	start := p.pos()
	defer p.seek(start)
	for {
		l, ok := p.next()
		if !ok || l.end-start > scanSize {
			return ""
		}
		if _, ok := p.delimiter(l); ok {
			return ""
		}
		name := string(bytes.TrimRight(l.text, " \t"))
		if len(name) > 4 && len(name) < 80 && strings.HasPrefix(name, "--") && !strings.ContainsAny(name, " \t") {
			return name[2:]
		}
	}
}

// skipBlank skips a line of blanks and reports whether there was one.
func (p *parser) skipBlank() bool {
	start := p.pos()
	l, ok := p.next()
	if ok && l.whole && l.first && l.end < p.size && len(bytes.TrimSpace(l.text)) == 0 {
		return true
	}
	p.seek(start)
	return false
}

// head reads the header of n and describes n by it. ended tells that a
// delimiter, or the end, came before any body.
func (p *parser) head(n *Part, defaultType string) (d delimiter, ended bool) {
	r := headerReader{junk: -1}
	if n.number == 0 {
		r.asked = p.limits.Fields
		r.header = make(Header, 0, min(8, len(r.asked)))
		r.text.Grow(384) // as much as most take
	} else {
		r.text.Grow(96)
	}
	if d, ended = p.readHeader(n, &r); p.failed() {
		return d, ended
	}
	r.finish()
	n.describe(&r.described, defaultType)
	if n.number == 0 {
		n.Header = r.header
		if !r.some {
			n.Defects |= HeaderMissing
		}
	}
	return d, ended
}

// readHeader reads a header and the blank line after it.
func (p *parser) readHeader(n *Part, r *headerReader) (d delimiter, ended bool) {
	stop := p.pos()
	for {
		l, ok := p.next()
		if !ok {
			ended = r.junk < 0
			n.All.End = p.pos()
			break
		}
		if d, ended = p.delimiter(l); ended {
			n.All.End = stop
			break
		}
		if l.first && l.whole && len(l.text) == 0 || !r.add(l) {
			break
		}
		stop = l.stop()
		if r.junk < 0 {
			p.header += int(l.end - l.off)
		}
		if p.header > p.limits.Header {
			return p.exceeds("bytes of headers", p.limits.Header), true
		}
		if r.size > p.limits.Line {
			return p.exceeds("bytes of a header field", p.limits.Line), true
		}
	}
	n.Defects |= r.defects
	if r.junk >= 0 { // the lines that are no fields are the body
		n.Defects |= HeaderUnseparated
		p.seek(r.junk)
		return end, false
	}
	return d, ended
}

func (p *parser) failed() bool { return p.err != nil || p.scanner.err != nil }

// exceeds notes that a limit was exceeded, which ends the parsing.
func (p *parser) exceeds(what string, limit int) delimiter {
	if p.err == nil {
		p.err = fmt.Errorf("more than %d %s: %w", limit, what, ErrLimit)
	}
	return end
}
