package pop3

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/launcher/spool"
)

// A mail is what is kept of each mail in the mailbox; there may be very many.
type mail struct {
	number int32       // in the session that listed it
	sure   bool        // hash was made from the message in this session
	size   int64       // as the server counts it; -1: not known
	uidl   string      // "": there is none that tells this mail from all others
	hash   string      // SHA-256 of the message, where there is no uidl
	twin   int         // of so many mails before it the hash is the same
	body   *spool.Body // that the hash was made of; nil: it is not kept
}

// key is the end of a mail's ID.
func (m *mail) key() string {
	switch {
	case m.uidl == "":
		key := "sha256/" + m.hash
		if m.twin > 0 {
			key += "/" + strconv.Itoa(m.twin+1)
		}
		return key
	case len(m.uidl) > maxUIDL:
		return "long/" + digest([]byte(m.uidl))
	}
	return "uidl/" + m.uidl
}

const (
	maxMails    = 4 << 20 // that a server may say it has
	maxUIDL     = 70      // RFC 1939, 7
	maxLongUIDL = 255     // that some servers have
	listLine    = 512     // bytes, of one mail in LIST or UIDL
)

// list lists what is in the mailbox, oldest first. A server that takes several
// commands at a time is asked for all of it at once: each answer takes a round
// trip.
func (s *session) list() ([]mail, error) {
	if s.window > 1 {
		s.w.ahead("STAT", "LIST", "UIDL")
	}
	var count int
	err := s.do(budget, func() (err error) {
		count, _, err = s.c.Stat()
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("stat: %w", err)
	case count < 0 || count > maxMails:
		return nil, fmt.Errorf("stat: server says that there are %d mails", count)
	case count == 0 && len(s.w.sent) == 0:
		return nil, nil
	}
	mails := make([]mail, count)
	for i := range mails {
		mails[i] = mail{number: int32(i + 1), size: -1}
	}
	if err := s.sizes(mails); err != nil {
		return nil, err
	}
	if err := s.uidls(mails); err != nil {
		return nil, err
	}
	return mails, nil
}

// sizes asks for the sizes of mails. Without them they are read all the same.
func (s *session) sizes(mails []mail) error {
	err := s.numbered("LIST", mails, func(m *mail, text string) {
		text, _, _ = strings.Cut(text, " ")
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 && n < 1<<50 {
			m.size = n
		}
	})
	if err != nil && (!isMere(err) || s.broken()) {
		return fmt.Errorf("list: %w", err)
	}
	return nil
}

// uidls asks for what tells mails apart. What tells nothing is left out.
func (s *session) uidls(mails []mail) error {
	twice := make(map[*mail]bool) // the server says two things of one mail
	err := s.numbered("UIDL", mails, func(m *mail, text string) {
		switch {
		case m.uidl != "":
			twice[m] = true
		case isUIDL(text):
			m.uidl = text
		}
	})
	if err != nil && (!isMere(err) || s.broken()) {
		return fmt.Errorf("uidl: %w", err)
	}
	s.noUIDL = err
	sorted := make([]*mail, len(mails))
	for i := range mails {
		sorted[i] = &mails[i]
	}
	slices.SortFunc(sorted, func(a, b *mail) int { return strings.Compare(a.uidl, b.uidl) })
	for i, m := range sorted {
		if i > 0 && m.uidl == sorted[i-1].uidl {
			twice[m], twice[sorted[i-1]] = true, true
		}
	}
	for m := range twice {
		m.uidl = ""
	}
	return nil
}

func isUIDL(text string) bool {
	return text != "" && len(text) <= maxLongUIDL && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// numbered runs a command that tells something of each mail on a line, behind
// its number.
func (s *session) numbered(command string, mails []mail, told func(m *mail, text string)) error {
	return s.lines(command, budget+int64(len(mails))*listLine, &splitter{line: func(line []byte) {
		number, text, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(string(line), "\t", " ")), " ")
		if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= len(mails) {
			told(&mails[n-1], strings.TrimSpace(text))
		}
	}})
}

// A splitter calls line for each line that is written to it. Of longer ones than
// listLine it keeps the beginning.
type splitter struct {
	line func([]byte)
	rest []byte
}

func (s *splitter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		s.rest = append(s.rest, line[:min(len(line), listLine-len(s.rest))]...)
		rest = after
		if ended {
			s.line(bytes.TrimRight(s.rest, "\r"))
			s.rest = s.rest[:0]
		}
	}
	return len(p), nil
}
