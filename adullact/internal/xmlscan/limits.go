package xmlscan

import (
	"errors"
	"fmt"
)

// Limits bound what a document may make a Scanner hold. Zero means the default.
type Limits struct {
	Depth  int // elements within one another; 0: 256
	Text   int // bytes of one tag, or of one text that is asked for; 0: 1 MiB
	Memory int // bytes that one Tree takes, about; 0: 32 MiB
}

func (l Limits) effective() Limits {
	if l.Depth == 0 {
		l.Depth = 256
	}
	if l.Text == 0 {
		l.Text = 1 << 20
	}
	if l.Memory == 0 {
		l.Memory = 32 << 20
	}
	return l
}

// ErrDoctype is the error of a document with a document type declaration.
var ErrDoctype = errors.New("document type declaration")

// ErrTruncated is the error of a document that ends before its root element
// is closed, or has none.
var ErrTruncated = errors.New("cut off before its end")

// ErrTooLarge is wrapped by every *LimitError.
var ErrTooLarge = errors.New("over a limit")

// A LimitError tells which limit was exceeded.
type LimitError struct {
	Limit string // name of the field, such as "Depth"
	Max   int64
}

// Error names the limit and its value.
func (e *LimitError) Error() string { return fmt.Sprintf("over the limit %s of %d", e.Limit, e.Max) }

// Unwrap returns ErrTooLarge.
func (e *LimitError) Unwrap() error { return ErrTooLarge }

// A SyntaxError tells what is wrong with a document.
type SyntaxError struct {
	Offset int64 // in bytes, about
	Msg    string
}

// Error tells what is wrong and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("XML syntax at byte %d: %s", e.Offset, e.Msg)
}

// Defects are the faults of a document that did not keep it from being read.
type Defects uint

const (
	BadCharset  Defects = 1 << iota // bytes that its charset does not have, read as windows-1252
	BadRune                         // characters that XML forbids, read as U+FFFD
	BadEntity                       // an undefined entity, kept as it stands
	OddEncoding                     // declares a charset that is not known here
)
