package custody

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxLine is the longest line that Verify reads: a parcel of some hundred
// thousand documents.
const maxLine = 64 << 20

// An AlteredError names the first line of an export that is not as it was
// written. Those before it are.
type AlteredError struct {
	Line int    // from 1
	ID   string // of the parcel in it, as far as it can be read
	Why  string
}

// Error names the line.
func (e *AlteredError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Why)
	}
	return fmt.Sprintf("line %d, parcel %q: %s", e.Line, e.ID, e.Why)
}

// Verify reads an export that follows the one with the head prev, or "" if it
// begins a chain, and returns what it comes to. The error is an *AlteredError
// if a line was changed, removed, added or moved, or if the end is missing, and
// otherwise that of reading. Compare the Head with the one that Export
// returned: only then nobody can have written all of it anew.
func Verify(r io.Reader, prev string) (Chain, error) {
	v := &verifier{prev: prev}
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := readLine(lines)
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return Chain{}, fmt.Errorf("line %d: %w", v.n+1, err)
		}
		if why := v.line(line); why != "" {
			return Chain{}, &AlteredError{Line: v.n + 1, ID: idIn(line), Why: why}
		}
		v.n++
	}
	if !v.ended {
		return Chain{}, &AlteredError{Line: v.n + 1, Why: "missing: the export ends before its last line"}
	}
	return Chain{Entries: v.n - 2, Head: v.prev, Time: v.time}, nil
}

var errTooLong = errors.New("longer than 64 MiB")

// readLine returns the next line with its line feed.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errTooLong
		case err != bufio.ErrBufferFull:
			return line, err
		}
	}
}

type verifier struct {
	n     int // lines verified
	prev  string
	time  time.Time
	ended bool
}

// line says what is wrong with the next line, or "".
func (v *verifier) line(line []byte) string {
	const hashed = `,"hash":"`
	at := len(line) - len(hashed) - 64 - len("\"}\n")
	if v.ended {
		return "stands after the end of the export"
	}
	if at < 0 || !bytes.HasPrefix(line[at:], []byte(hashed)) || !bytes.HasSuffix(line, []byte("\"}\n")) {
		return "does not end with a hash"
	}
	body, hash := line[:at], string(line[at+len(hashed):len(line)-3])
	if hashOf(body) != hash {
		return "does not have the hash that it says"
	}
	if !strings.HasPrefix(string(body), fmt.Sprintf(`{"n":%d,"prev":%q,`, v.n, v.prev)) {
		return "does not follow the line before it"
	}
	var fields struct {
		N       int
		Prev    string
		Custody *int
		Time    time.Time
		Entry   json.RawMessage
		End     *int
		Hash    string
	}
	if err := json.Unmarshal(line, &fields); err != nil {
		return "is not JSON"
	}
	switch {
	case v.n == 0 && (fields.Custody == nil || *fields.Custody != format):
		return "is not the first line of an export of this format"
	case v.n == 0:
		v.time = fields.Time
	case fields.End != nil && *fields.End != v.n-1:
		return fmt.Sprintf("ends an export of %d entries after %d", *fields.End, v.n-1)
	case fields.End != nil:
		v.ended = true
	case fields.Entry == nil:
		return "has no entry"
	}
	v.prev = hash
	return ""
}

// idIn returns the ID of the parcel in a line that may be damaged.
func idIn(line []byte) string {
	var fields struct{ Entry struct{ ID string } }
	json.Unmarshal(line, &fields)
	return fields.Entry.ID
}
