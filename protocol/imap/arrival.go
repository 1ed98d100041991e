package imap

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	goimap "github.com/emersion/go-imap/v2"
)

// A taker takes the mails that a FETCH asked for as they arrive, without the
// library, which has each wait twice for another goroutine. It does so as long as
// the server answers as nearly all do, with the UID first and nothing besides but
// the body. From the first other response on the library reads them.
type taker struct {
	wants func(uid uint32) bool
	take  func(uid uint32, lit *literal) error // as for session.bodies
	ended func(uid uint32)                     // as for session.bodies

	mu    sync.Mutex // held while one of these is called
	over  bool       // none is called any more
	other bool       // the library reads what comes
	err   error      // why the session was ended
}

// attend has t take mails, in the goroutine that reads from the connection, until
// release is called.
func (r *responses) attend(t *taker) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takers = append(r.takers, t)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.takers = slices.DeleteFunc(r.takers, func(o *taker) bool { return o == t })
	}
}

// end has nothing taken any more, once what is being taken has been, and returns
// why the session was ended; nil if it was not for t.
func (t *taker) end() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	return t.err
}

// An arrival is a mail that a taker takes, or would if it was not over. It reads
// the literal, which is next on the connection.
type arrival struct {
	r    *responses
	t    *taker
	uid  uint32
	size int64
	lit  literal
}

var _ goimap.LiteralReader = (*arrival)(nil)

// Size implements LiteralReader.
func (a *arrival) Size() int64 { return a.size }

// Read implements LiteralReader.
func (a *arrival) Read(p []byte) (int, error) {
	if a.r.literal == 0 {
		return 0, io.EOF
	}
	return a.r.body(p)
}

// arrival returns the mail whose literal follows these items of a FETCH response;
// nil if the library is to read it. whole tells whether these are all before it.
func (r *responses) arrival(items []byte, whole bool) *arrival {
	rest, first := bytes.CutPrefix(items, []byte("(UID "))
	number, rest, _ := bytes.Cut(rest, []byte(" "))
	uid, err := strconv.ParseUint(string(number), 10, 32)
	known := whole && first && err == nil
	size := bodySize(rest)
	if size < 0 && (bytes.IndexByte(rest, '{') >= 0 || bytes.Contains(bytes.ToUpper(rest), []byte("UID"))) {
		known = false // the library may find another further on
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.takers {
		if known && !t.wants(uint32(uid)) {
			continue
		}
		t.mu.Lock()
		t.other = t.other || !known || size < 0 // it may be for t
		other := t.other
		t.mu.Unlock()
		if !other {
			return &arrival{r: r, t: t, uid: uint32(uid), size: size}
		}
	}
	return nil
}

// bodySize returns the size of the body that alone is announced; -1 if it is not.
func bodySize(items []byte) int64 {
	number, body := bytes.CutPrefix(items, []byte("BODY[] {"))
	number, announced := bytes.CutSuffix(number, []byte("}"))
	n, err := strconv.ParseUint(string(number), 10, 63)
	if !body || !announced || err != nil {
		return -1
	}
	return int64(n)
}

// take takes the mail whose literal is next. What is not read of it is dropped.
func (r *responses) take(a *arrival) error {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	if a.t.over {
		return nil
	}
	a.lit.LiteralReader = a
	return r.fail(a, a.t.take(a.uid, &a.lit))
}

// leave takes the line behind the literal of a mail. Bytes that were lost on the
// way, or put in, show there.
func (r *responses) leave(a *arrival, line []byte) error {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	rest, whole := bytes.CutSuffix(line, []byte("\n"))
	rest, ended := bytes.CutSuffix(bytes.TrimRight(rest, "\r "), []byte(")"))
	ok := whole && ended
	for ok && len(rest) > 0 {
		var name, value []byte
		if ok = rest[0] == ' '; ok {
			name, value, ok = nextItem(&rest)
		}
		ok = ok && a.mayHave(string(name), string(value))
	}
	if !ok {
		return r.fail(a, fmt.Errorf("server said %q behind a message", saying(line)))
	}
	r.arrived = a
	return nil
}

// mayHave reports whether a server may tell this behind the body although it was
// not asked for.
func (a *arrival) mayHave(name, value string) bool {
	switch strings.ToUpper(name) {
	case "UID":
		return readNumber(value, 32) == uint64(a.uid)
	case "FLAGS", "MODSEQ", "ENVELOPE", "BODY", "BODYSTRUCTURE":
		return value[0] == '('
	case "INTERNALDATE":
		return value[0] == '"'
	case "RFC822.SIZE":
		return isNumber(value)
	}
	return false
}

// fail ends the session with err, unless it is nil.
func (r *responses) fail(a *arrival, err error) error {
	if err != nil {
		a.t.err = err
		r.abort()
	}
	return err
}

// confirm tells the taker that the mail before has ended, now that another
// response has begun.
func (r *responses) confirm() {
	a := r.arrived
	if r.arrived = nil; a == nil {
		return
	}
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	if !a.t.over {
		a.t.ended(a.uid)
	}
}
