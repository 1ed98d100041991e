package imap

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A box is a folder that is being read.
type box struct {
	name     string   // on the server
	dir      string   // Document.Dir: relative to Source.Folder
	place    string   // of its mails, in their IDs: it, or the account
	readOnly bool     // it is examined, not selected
	validity uint64   // UIDVALIDITY
	hashed   bool     // UIDs do not last: parcels go by what is in the mails
	gmail    bool     // parcels go by X-GM-MSGID
	flags    []string // that mails have, separated by flagSep
}

// A mail is what is kept of each mail of a folder; there may be very many.
type mail struct {
	uid   uint32
	flags uint32 // index into box.flags
	size  int64  // RFC822.SIZE; -1: not known
	time  int64  // INTERNALDATE in seconds since 1970; 0: not known
	gm    uint64 // X-GM-MSGID; 0: none
	hash  string // of the header, where UIDs do not last
}

// arrived returns when the mail arrived at the server; zero: not known.
func (m mail) arrived() time.Time {
	if m.time == 0 {
		return time.Time{}
	}
	return time.Unix(m.time, 0)
}

// meta returns what is known of m.
func (b *box) meta(m mail) map[string]string {
	meta := map[string]string{
		"imap.folder":      b.name,
		"imap.uid":         strconv.FormatUint(uint64(m.uid), 10),
		"imap.uidvalidity": strconv.FormatUint(b.validity, 10),
		"imap.flags":       b.flags[m.flags],
	}
	if m.gm != 0 {
		meta["imap.gm-msgid"] = strconv.FormatUint(m.gm, 10)
	}
	if m.size >= 0 {
		meta["imap.size"] = strconv.FormatInt(m.size, 10)
	}
	return meta
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
	b       *box
	mails   []mail
	deleted map[uint32]bool   // UIDs of mails that are marked as deleted
	index   map[string]uint32 // of box.flags
}

func newListing(b *box) *listing {
	l := &listing{b: b, deleted: make(map[uint32]bool), index: map[string]uint32{"": 0}}
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
func (l *listing) add(m mail, flags []string) {
	slices.Sort(flags)
	var b strings.Builder
	for _, f := range flags {
		if b.Len()+len(f) < maxFlags {
			b.WriteString(f + flagSep)
		}
	}
	text := strings.TrimSuffix(b.String(), flagSep)
	i, ok := l.index[text]
	if !ok && len(l.b.flags) < maxFlagLists {
		i = uint32(len(l.b.flags))
		l.b.flags = append(l.b.flags, text)
		l.index[text] = i
	}
	m.flags = i
	l.mails = append(l.mails, m)
}

// sort puts the mails in the order of UIDs, without repetitions: of those the
// one whose size is known.
func (l *listing) sort() []mail {
	slices.SortFunc(l.mails, func(a, b mail) int { return cmp.Or(cmp.Compare(a.uid, b.uid), cmp.Compare(b.size, a.size)) })
	l.mails = slices.CompactFunc(l.mails, func(a, b mail) bool { return a.uid == b.uid })
	return l.mails
}
