package schedule

import (
	"errors"
	"fmt"
)

// ErrNeverFires marks a row whose columns are legal and that no date can ever
// match, such as 30 February.
var ErrNeverFires = errors.New("no date from 1970 to 2199 matches")

// A SyntaxError tells what is wrong with a row, and where.
type SyntaxError struct {
	Row     string // as it was given
	Column  string // "year", "month", "weekday", "day", "hour", "minute" or "second"; "" if the row as a whole is at fault
	Offset  int    // of Text in Row, in bytes
	Text    string // the part at fault
	Reason  string // what is wrong with it
	Allowed string // what may stand there
}

// Error names the column, the position, counted in bytes from 1, and what is
// allowed there. What comes from the row is quoted.
func (e *SyntaxError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("row %q: %s: allowed are %s", clip(e.Row), e.Reason, e.Allowed)
	}
	return fmt.Sprintf("row %q: %s column, position %d: %q %s: allowed are %s",
		clip(e.Row), e.Column, e.Offset+1, clip(e.Text), e.Reason, e.Allowed)
}

// clip shortens outside text for a message.
func clip(s string) string {
	const limit = 80
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}
