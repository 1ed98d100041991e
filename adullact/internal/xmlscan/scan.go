package xmlscan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An Event is what Next came to.
type Event int

const (
	Start Event = iota + 1 // of an element
	End                    // of an element
)

// A Scanner reads one document. It is for one goroutine.
type Scanner struct {
	src    io.Reader
	window window
	limits Limits

	begun   bool
	fixed   bool // the charset is known from the first bytes
	charset charset
	defects Defects

	event   Event
	name    string // of the element that the last event is about
	attrs   []attr
	empty   bool     // the element is closed by its own tag: an End follows
	open    []string // elements around, qualified names
	names   map[string]string
	inCDATA bool
	closed  bool
	scratch []byte
	decoded bool // the last run was a reference, and so is UTF-8
}

// An attr points into the window: it is gone with the next event.
type attr struct{ name, value []byte }

// New returns a Scanner of what r yields.
func New(r io.Reader, l Limits) *Scanner {
	return &Scanner{src: r, limits: l.effective(), names: map[string]string{}}
}

// Defects returns what was tolerated so far.
func (s *Scanner) Defects() Defects { return s.defects }

// Offset returns how many bytes of the document were read so far, not counting
// a byte order mark.
func (s *Scanner) Offset() int64 { return s.window.offset() }

// Depth returns how many elements are open.
func (s *Scanner) Depth() int { return len(s.open) }

// Skip goes on to the end of the element that just started.
func (s *Scanner) Skip() error {
	for depth := len(s.open); ; {
		event, err := s.Next()
		if err != nil || event == End && len(s.open) < depth {
			return err
		}
	}
}

// Name returns the local name of the element of the last event.
func (s *Scanner) Name() string { return s.name[strings.LastIndexByte(s.name, ':')+1:] }

// Next goes on to the next tag. It returns io.EOF after the root element.
func (s *Scanner) Next() (Event, error) {
	if !s.begun {
		if err := s.begin(); err != nil {
			return 0, err
		}
	}
	s.attrs = s.attrs[:0]
	if s.empty {
		s.empty = false
		return s.end()
	}
	if s.closed {
		return 0, io.EOF
	}
	for {
		run, err := s.run()
		if err != nil {
			return 0, s.truncated(err)
		}
		if run == nil {
			return s.tag()
		}
	}
}

// begin finds out about the charset.
func (s *Scanner) begin() error {
	s.begun = true
	r, changed, err := Plain(s.src)
	if err != nil {
		return err
	}
	s.fixed = changed
	s.window = newWindow(r, s.limits.Text)
	return nil
}

func (s *Scanner) truncated(err error) error {
	if err != io.EOF {
		return err
	}
	if len(s.open) > 0 {
		return fmt.Errorf("byte %d, inside <%s>: %w", s.Offset(), s.open[len(s.open)-1], ErrTruncated)
	}
	return fmt.Errorf("byte %d, without a root element: %w", s.Offset(), ErrTruncated)
}

func (s *Scanner) syntax(format string, args ...any) error {
	return &SyntaxError{s.Offset(), fmt.Sprintf(format, args...)}
}

// run returns the next piece of character data, valid until the next call; nil
// if a tag is next. Comments and processing instructions are passed over, and
// references resolved. The error is io.EOF at the end of the document.
func (s *Scanner) run() ([]byte, error) {
	s.decoded = false
	for {
		if s.inCDATA {
			if piece, err := s.cdata(); piece != nil || err != nil {
				return piece, err
			}
			continue
		}
		piece, mark, err := s.window.text()
		if err != nil || len(piece) > 0 {
			return piece, err
		}
		if mark == '&' {
			return s.reference()
		}
		kind, err := s.markup()
		if err != nil || kind == isTag {
			return nil, err
		}
	}
}

type markup int

const (
	isTag markup = iota
	isPassed
)

// markup looks at what begins with "<", and passes over what is no tag.
func (s *Scanner) markup() (markup, error) {
	b, err := s.window.peek(2)
	if err != nil {
		return 0, err
	}
	switch b[1] {
	case '?':
		return isPassed, s.instruction()
	case '!':
	default:
		return isTag, nil
	}
	if b, err = s.window.peek(4); err != nil {
		return 0, err
	}
	if string(b) == "<!--" {
		s.window.skip(4)
		return isPassed, s.window.skipTo("-->")
	}
	const cdata = "<![CDATA["
	switch b := s.window.atMost(len(cdata)); {
	case string(b) == cdata:
		s.window.skip(len(b))
		s.inCDATA = true
		return isPassed, nil
	case strings.HasPrefix(cdata, string(b)):
		return 0, io.EOF
	}
	return 0, fmt.Errorf("byte %d: %w", s.Offset(), ErrDoctype)
}

// cdata returns the next piece of a CDATA section; nil at its end.
func (s *Scanner) cdata() ([]byte, error) {
	piece, found, err := s.window.upTo("]]>")
	if err != nil {
		return nil, err
	}
	if found {
		s.inCDATA = false
	}
	if len(piece) == 0 {
		return nil, nil
	}
	return piece, nil
}

// instruction passes over a processing instruction. One that declares the
// charset is heeded.
func (s *Scanner) instruction() error {
	b, err := s.window.peek(len("<?xml "))
	if err != nil || !bytes.HasPrefix(b, []byte("<?xml")) || !isBlank(b[5]) || len(s.open) > 0 {
		return s.window.skipTo("?>")
	}
	if s.fixed {
		return s.window.skipTo("?>")
	}
	s.fixed = true
	c, known := charsetOf(pseudo(s.declaration(), "encoding"))
	if !known {
		s.defects |= OddEncoding
	}
	s.charset = c
	return s.window.skipTo("?>")
}

// declaration returns the XML declaration at the window's start.
func (s *Scanner) declaration() string {
	const longest = 1 << 10
	b := s.window.atMost(longest)
	text, _, _ := bytes.Cut(b, []byte("?>"))
	return string(text)
}

// pseudo returns an attribute of an XML declaration.
func pseudo(text, name string) string {
	_, text, _ = strings.Cut(text, name)
	text = strings.TrimLeft(text, " \t\r\n")
	text, ok := strings.CutPrefix(text, "=")
	text = strings.TrimLeft(text, " \t\r\n")
	if !ok || text == "" || text[0] != '"' && text[0] != '\'' {
		return ""
	}
	value, _, _ := strings.Cut(text[1:], text[:1])
	return value
}

// tag reads a tag.
func (s *Scanner) tag() (Event, error) {
	b, err := s.window.tag()
	if err == errTagTooLong {
		return 0, &LimitError{"Text", int64(s.limits.Text)}
	}
	if err != nil {
		return 0, s.truncated(err)
	}
	if len(b) > s.limits.Text {
		return 0, &LimitError{"Text", int64(s.limits.Text)}
	}
	if b[0] == '/' {
		name := bytes.TrimRight(b[1:], " \t\r\n")
		if len(s.open) == 0 || string(name) != s.open[len(s.open)-1] {
			return 0, s.syntax("</%.100q> closes nothing", name)
		}
		return s.end()
	}
	return s.start(b)
}

func (s *Scanner) end() (Event, error) {
	s.name = s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.closed = len(s.open) == 0
	s.event = End
	return End, nil
}

// start reads a start tag, without its angle brackets.
func (s *Scanner) start(b []byte) (Event, error) {
	if n := len(b) - 1; n > 0 && b[n] == '/' {
		s.empty = true
		b = b[:n]
	}
	n := 0
	for n < len(b) && !isBlank(b[n]) {
		n++
	}
	if n == 0 || !isNameStart(b[0]) {
		return 0, s.syntax("no name in <%.100q>", b)
	}
	if len(s.open) == s.limits.Depth {
		return 0, &LimitError{"Depth", int64(s.limits.Depth)}
	}
	if err := s.attributes(b[n:]); err != nil {
		return 0, err
	}
	s.name = s.intern(b[:n])
	s.open = append(s.open, s.name)
	s.event = Start
	return Start, nil
}

// attributes splits what follows the name in a tag.
func (s *Scanner) attributes(b []byte) error {
	for {
		b = trimBlanks(b)
		if len(b) == 0 {
			return nil
		}
		i := bytes.IndexByte(b, '=')
		if i <= 0 {
			return s.syntax("attribute without a value: %.100q", b)
		}
		name := bytes.TrimRight(b[:i], " \t\r\n")
		b = trimBlanks(b[i+1:])
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			return s.syntax("attribute %.100q without quotes", name)
		}
		i = bytes.IndexByte(b[1:], b[0])
		if i < 0 {
			return s.syntax("attribute %.100q without an end", name)
		}
		s.attrs = append(s.attrs, attr{name, b[1 : 1+i]})
		b = b[i+2:]
	}
}

// maxNames bounds how many names are kept to be used again.
const maxNames = 4096

func (s *Scanner) intern(b []byte) string {
	if name, ok := s.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if len(s.names) < maxNames {
		s.names[name] = name
	}
	return name
}

// Attr returns the value of the attribute with a local name; "" if there is
// none. It is to be asked before the next call of another method.
func (s *Scanner) Attr(local string) string {
	for _, a := range s.attrs {
		name := a.name
		if i := bytes.LastIndexByte(name, ':'); i >= 0 {
			if string(name[:i]) == "xmlns" {
				continue
			}
			name = name[i+1:]
		}
		if string(name) == local {
			return s.value(a.value)
		}
	}
	return ""
}

// eachAttr calls fn for the attributes that are no namespace declarations.
func (s *Scanner) eachAttr(fn func(name, value string)) {
	for _, a := range s.attrs {
		name := string(a.name)
		if name == "xmlns" || strings.HasPrefix(name, "xmlns:") {
			continue
		}
		fn(name[strings.LastIndexByte(name, ':')+1:], s.value(a.value))
	}
}

// Namespace returns the namespace of the element that just started, as far as
// its own tag declares it.
func (s *Scanner) Namespace() string {
	want := "xmlns"
	if prefix, _, ok := strings.Cut(s.name, ":"); ok {
		want = "xmlns:" + prefix
	}
	i := slices.IndexFunc(s.attrs, func(a attr) bool { return string(a.name) == want })
	if i < 0 {
		return ""
	}
	return s.value(s.attrs[i].value)
}

// value decodes the value of an attribute. Line breaks become blanks, unless
// they are references.
func (s *Scanner) value(raw []byte) string {
	text := s.scratch[:0]
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			i = len(raw)
		}
		from := len(text)
		text = s.charset.append(text, raw[:i])
		for j := from; j < len(text); j++ {
			if isBlank(text[j]) {
				text[j] = ' '
			}
		}
		raw = raw[i:]
		if len(raw) > 0 {
			var n int
			text, n = s.resolve(text, raw)
			raw = raw[n:]
		}
	}
	s.scratch = text
	return finish(text, &s.defects)
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	return b
}

func isNameStart(b byte) bool {
	return b >= 0x80 || b == '_' || b == ':' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
