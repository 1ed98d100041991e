package pop3

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// topLines is how much of a body is looked at to know a mail again: all of most.
const topLines = 100

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// identify gives a hash to the mails that have no UIDL. Those of which nothing
// could be learned are left out; what they were refused with is returned beside
// the others.
func (p *pass) identify(s *session, mails []mail) (kept []mail, refused error, err error) {
	var nameless []*mail
	for i := range mails {
		if mails[i].uidl == "" {
			nameless = append(nameless, &mails[i])
		}
	}
	if len(nameless) == 0 {
		p.s.hashes = nil
		return mails, nil, nil
	}
	p.warnings.Once(p.ctx, "", fmt.Errorf("the server gives no unique id to %d of %d mails: they are told apart by what is in them", len(nameless), len(mails)))
	tops, err := s.tops(nameless, topLines)
	if err != nil {
		return nil, nil, err
	}
	if refused, err = p.recall(s, nameless, tops); err != nil {
		return nil, nil, err
	}
	seen := make(map[string]int)
	for _, m := range mails {
		if m.uidl == "" {
			if m.hash == "" {
				continue
			}
			m.twin = seen[m.hash]
			seen[m.hash]++
		}
		kept = append(kept, m)
	}
	return kept, refused, nil
}

// recall takes the hashes of mails from what is known of others with the same
// size and top, and reads the rest.
func (p *pass) recall(s *session, mails []*mail, tops map[*mail]string) (refused, err error) {
	often := make(map[string]int)
	for _, top := range tops {
		often[top]++
	}
	var unknown []*mail
	for _, m := range mails {
		if top := tops[m]; often[top] == 1 {
			m.hash = p.s.hashes[top]
		}
		if m.hash == "" {
			unknown = append(unknown, m)
		}
	}
	if refused, err = s.sums(unknown, p.keep); err != nil {
		return nil, err
	}
	p.s.hashes = make(map[string]string, len(tops))
	for m, top := range tops {
		if m.hash != "" && often[top] == 1 {
			p.s.hashes[top] = m.hash
		}
	}
	return refused, nil
}

// tops returns a hash of the size, the header and so many lines of the body of
// each mail for which the server tells them.
func (s *session) tops(mails []*mail, lines int) (map[*mail]string, error) {
	found := make(map[*mail]string, len(mails))
	err := s.look(mails, lines, func(m *mail, refused error) error {
		if refused != nil {
			return nil
		}
		h := sha256.New()
		fmt.Fprintf(h, "%d\n", m.size)
		_, err := s.w.body(h)
		found[m] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	return found, err
}

// look asks for the header and so many lines of the body of mails, and calls
// seen for each in turn, to read them unless the server refused. Without TOP it
// does nothing.
func (s *session) look(mails []*mail, lines int, seen func(m *mail, refused error) error) error {
	if !s.top {
		return nil
	}
	cost := int64(budget)
	for _, m := range mails {
		cost += m.cost()
	}
	return s.each(len(mails), cost, func(i int) string { return fmt.Sprintf("TOP %d %d", mails[i].number, lines) }, func(i int, refused error) error {
		return seen(mails[i], refused)
	})
}

// sums reads mails in full and gives them their hashes. What the server calls
// its own trouble is that of one mail, unless several in a row meet it. What keep
// has room for need not be read again.
func (s *session) sums(mails []*mail, keep *keeper) (refused, err error) {
	cost, row := int64(budget), 0
	for _, m := range mails {
		cost += m.cost()
	}
	err = s.each(len(mails), cost, func(i int) string { return fmt.Sprintf("RETR %d", mails[i].number) }, func(i int, err error) error {
		if err != nil {
			var r *refusal
			if errors.As(err, &r) && r.isTrouble() {
				if row++; row < flow.MaxSuspects {
					err = r
				}
			}
			if launcher.OutcomeOf(refused) != launcher.Stop {
				refused = fmt.Errorf("message %d: %w", mails[i].number, err)
			}
			return nil
		}
		h, k := sha256.New(), keep.begin()
		if _, err := s.w.body(io.MultiWriter(h, k)); err != nil {
			k.drop()
			return err
		}
		mails[i].body = k.body()
		mails[i].hash, mails[i].sure, row = hex.EncodeToString(h.Sum(nil)), true, 0
		return nil
	})
	return refused, err
}

// cost is how many bytes a server may take to send a mail: it may count line
// ends as one byte, and put a dot before each line.
func (m *mail) cost() int64 {
	if m.size < 0 {
		return maxUnknown
	}
	return 2*m.size + 64<<10
}

const maxUnknown = 4 << 30 // size of a mail of which the server tells none
