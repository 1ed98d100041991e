package mail

import (
	"errors"
	"fmt"
	"time"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// Limits bound what one message may cost. A message that exceeds one is not
// taken apart; [Source.Strict] says what becomes of it. Every field that is
// zero means its default; a negative one is an error of Poll.
//
// No limit is needed on the length of lines in bodies: they are never held in
// memory.
type Limits struct {
	Depth  int           // multiparts and mails within one another; 0: 100
	Parts  int           // parts of all kinds, files in winmail.dat and uuencoded ones included; 0: 10,000
	Header int           // bytes of all headers together, those of the parts included; 0: 8 MiB
	Line   int           // bytes of one header field with its continuations; 0: 256 KiB
	Size   int64         // bytes of all documents together, decoded; 0: 4 GiB
	Time   time.Duration // taking apart, without the download; 0: 1 minute
}

// ErrLimit is wrapped by the error with which a message that exceeds one of
// the Limits is rejected.
var ErrLimit = mime.ErrLimit

// effective returns l with defaults in place of zeroes.
func (l Limits) effective() Limits {
	if l.Depth == 0 {
		l.Depth = 100
	}
	if l.Parts == 0 {
		l.Parts = 10_000
	}
	if l.Header == 0 {
		l.Header = 8 << 20
	}
	if l.Line == 0 {
		l.Line = 256 << 10
	}
	if l.Size == 0 {
		l.Size = 4 << 30
	}
	if l.Time == 0 {
		l.Time = time.Minute
	}
	return l
}

// validate returns all faults, joined.
func (l Limits) validate() error {
	var faults []error
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Depth", int64(l.Depth)}, {"Parts", int64(l.Parts)}, {"Header", int64(l.Header)},
		{"Line", int64(l.Line)}, {"Size", l.Size}, {"Time", int64(l.Time)},
	} {
		if f.value < 0 {
			faults = append(faults, fmt.Errorf("mail limit %s is negative", f.name))
		}
	}
	return errors.Join(faults...)
}
