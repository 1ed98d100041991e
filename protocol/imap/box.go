package imap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A box is a folder that is being read.
type box struct {
	name     string   // on the server
	dir      string   // Document.Dir: relative to Source.Folder
	readOnly bool     // it is examined, not selected
	validity uint64   // UIDVALIDITY
	hashed   bool     // UIDs do not last: parcels go by what is in the mails
	flags    []string // that mails have, separated by flagSep
}

// A mail is what is kept of each mail of a folder; there may be very many.
type mail struct {
	uid   uint32
	flags uint32 // index into box.flags
	size  int64  // RFC822.SIZE; -1: not known
	hash  string // of the header, where UIDs do not last
}

const flagSep = " "

// flagged reports whether m has a flag.
func (b *box) flagged(m mail, flag string) bool {
	return slices.ContainsFunc(strings.Split(b.flags[m.flags], flagSep), func(f string) bool {
		return strings.EqualFold(f, flag)
	})
}

// A listing collects the mails of a folder.
type listing struct {
	b     *box
	mails []mail
	index map[string]uint32 // of box.flags
}

func newListing(b *box) *listing {
	l := &listing{b: b, index: map[string]uint32{"": 0}}
	b.flags = []string{""}
	return l
}

// The flags of mails are kept once for all that have the same, as far as they
// are not too long and too different.
const (
	maxFlags     = 1 << 10 // bytes, of one mail
	maxFlagLists = 4 << 10
)

// add takes a mail in, with flags if the server told them.
func (l *listing) add(uid uint32, size int64, flags []goimap.Flag) {
	slices.Sort(flags)
	var b strings.Builder
	for _, f := range flags {
		if b.Len()+len(f) < maxFlags {
			b.WriteString(string(f) + flagSep)
		}
	}
	text := strings.TrimSuffix(b.String(), flagSep)
	i, ok := l.index[text]
	if !ok && len(l.b.flags) < maxFlagLists {
		i = uint32(len(l.b.flags))
		l.b.flags = append(l.b.flags, text)
		l.index[text] = i
	}
	l.mails = append(l.mails, mail{uid: uid, flags: i, size: size})
}

// sort puts the mails in the order of UIDs, without repetitions.
func (l *listing) sort() []mail {
	slices.SortFunc(l.mails, func(a, b mail) int { return cmp.Compare(a.uid, b.uid) })
	return slices.CompactFunc(l.mails, func(a, b mail) bool { return a.uid == b.uid })
}

// mails lists what is in a folder of count mails, without those that are
// marked as deleted, oldest first. It asks for nothing that a server could
// word badly but flags, and does without these if they break the session.
func (l *line) mails(b *box, count uint32) ([]mail, error) {
	if count == 0 {
		return nil, nil
	}
	var found []mail
	plain := false
	err := l.run(b, func(s *session) (err error) {
		found, err = s.mails(b, count, plain)
		plain = true
		return err
	})
	return found, err
}

func (s *session) mails(b *box, count uint32, plain bool) ([]mail, error) {
	all := newListing(b)
	deleted := make(map[uint32]bool)
	if !plain {
		err := s.sizes(count, func(uid uint32, size int64, flags []goimap.Flag) {
			if slices.Contains(flags, goimap.FlagDeleted) {
				deleted[uid] = true
				return
			}
			all.add(uid, size, flags)
		})
		if err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	found := all.sort()
	if uint64(len(found)+len(deleted)) >= uint64(count) {
		return found, nil
	}
	// What was not returned is not gone: servers leave out what they stumble
	// over.
	uids, err := s.search(&goimap.SearchCriteria{NotFlag: []goimap.Flag{goimap.FlagDeleted}}, int64(min(count, maxUIDs)))
	if err != nil {
		return nil, err
	}
	for uid := range uids.each() {
		if _, ok := slices.BinarySearchFunc(found, uid, func(m mail, u uint32) int { return cmp.Compare(m.uid, u) }); !ok && !deleted[uid] {
			all.add(uid, -1, nil)
		}
	}
	return all.sort(), nil
}

// sizes calls f for each mail of a folder of count mails.
func (s *session) sizes(count uint32, f func(uid uint32, size int64, flags []goimap.Flag)) error {
	var set goimap.UIDSet
	set.AddRange(1, 0) // 1:*
	err := s.do(budget+int64(min(count, maxUIDs))*1024, func() error {
		cmd := s.c.Fetch(set, &goimap.FetchOptions{UID: true, RFC822Size: true, Flags: true})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			var uid uint32
			size := int64(-1)
			var flags []goimap.Flag
			for item := m.Next(); item != nil; item = m.Next() {
				switch item := item.(type) {
				case imapclient.FetchItemDataUID:
					uid = uint32(item.UID)
				case imapclient.FetchItemDataRFC822Size:
					size = item.Size
				case imapclient.FetchItemDataFlags:
					flags = item.Flags
				}
			}
			if uid != 0 {
				f(uid, size, flags)
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return fmt.Errorf("list mails: %w", err)
	}
	return nil
}
