package imap

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
)

// care is how little is asked for in a listing, so that a server that stumbles
// over one item tells the others.
type care int

const (
	all    care = iota
	noDate      // INTERNALDATE is not asked for
	none        // only a SEARCH is made
)

// open selects the folder b, or only examines it, and lists it, both in one round
// trip. It returns how many mails are in it and what the server says of it. listed
// is nil if the server refused to list it, which may be for want of patience.
func (s *session) open(b *box) (count uint32, state selected, listed *listing, err error) {
	listed = newListing(b)
	own := newOwnCommand(listed.read)
	own.behind = true // a mail of the folder before it may have changed
	ends, known := []func(){s.conn.Begin(budget)}, uint32(0)
	own.exists = func(n uint32) { // before the first of them is listed
		if n = min(n, maxUIDs); n > known {
			n = min(max(n, 2*known), maxUIDs) // it may tell them one by one
			listed.expect(n)
			ends = append(ends, s.conn.Begin(int64(n-known)*listLine))
			known = n
		}
	}
	s.in.own.Store(own)
	var refused error
	count, state, err = s.choose(b.name, b.readOnly, func() (wait func()) {
		answered := s.send(own, listCommand(all, b.gmail))
		return func() { refused = answered() }
	})
	for _, end := range ends {
		end()
	}
	if refused != nil {
		listed = nil
	}
	return count, state, listed, err
}

// mails lists what is in a folder of count mails, without those that are
// marked as deleted, oldest first. Unless it is nil, listed is what a listing has
// told already. Where the listing breaks the session, it asks for less in the
// next.
func (l *line) mails(b *box, count uint32, listed *listing) ([]mail, error) {
	if count == 0 {
		return nil, nil
	}
	var found []mail
	for how := all; ; {
		tried := how
		err := l.run(b, func(s *session) (err error) {
			tried = how
			found, err = s.mails(b, count, how, listed)
			if s.broken() {
				how = min(how+1, none)
			}
			return err
		})
		if err == nil || tried == how {
			return found, err
		}
	}
}

// mails lists the selected folder, as far as that has not been done.
func (s *session) mails(b *box, count uint32, how care, listed *listing) ([]mail, error) {
	for ; listed == nil; how++ {
		var err error
		told := newListing(b)
		if how < none {
			err = s.ask(listCommand(how, b.gmail), budget+int64(min(count, maxUIDs))*listLine, told.read)
		}
		switch {
		case err != nil && !isRefusal(err):
			return nil, fmt.Errorf("list mails: %w", err)
		case err == nil, how+1 >= none:
			listed = told // what was told before the refusal counts
		}
	}
	found := listed.sort()
	if uint64(len(found)+len(listed.deleted)) >= uint64(count) {
		return found, nil
	}
	// What was not returned is not gone: servers leave out what they stumble
	// over.
	uids, err := s.search(&goimap.SearchCriteria{NotFlag: []goimap.Flag{goimap.FlagDeleted}}, int64(min(count, maxUIDs)))
	if err != nil {
		return nil, err
	}
	for uid := range uids.each() {
		if _, ok := slices.BinarySearchFunc(found, uid, func(m mail, u uint32) int { return cmp.Compare(m.uid, u) }); !ok && !listed.deleted[uid] {
			listed.mails = append(listed.mails, mail{uid: uid, size: -1})
		}
	}
	return listed.sort(), nil
}

// listLine is how many bytes a server may take to tell of one mail.
const listLine = 1024

func listCommand(how care, gmail bool) string {
	items := "UID FLAGS RFC822.SIZE"
	if how == all {
		items += " INTERNALDATE"
	}
	if gmail {
		items += " X-GM-MSGID"
	}
	return "UID FETCH 1:* (" + items + ")"
}

// read takes in the mail that the items of a FETCH response tell of, if they tell
// its UID and flags.
func (l *listing) read(items []byte) {
	m, flags, ok := readListed(items)
	if !ok {
		return
	}
	known, ok := l.told[string(flags)]
	if !ok {
		known = l.learn(string(flags))
	}
	if known.deleted {
		l.deleted[m.uid] = true
		return
	}
	m.flags = known.index
	l.mails = append(l.mails, m)
}

// readListed reads the items of a FETCH response in a listing, the flags as they
// were told. It takes what it can read; ok is false without UID and flags, for
// then it is not known whether the mail is to be offered.
func readListed(items []byte) (m mail, flags []byte, ok bool) {
	m.size = -1
	hasFlags := false
	rest, _ := bytes.CutPrefix(items, []byte("("))
	for {
		name, value, more := nextItem(&rest)
		if !more {
			return m, flags, m.uid != 0 && hasFlags
		}
		switch strings.ToUpper(string(name)) {
		case "UID":
			m.uid = uint32(readNumber(string(value), 32))
		case "RFC822.SIZE":
			if n, err := strconv.ParseInt(string(value), 10, 63); err == nil && n >= 0 {
				m.size = n
			}
		case "INTERNALDATE":
			m.time = readDate(string(value))
		case "X-GM-MSGID":
			m.gm = readNumber(string(value), 64)
		case "FLAGS":
			if list, found := bytes.CutPrefix(value, []byte("(")); found {
				flags, hasFlags = bytes.TrimSuffix(list, []byte(")")), true
			}
		}
	}
}

// nextItem takes a name and its value off rest. more is false at the end, and
// where neither can be told.
func nextItem(rest *[]byte) (name, value []byte, more bool) {
	b := bytes.TrimLeft(*rest, " ")
	n := bytes.IndexByte(b, ' ')
	if n <= 0 {
		return nil, nil, false
	}
	name, b = b[:n], bytes.TrimLeft(b[n:], " ")
	n = valueLen(b)
	if n <= 0 {
		return nil, nil, false
	}
	value, *rest = b[:n], b[n:]
	return name, value, true
}

// valueLen returns how long the atom, quoted string or list is that begins b;
// -1 if it does not end.
func valueLen(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return i
			}
		case c == ' ' && depth == 0:
			return i
		}
	}
	if depth > 0 || quoted {
		return -1
	}
	return len(b)
}

// readNumber reads a number of so many bits; 0 if it is none.
func readNumber(s string, bits int) uint64 {
	n, err := strconv.ParseUint(s, 10, bits)
	if err != nil {
		return 0
	}
	return n
}

// readFlags returns those in a list of flags that are some.
func readFlags(list string) (flags []string) {
	for _, f := range strings.Fields(list) {
		if isFlag(f) {
			flags = append(flags, f)
		}
	}
	return flags
}

// readDate reads an INTERNALDATE in its quotes; 0 if it is none that can be.
func readDate(quoted string) int64 {
	t, err := time.Parse("_2-Jan-2006 15:04:05 -0700", strings.Trim(quoted, `"`))
	if err != nil || t.Unix() < 0 {
		return 0
	}
	return t.Unix()
}
