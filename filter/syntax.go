package filter

import (
	"fmt"
	"strings"
)

// A SyntaxError tells what is wrong with a pattern, and where.
type SyntaxError struct {
	Text   string // the pattern, or the line it stands in
	Line   int    // counted from 1; 0 if Text is not from Lines
	Column int    // the character of Text, counted from 1; 0: Text as a whole
	Reason string
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d, ", e.Line)
	}
	fmt.Fprintf(&b, "pattern %q", clip(e.Text))
	if e.Column > 0 {
		fmt.Fprintf(&b, ", character %d", e.Column)
	}
	return b.String() + ": " + e.Reason
}

// A fault is a SyntaxError that does not know yet in which text it stands. at
// counts characters from 0; below 0 it means the text as a whole.
type fault struct {
	at     int
	reason string
}

func (f *fault) Error() string { return f.reason }

func faultf(at int, format string, args ...any) error {
	return &fault{at, fmt.Sprintf(format, args...)}
}

// clip shortens text for a message.
func clip(s string) string {
	const most = 100
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
