package imap

import (
	"errors"
	"fmt"
	"io"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/ezged/coldlauncher/launcher"
)

// chunk is how much of a mail is asked for at a time. Larger mails are fetched
// alone, piece by piece: that can be resumed, and is seen to advance.
const chunk = 8 << 20

var (
	errNotReturned = errors.New("server does not return the message")
	errDesync      = errors.New("server sent another length than it announced")
)

// fetch fetches mails together into their downloads, and ends those that
// arrived whole. A nil error does not mean that all of them did. What remains
// after an error that is not a refusal can be tried in another session.
func (s *session) fetch(batch []*download) error {
	if len(batch) == 1 {
		return s.fetchOne(batch[0])
	}
	want := make(map[uint32]*download, len(batch))
	var set goimap.UIDSet
	cost := int64(budget)
	for _, d := range batch {
		want[d.mail.uid] = d
		set.AddNum(goimap.UID(d.mail.uid))
		cost += 2*d.mail.size + 64<<10
	}
	var came *download
	return s.bodies(set, everything(nil), cost, func(uid uint32, b body) error {
		d := want[uid]
		if d == nil {
			return nil
		}
		ok, err := d.take(b)
		if ok {
			came = d
		}
		return err
	}, func(uint32) {
		if came != nil {
			came.end()
			came = nil
		}
	})
}

// fetchOne fetches one mail, in pieces if it is large.
func (s *session) fetchOne(d *download) error {
	set, err := s.numberOf(d)
	switch {
	case err != nil:
		return err
	case set == nil:
		d.Finish(nil, launcher.Later(errGone))
		return nil
	}
	if d.mail.size >= 0 && d.mail.size <= chunk && d.Got() == 0 {
		return s.whole(d, set)
	}
	for {
		more, err := s.piece(d, set)
		if err != nil || !more {
			return err
		}
	}
}

// numberOf returns what to ask for to get one mail; nil if it is not there.
func (s *session) numberOf(d *download) (goimap.NumSet, error) {
	set := goimap.UIDSetNum(goimap.UID(d.mail.uid))
	if d.step != bySeqNum {
		return set, nil
	}
	var found goimap.SeqSet
	err := s.do(budget, func() error {
		data, err := s.c.Search(&goimap.SearchCriteria{UID: []goimap.UIDSet{set}}, nil).Wait()
		if err == nil {
			found, _ = data.All.(goimap.SeqSet)
		}
		return err
	})
	if nums, ok := found.Nums(); err != nil || !ok || len(nums) != 1 {
		return nil, err
	}
	return found, nil
}

// is reports whether what came with uid may be d. A server that tells the UID
// behind the body has told none yet.
func (d *download) is(uid uint32) bool {
	return uid == d.mail.uid || uid == 0 && d.step == bySeqNum
}

// whole fetches one mail that is not large. Where the UID comes behind the body
// the mail is known only at the end.
func (s *session) whole(d *download, set goimap.NumSet) error {
	came := false
	return s.bodies(set, everything(nil), budget+2*d.mail.size, func(uid uint32, b body) error {
		if !d.is(uid) || came {
			return nil
		}
		ok, err := d.take(b)
		came = ok
		return err
	}, func(uid uint32) {
		if came && uid == d.mail.uid {
			d.end()
			came = false
		}
	})
}

// take takes in a body, unless one has come already, and reports whether it
// did. A literal cut short must not pass for a message.
func (d *download) take(b body) (bool, error) {
	if ended, _ := d.Ended(); ended || d.Got() > 0 {
		return false, nil
	}
	n, err := d.receive(b.lit)
	switch {
	case err != nil:
		return false, err
	case n != b.lit.Size():
		return false, errDesync
	}
	return n > 0 || d.mail.size <= 0, nil // nothing is as good as not returned
}

// piece fetches the next piece of a mail and reports whether there is more.
func (s *session) piece(d *download, set goimap.NumSet) (more bool, err error) {
	const (
		none = iota
		whole
		sure
	)
	before, came := d.Got(), none
	cost := int64(budget + chunk)
	if d.mail.size > 0 {
		cost += d.mail.size // for a server that returns all of it
	}
	err = s.bodies(set, everything(&goimap.SectionPartial{Offset: before, Size: chunk}), cost, func(uid uint32, b body) error {
		if !d.is(uid) || came != none {
			return nil
		}
		part := b.section.Partial != nil
		if !part {
			if _, err := io.CopyN(io.Discard, b.lit, before); err != nil {
				return fmt.Errorf("skip what came before: %w", err)
			}
		}
		n, err := d.receive(b.lit)
		switch {
		case err != nil:
			return err
		case part && n != b.lit.Size(), !part && before+n != b.lit.Size():
			return errDesync
		}
		came = whole
		more = part && n >= chunk
		return nil
	}, func(uid uint32) {
		if came == whole && uid == d.mail.uid {
			came = sure
		}
	})
	if came == whole {
		d.Restart() // what came may be another mail's, or have been altered
	}
	switch {
	case err != nil:
		return false, err
	case came == whole:
		return false, errNotReturned
	case !more && d.Got() > 0:
		d.end()
	}
	return more, nil
}

// everything is the section that is the whole message, or a piece of that. No
// mail is marked as read by asking for it.
func everything(piece *goimap.SectionPartial) *goimap.FetchItemBodySection {
	return &goimap.FetchItemBodySection{Peek: true, Partial: piece}
}

// A body is a section, or a piece of one, as it comes.
type body struct {
	section *goimap.FetchItemBodySection
	lit     *literal
}

// A literal must not be read again once it returned an error.
type literal struct {
	goimap.LiteralReader
	over bool
}

func (l *literal) Read(p []byte) (int, error) {
	n, err := l.LiteralReader.Read(p)
	l.over = l.over || err != nil
	return n, err
}

// skip reads what was not wanted.
func (l *literal) skip() error {
	if l.over {
		return nil
	}
	_, err := io.Copy(io.Discard, l)
	return err
}

// abandon lets the library go on, whose connection is closed.
func (l *literal) abandon() {
	if !l.over {
		io.Copy(io.Discard, l)
	}
}

// bodies asks for the same section of each mail in set, and calls f with every
// one that comes. Once a response has come to its end, and the next one or the end of
// the command shows that it did, it calls ended with the UID that was told in it;
// before, bytes may have been lost or put in on the way. An error of f ends the
// session. No two calls overlap.
func (s *session) bodies(set goimap.NumSet, section *goimap.FetchItemBodySection, cost int64, f func(uid uint32, b body) error, ended func(uid uint32)) error {
	opts := &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{section}}
	return s.do(cost, func() error {
		uids, byUID := set.(goimap.UIDSet)
		if !byUID || section.Partial != nil {
			return s.read(set, opts, f, ended)
		}
		t := &taker{
			wants: func(uid uint32) bool { return uids.Contains(goimap.UID(uid)) },
			take:  func(uid uint32, lit *literal) error { return f(uid, body{section, lit}) },
			ended: ended,
		}
		release := s.in.attend(t)
		err := s.read(set, opts, f, ended)
		release()
		if cause := t.end(); cause != nil {
			return cause
		}
		return err
	})
}

// read is bodies for what the library reads.
func (s *session) read(set goimap.NumSet, opts *goimap.FetchOptions, f func(uid uint32, b body) error, ended func(uid uint32)) error {
	cmd := s.c.Fetch(set, opts)
	began, uid := false, uint32(0)
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		if began {
			ended(uid)
		}
		began, uid = true, 0
		for item := m.Next(); item != nil; item = m.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = uint32(item.UID)
			case imapclient.FetchItemDataBodySection:
				if item.Literal == nil {
					continue // NIL: the message is not there any more
				}
				b := body{item.Section, &literal{LiteralReader: item.Literal}}
				err := f(uid, b)
				if err == nil {
					err = b.lit.skip()
				}
				if err != nil {
					// The library must not be asked for more: its reader
					// and what it handed out here share a buffer.
					s.in.abort()
					b.lit.abandon()
					return err
				}
			}
		}
	}
	err := cmd.Close()
	var refused *goimap.Error
	if began && (err == nil || errors.As(err, &refused)) {
		ended(uid)
	}
	return err
}
