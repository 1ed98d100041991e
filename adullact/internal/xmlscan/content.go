package xmlscan

import (
	"bytes"
	"io"
)

// Text returns the character data up to the next tag. It fails with a
// *LimitError if that is longer than Limits.Text. To be called after Start.
func (s *Scanner) Text() (string, error) {
	var text []byte
	for s.event == Start && !s.empty {
		run, err := s.run()
		if err != nil {
			return "", s.truncated(err)
		}
		if run == nil {
			break
		}
		if len(text)+len(run) > s.limits.Text {
			return "", &LimitError{"Text", int64(s.limits.Text)}
		}
		if s.decoded {
			text = append(text, run...)
		} else {
			text = s.charset.append(text, run)
		}
	}
	return finish(text, &s.defects), nil
}

// Content returns the character data up to the next tag as a stream of the
// bytes in the document. What is not read of it is passed over by Next. To be
// called after Start.
func (s *Scanner) Content() *Content {
	c := &Content{s: s, From: s.Offset()}
	if s.event != Start || s.empty {
		c.s = nil
	}
	return c
}

// A Content is the character data of an element.
type Content struct {
	From, To int64 // where it lies; To is set once Read returned io.EOF

	s    *Scanner
	rest []byte
}

// Read implements [io.Reader].
func (c *Content) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.rest) == 0 {
		if c.s == nil {
			c.To = max(c.To, c.From)
			return 0, io.EOF
		}
		run, err := c.s.run()
		if err != nil {
			return 0, c.s.truncated(err)
		}
		if run == nil {
			c.To = c.s.Offset()
			c.s = nil
			return 0, io.EOF
		}
		c.rest = run
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Fragment returns the character data in r, a part of what Plain returned:
// what Content yielded between From and To.
func Fragment(r io.Reader) io.Reader {
	s := New(nil, Limits{})
	s.begun = true
	s.event = Start
	s.window = newWindow(io.MultiReader(r, newEnd()), s.limits.Text)
	return s.Content()
}

// newEnd returns a tag, for a Fragment to end at.
func newEnd() io.Reader { return &endTag{"</x>"} }

type endTag struct{ text string }

func (e *endTag) Read(p []byte) (int, error) {
	if e.text == "" {
		return 0, io.EOF
	}
	n := copy(p, e.text)
	e.text = e.text[n:]
	return n, nil
}

// Range returns the character data between two offsets of a document: what
// Content yielded between From and To. It goes there at once if r is an
// [io.ReaderAt].
func Range(r io.Reader, from, to int64) (io.Reader, error) {
	if at, ok := r.(io.ReaderAt); ok {
		var head [3]byte
		n, _ := at.ReadAt(head[:], 0)
		_, changed, err := Plain(bytes.NewReader(head[:n]))
		if err != nil {
			return nil, err
		}
		if string(head[:n]) == mark {
			from, to, changed = from+int64(n), to+int64(n), false
		}
		if !changed {
			return Fragment(io.NewSectionReader(at, from, to-from)), nil
		}
	}
	r, _, err := Plain(r)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, r, from); err != nil {
		return nil, err
	}
	return Fragment(io.LimitReader(r, to-from)), nil
}
