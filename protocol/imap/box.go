package imap

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
)

// A box is a folder that is being read.
type box struct {
	name     string   // on the server
	dir      string   // Document.Dir: relative to Source.Folder
	place    string   // of its mails, in their IDs: it, or the account
	readOnly bool     // it is examined, not selected
	validity uint64   // UIDVALIDITY
	version  string   // the same, in decimal
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
func (m *mail) arrived() time.Time {
	if m.time == 0 {
		return time.Time{}
	}
	return time.Unix(m.time, 0)
}

// number returns the UID in decimal.
func (m *mail) number() string { return strconv.FormatUint(uint64(m.uid), 10) }

// meta returns what is known of m.
func (b *box) meta(m *mail) map[string]string {
	meta := map[string]string{
		"imap.folder":      b.name,
		"imap.uid":         m.number(),
		"imap.uidvalidity": b.version,
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
func (b *box) flagged(m *mail, flag string) bool {
	for f := range strings.SplitSeq(b.flags[m.flags], flagSep) {
		if strings.EqualFold(f, flag) {
			return true
		}
	}
	return false
}

// A listing collects the mails of a folder.
type listing struct {
	b       *box
	mails   []mail
	deleted map[uint32]bool    // UIDs of mails that are marked as deleted
	index   map[string]uint32  // of box.flags
	told    map[string]meaning // by the list of flags as the server told it
}

// A meaning is what a list of flags says.
type meaning struct {
	index   uint32 // into box.flags
	deleted bool   // the mail is marked as deleted
}

func newListing(b *box) *listing {
	l := &listing{b: b, deleted: make(map[uint32]bool), index: map[string]uint32{"": 0}, told: make(map[string]meaning)}
	b.flags = []string{""}
	return l
}

// expect makes room for n mails, or for some of them: n is what a server says.
func (l *listing) expect(n uint32) {
	if l.mails == nil {
		l.mails = make([]mail, 0, min(n, 4<<10))
	}
}

// The flags of mails are kept once for all that have the same, as far as they
// are not too long and too different.
const (
	maxFlags     = 1 << 10 // bytes, of one mail
	maxFlagLists = 4 << 10
)

// learn returns what a list of flags says, and keeps that.
func (l *listing) learn(list string) (known meaning) {
	told := readFlags(list)
	known.deleted = slices.ContainsFunc(told, func(f string) bool { return strings.EqualFold(f, string(goimap.FlagDeleted)) })
	if !known.deleted {
		known.index = l.place(told)
	}
	if len(list) < maxFlags && len(l.told) < maxFlagLists {
		l.told[list] = known
	}
	return known
}

// place returns where in box.flags these are. It may change their order.
func (l *listing) place(flags []string) uint32 {
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
	return i
}

// sort puts the mails in the order of UIDs, without repetitions: of those the
// one whose size is known.
func (l *listing) sort() []mail {
	slices.SortFunc(l.mails, func(a, b mail) int { return cmp.Or(cmp.Compare(a.uid, b.uid), cmp.Compare(b.size, a.size)) })
	l.mails = slices.CompactFunc(l.mails, func(a, b mail) bool { return a.uid == b.uid })
	return l.mails
}
