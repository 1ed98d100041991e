package imap

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
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
// nil if the library is to read it.
func (r *responses) arrival(items []byte) *arrival {
	rest, first := bytes.CutPrefix(items, []byte("(UID "))
	number, rest, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.ParseUint(string(number), 10, 32)
	uid := uint32(n)
	size, _ := announced(rest)
	common := first && err == nil && size >= 0 && bytes.HasPrefix(rest, []byte("BODY[] {"))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.takers {
		if first && err == nil && !t.wants(uid) {
			continue
		}
		t.mu.Lock()
		t.other = t.other || !common // it may be for t
		other := t.other
		t.mu.Unlock()
		if !other {
			return &arrival{r: r, t: t, uid: uid, size: size}
		}
	}
	return nil
}

// take takes the mail whose literal is next.
func (r *responses) take(a *arrival) error {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	if a.t.over {
		return nil // it is dropped
	}
	a.lit.LiteralReader = a
	err := a.t.take(a.uid, &a.lit)
	if err == nil {
		err = a.lit.skip()
	}
	return r.fail(a, err)
}

// leave takes the line behind the literal of a mail. Bytes that were lost on the
// way, or put in, show there.
func (r *responses) leave(a *arrival, line []byte) error {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	rest, ok := bytes.CutSuffix(bytes.TrimRight(line, "\r\n"), []byte(")"))
	for ok && len(rest) > 0 {
		_, _, ok = nextItem(&rest)
	}
	if !ok || r.inside {
		return r.fail(a, fmt.Errorf("server said %q behind a message", saying(line)))
	}
	r.arrived = a
	return nil
}

// fail ends the session with err, unless it is nil.
func (r *responses) fail(a *arrival, err error) error {
	if err != nil {
		a.t.err = err
		r.Conn.Close()
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
