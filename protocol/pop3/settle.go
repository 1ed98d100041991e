package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher/spool"
)

// letGo deletes what is owed and takes leave of the server. It returns what
// failed; the mails concerned are on the server as they were, or it is not
// known that they are not: a later pass settles them.
func (p *pass) letGo() error {
	if len(p.owed) == 0 {
		if s := p.line.s; s != nil && !s.broken() {
			s.quit() // nothing depends on it
		}
		return nil
	}
	err := p.delete()
	p.leash.Move(0, -len(p.owed))
	if err != nil {
		return fmt.Errorf("delete %d mails: %w", len(p.owed), err)
	}
	return nil
}

// delete deletes what is owed. If the connection breaks before QUIT was said,
// it begins once more: until then the server has deleted nothing.
func (p *pass) delete() error {
	for again := true; ; again = false {
		s, err := p.line.get()
		if err != nil {
			return err
		}
		refused, err := p.mark(s)
		switch {
		case err != nil && again && s.broken():
			continue
		case err != nil:
			return err
		}
		return errors.Join(refused, s.quit())
	}
}

// mark marks mails as deleted. It returns what the server refused, and what
// broke the session.
func (p *pass) mark(s *session) (refused, err error) {
	due, err := p.due(s)
	if err != nil {
		return nil, err
	}
	due, doubts, err := p.verify(s, due)
	if err != nil {
		return nil, err
	}
	errs := []error{doubts}
	err = s.each(len(due), budget+int64(len(due))*1024, func(i int) string { return fmt.Sprintf("DELE %d", due[i].number) }, func(i int, err error) error {
		if err != nil {
			errs = append(errs, fmt.Errorf("message %d: %w", due[i].number, err))
		}
		return nil
	})
	return errors.Join(errs...), err
}

// due returns the mails that are to be deleted now, with their numbers in s.
func (p *pass) due(s *session) ([]*mail, error) {
	var there []*mail
	for _, m := range p.owed {
		n, ok := p.line.number(&m)
		if !ok {
			continue // somebody else deleted it
		}
		m.number, m.sure = n, m.sure && p.line.numbers == nil
		there = append(there, &m)
	}
	if p.s.DeleteAfter == 0 {
		return there, nil
	}
	if err := p.learnDates(s, there); err != nil {
		return nil, err
	}
	var due []*mail
	for _, m := range there {
		if time.Since(p.s.dates[p.id(m)]) >= p.s.DeleteAfter {
			due = append(due, m)
		}
	}
	return due, nil
}

// verify reads those mails once more that go by a hash which was not made from
// them in this session, and leaves out those that are others.
func (p *pass) verify(s *session, mails []*mail) (sure []*mail, doubts, err error) {
	var unsure []*mail
	was := make(map[*mail]string)
	for _, m := range mails {
		if m.uidl == "" && !m.sure {
			unsure = append(unsure, m)
			was[m], m.hash = m.hash, ""
		}
	}
	refused, err := s.sums(unsure, nil)
	if err != nil {
		return nil, nil, err
	}
	errs := []error{refused}
	for _, m := range mails {
		if hash, ok := was[m]; ok && m.hash != hash {
			clear(p.s.hashes) // they misled
			errs = append(errs, fmt.Errorf("message %d is not the one that was taken: it stays", m.number))
			continue
		}
		sure = append(sure, m)
	}
	return sure, errors.Join(errs...), nil
}

// learnDates takes down when mails were received, as far as that is not known.
// Those of which the server does not tell it were received now. So were those on
// which the connection breaks in each attempt of a pass, or none would be deleted.
func (p *pass) learnDates(s *session, mails []*mail) error {
	var unknown []*mail
	for _, m := range mails {
		if _, ok := p.s.dates[p.id(m)]; !ok {
			unknown = append(unknown, m)
		}
	}
	err := s.look(unknown, 0, func(m *mail, refused error) error {
		var head prefix
		if refused == nil {
			if _, err := s.w.body(&head); err != nil {
				return err
			}
		}
		date, ok := receivedIn(head)
		if !ok {
			date = time.Now()
		}
		p.s.dates[p.id(m)] = date
		return nil
	})
	for _, m := range unknown {
		id := p.id(m)
		if _, ok := p.s.dates[id]; ok {
			continue
		}
		if err == nil || p.broken == id {
			p.s.dates[id] = time.Now()
		}
		if err != nil {
			p.broken = id // the answers come in turn
			break
		}
	}
	return err
}

// prune forgets the dates of mails that are gone.
func (p *pass) prune(mails []mail) {
	if p.s.DeleteAfter == 0 {
		p.s.dates = nil
		return
	}
	kept := make(map[string]time.Time, len(mails))
	for i := range mails {
		id := p.id(&mails[i])
		if date, ok := p.s.dates[id]; ok {
			kept[id] = date
		}
	}
	p.s.dates = kept
}

// maxHead is how much of a message is looked at for a date.
const maxHead = 16 << 10

// A prefix keeps the first maxHead bytes that are written to it.
type prefix []byte

func (h *prefix) Write(p []byte) (int, error) {
	*h = append(*h, p[:min(len(p), maxHead-len(*h))]...)
	return len(p), nil
}

// received returns when a server received a message.
func received(b *spool.Body) (time.Time, bool) {
	r, err := b.Open(context.Background()) // it is here already
	if err != nil {
		return time.Time{}, false
	}
	defer r.Close()
	head := make([]byte, min(maxHead, b.Size()))
	n, _ := io.ReadFull(r, head)
	return receivedIn(head[:n])
}

// receivedIn returns the date in the first Received field of a header, which
// the last server put there. It is never in the future.
func receivedIn(head []byte) (time.Time, bool) {
	for name, value := range fields(head) {
		if !strings.EqualFold(name, "Received") {
			continue
		}
		date, err := netmail.ParseDate(strings.TrimSpace(value[strings.LastIndexByte(value, ';')+1:]))
		if now := time.Now(); err == nil && date.After(now) {
			date = now
		}
		return date, err == nil
	}
	return time.Time{}, false
}

// fields yields the fields of a header, unfolded.
func fields(head []byte) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		var field string
		for len(head) > 0 {
			var line []byte
			line, head, _ = bytes.Cut(head, []byte("\n"))
			text := strings.TrimRight(string(line), "\r")
			if text != "" && (text[0] == ' ' || text[0] == '\t') {
				field += text
				continue
			}
			if name, value, ok := strings.Cut(field, ":"); ok && !yield(strings.TrimSpace(name), value) {
				return
			}
			if field = text; text == "" {
				return
			}
		}
	}
}
