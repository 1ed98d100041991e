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

// taker takes mails with UIDs below most. It does not read that with 4.
func (s *takings) taker(most uint32) *taker {
	return &taker{
		wants: func(uid uint32) bool { return uid < most },
		take: func(uid uint32, lit *literal) error {
			var b []byte
			var err error
			if uid != 4 {
				b, err = io.ReadAll(lit)
			}
			fmt.Fprintf(&s.log, "%d:%s ", uid, b)
			s.mails, s.bytes = s.mails+1, s.bytes+len(b)
			switch {
			case err == nil && uid != 4 && int64(len(b)) != lit.Size():
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
	long := strings.Repeat("x", ahead) // fills the buffer
	const flags = "* 3 FETCH (FLAGS () UID 3 BODY[] {2}\r\nhi)\r\n"
	tests := []struct {
		name, says string
		log        string // mails that came, and those that ended
		library    string
		err        string // why the session ended
	}{
		{"as nearly all do", first + second + "T1 OK done\r\n", "1:abc 1. 2:* 2\n 2. ", "T1 OK done\r\n", ""},
		{"one that is not read", "* 4 FETCH (UID 4 BODY[] {10}\r\n)\r\nT1 OK\r\n)\r\n" + first + "T1 OK x\r\n", "4: 4. 1:abc 1. ", "T1 OK x\r\n", ""},
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
		{"another literal announced as well", "* 1 FETCH (UID 1 BODY[] {3} {3}\r\nabc)\r\n", "", "* 1 FETCH (UID 1 BODY[] {3} {3}\r\nabc)\r\n", ""},
		{"a literal that is none", "* 1 FETCH (UID 1 BODY[] {3+}\r\nT1 OK x\r\n", "", "* 1 FETCH (UID 1 BODY[] {3+}\r\nT1 OK x\r\n", ""},
		{"lone line feeds", "* 1 FETCH (UID 1 BODY[] {3}\nabc)\nT1 OK x\n", "1:abc 1. ", "T1 OK x\r\n", ""},
		{"a blank at the end", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc) \r\nT1 OK x\r\n", "1:abc 1. ", "T1 OK x\r\n", ""},
		{"no UID, from then on", "* 1 FETCH (UID 4294967297 BODY[] {3}\r\nabc)\r\n" + first, "", "* 1 FETCH (UID 4294967297 BODY[] {3}\r\nabc)\r\n" + first, ""},
		{"the same twice", first + first + "T1 OK x\r\n", "1:abc 1. 1:abc 1. ", "T1 OK x\r\n", ""},
		{"news of a mail that nobody wants", "* 9 FETCH (UID 9 FLAGS (\\Seen))\r\n" + first, "1:abc ", "* 9 FETCH (UID 9 FLAGS (\\Seen))\r\n", ""},
		{"news of one that is wanted, from then on", "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n" + first, "", "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n" + first, ""},
		{"another UID further on, from then on", "* 9 FETCH (UID 9 uid 1 BODY[] {3}\r\nabc)\r\n" + second, "", "* 9 FETCH (UID 9 uid 1 BODY[] {3}\r\nabc)\r\n" + second, ""},
		{"another UID behind a literal, from then on", "* 9 FETCH (UID 9 ENVELOPE ({1}\r\nx) UID 1 BODY[] {3}\r\nabc)\r\n" + second, "", "* 9 FETCH (UID 9 ENVELOPE ({1}\r\nx) UID 1 BODY[] {3}\r\nabc)\r\n" + second, ""},
		{"more than a line before, from then on", "* 9 FETCH (UID 9 FLAGS (" + long + ") UID 1 BODY[] {3}\r\nabc)\r\n" + second, "", "* 9 FETCH (UID 9 FLAGS (" + long + ") UID 1 BODY[] {3}\r\nabc)\r\n" + second, ""},
		{"more than a line behind", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc" + long + " FLAGS (\\Seen))\r\n" + second, "1:abc ", "", "behind"},
		{"a line that goes on behind", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc FLAGS (" + long[10:] + ")) FLAGS ())\r\n" + second, "1:abc ", "", "behind"},
		{"no end", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc\r\nT1 OK x\r\n", "1:abc ", "", "behind"},
		{"the UID behind as well", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc UID 1 RFC822.SIZE 3 MODSEQ (7) INTERNALDATE \"1-Jan-2026 00:00:00 +0000\")\r\nT1 OK x\r\n", "1:abc 1. ", "T1 OK x\r\n", ""},
		{"another UID behind", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc UID 2)\r\nT1 OK x\r\n", "1:abc ", "", "behind"},
		{"a byte was lost before flags", "* 1 FETCH (UID 1 BODY[] {4}\r\nabc FLAGS (\\Seen))\r\nT1 OK x\r\n", "1:abc  ", "", "behind"},
		{"bytes were put in before words", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc see you)\r\nT1 OK x\r\n", "1:abc ", "", "behind"},
		{"a flag that is no list", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc FLAGS you)\r\nT1 OK x\r\n", "1:abc ", "", "behind"},
		{"what may be text follows", first + "\r\n+ 1\r\n* that\r\nand so on\r\n", "1:abc ", "", ""},
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

// TestArrivalsOfTwo: of two commands under way each gets its mails, and one has
// them taken while the library reads those of the other.
func TestArrivalsOfTwo(t *testing.T) {
	const odd = "* 1 FETCH (FLAGS () UID 1 BODY[] {1}\r\na)\r\n"
	const news = "* 1 FETCH (UID 1 FLAGS ())\r\n"
	mail := func(uid int) string {
		return fmt.Sprintf("* %d FETCH (UID %d BODY[] {1}\r\n%c)\r\n", uid, uid, 'a'+uid)
	}
	tests := []struct{ name, says, first, second, library string }{
		{"both", mail(1) + mail(7) + mail(2) + "T1 OK x\r\n" + mail(8) + "T2 OK x\r\n", "1:b 1. 2:c 2. ", "7:h 7. 8:i 8. ", "T1 OK x\r\nT2 OK x\r\n"},
		{"news of a mail of the first", mail(7) + news + mail(2) + mail(8) + "T2 OK x\r\n", "", "7:h 7. 8:i 8. ", news + mail(2) + "T2 OK x\r\n"},
		{"another form, of nobody knows which", mail(7) + odd + mail(2) + mail(8), "", "7:h 7. ", odd + mail(2) + mail(8)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var first, second takings
			one, two := first.taker(5), second.taker(0)
			two.wants = func(uid uint32) bool { return uid >= 5 }
			library, _ := through(t, []byte(test.says), one, two)
			if first.log.String() != test.first || second.log.String() != test.second || library != test.library {
				t.Errorf("first: %q, want %q\nsecond: %q, want %q\nlibrary sees %q, want %q",
					first.log.String(), test.first, second.log.String(), test.second, library, test.library)
			}
		})
	}
}

// TestReleased: a taker takes as long as it attends.
func TestReleased(t *testing.T) {
	var r responses
	var first, second takings
	release, items := r.attend(first.taker(5)), []byte("(UID 1 BODY[] {3}")
	defer r.attend(second.taker(3))()
	if a := r.arrival(items, true); a == nil || a.t != r.takers[0] || a.uid != 1 || a.size != 3 {
		t.Errorf("%s is %+v of the first, want mail 1 of 3 bytes", items, a)
	}
	release()
	if a := r.arrival(items, true); a == nil || a.t.wants(4) {
		t.Errorf("%s is %+v once the first is released, want the second's", items, a)
	}
}
