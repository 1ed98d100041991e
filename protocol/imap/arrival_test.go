package imap

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A takings is what a taker has taken.
type takings struct {
	log                 strings.Builder
	mails, ended, bytes int
}

// taker takes mails with UIDs below most.
func (s *takings) taker(most uint32) *taker {
	return &taker{
		wants: func(uid uint32) bool { return uid < most },
		take: func(uid uint32, lit *literal) error {
			b, err := io.ReadAll(lit)
			fmt.Fprintf(&s.log, "%d:%s ", uid, b)
			s.mails, s.bytes = s.mails+1, s.bytes+len(b)
			switch {
			case err == nil && int64(len(b)) != lit.Size():
				err = errDesync
			case string(b) == "full":
				err = errFull
			}
			return err
		},
		ended: func(uid uint32) {
			fmt.Fprintf(&s.log, "%d. ", uid)
			s.ended++
		},
	}
}

var errFull = errors.New("no place")

// TestArrivals: a taker gets what is surely whole, and the library what is not of
// the common form.
func TestArrivals(t *testing.T) {
	const first = "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n"
	const second = "* 2 FETCH (UID 2 BODY[] {4}\r\n* 2\n)\r\n"
	const flags = "* 3 FETCH (FLAGS () UID 3 BODY[] {2}\r\nhi)\r\n"
	tests := []struct {
		name, says string
		log        string // mails that came, and those that ended
		library    string
		err        string // why the session ended
	}{
		{"as nearly all do", first + second + "T1 OK done\r\n", "1:abc 1. 2:* 2\n 2. ", "T1 OK done\r\n", ""},
		{"something else between", first + "* 3 EXISTS\r\n" + second, "1:abc 1. 2:* 2\n ", "* 3 EXISTS\r\n", ""},
		{"a refusal", first + "T1 NO that is all\r\n", "1:abc 1. ", "T1 NO that is all\r\n", ""},
		{"flags behind", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc FLAGS (\\Seen))\r\nT1 OK\r\n", "1:abc 1. ", "T1 OK - \r\n", ""},
		{"flags before, from then on", first + flags + second + "T1 OK x\r\n", "1:abc 1. ", flags + second + "T1 OK x\r\n", ""},
		{"not there", "* 1 FETCH (UID 1 BODY[] NIL)\r\n" + second, "", "* 1 FETCH (UID 1 BODY[] NIL)\r\n" + second, ""},
		{"a piece", "* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n", "", "* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n", ""},
		{"empty", "* 1 FETCH (UID 1 BODY[] {0}\r\n)\r\nT1 OK x\r\n", "1: 1. ", "T1 OK x\r\n", ""},
		{"a mail that nobody wants", "* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n" + first, "1:abc ", "* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n", ""},
		{"cut", "* 1 FETCH (UID 1 BODY[] {3}\r\nab", "1:ab ", "", "unexpected EOF"},
		{"cut behind the body", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc", "1:abc ", "", ""},
		{"cut behind the response", first, "1:abc ", "", ""},
		{"bytes were lost", "* 1 FETCH (UID 1 BODY[] {30}\r\nabc)\r\n* 2 FETCH (UID 2 BODY[] {20}\r\nd)\r\nT1 OK x\r\n", "1:abc)\r\n* 2 FETCH (UID 2 BODY[]  ", "", `said "{20}" behind`},
		{"bytes were put in", "* 1 FETCH (UID 1 BODY[] {3}\r\nabcd)\r\n" + second, "1:abc ", "", `said "d)" behind`},
		{"nothing that is a response follows", first + "HTTP/1.1 400\r\n", "1:abc ", "", ""},
		{"another literal behind", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc BODY[] {3}\r\nabc)\r\nT1 OK x\r\n", "1:abc ", "", "behind"},
		{"no place for it", "* 1 FETCH (UID 1 BODY[] {4}\r\nfull)\r\nT1 OK x\r\n", "1:full ", "", errFull.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got takings
			taker := got.taker(5)
			library, _ := through(t, []byte(test.says), taker)
			if got.log.String() != test.log || library != test.library {
				t.Errorf("came and ended: %q, want %q\nlibrary sees %q, want %q", got.log.String(), test.log, library, test.library)
			}
			if err := taker.end(); fmt.Sprint(err) != "<nil>" && test.err == "" || !strings.Contains(fmt.Sprint(err), test.err) {
				t.Errorf("ended the session with %v, want %q", err, test.err)
			}
		})
	}
}

// TestArrivesTooLate: a mail that comes when its command has ended is dropped.
func TestArrivesTooLate(t *testing.T) {
	var got takings
	taker := got.taker(5)
	if err := taker.end(); err != nil {
		t.Fatal(err)
	}
	library, _ := through(t, []byte("* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* 3 EXISTS\r\n"), taker)
	if got.log.Len() > 0 || library != "* 3 EXISTS\r\n" {
		t.Errorf("came and ended: %q, library sees %q, want nothing of the mail", got.log.String(), library)
	}
}
