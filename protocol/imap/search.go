package imap

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"golang.org/x/text/encoding/htmlindex"
)

// A Search narrows what a Source offers. A zero field does not narrow; with
// several, all must fit. Servers search in different ways, and some not at
// all: what they find is looked at again here, and where one refuses to search
// every mail is. A mail of which that cannot be told is offered.
type Search struct {
	Unseen  bool      // not marked as read
	From    string    // is part of the From field, whatever the case
	To      string    // is part of the To field, likewise
	Subject string    // is part of the Subject, likewise
	Since   time.Time // the Date field names this day or a later one
	Larger  int64     // in bytes
	Smaller int64
	Flag    string // it has this flag or keyword
	NotFlag string // it has not
}

// criteria returns s for the server.
func (s *Search) criteria() *goimap.SearchCriteria {
	c := &goimap.SearchCriteria{SentSince: s.Since}
	for _, f := range []goimap.SearchCriteriaHeaderField{{Key: "From", Value: s.From}, {Key: "To", Value: s.To}, {Key: "Subject", Value: s.Subject}} {
		if f.Value != "" {
			c.Header = append(c.Header, f)
		}
	}
	return c
}

// headers reports whether s asks for anything in the headers of mails.
func (s *Search) headers() bool {
	return s.From != "" || s.To != "" || s.Subject != "" || !s.Since.IsZero()
}

// listed reports whether what the listing tells of a mail fits.
func (s *Search) listed(b *box, m mail) bool {
	switch {
	case s.Unseen && b.flagged(&m, string(goimap.FlagSeen)),
		s.Flag != "" && !b.flagged(&m, s.Flag),
		s.NotFlag != "" && b.flagged(&m, s.NotFlag),
		s.Larger > 0 && m.size >= 0 && m.size <= s.Larger,
		s.Smaller > 0 && m.size >= s.Smaller:
		return false
	}
	return true
}

// header reports whether the fields of a mail fit.
func (s *Search) header(h textproto.MIMEHeader) bool {
	for field, part := range map[string]string{"From": s.From, "To": s.To, "Subject": s.Subject} {
		if part != "" && !contains(h.Values(field), part) {
			return false
		}
	}
	date, err := netmail.ParseDate(h.Get("Date"))
	if s.Since.IsZero() || err != nil {
		return true
	}
	// The day counts, as the Date field and Since name it, whatever the zone.
	y, m, d := date.Date()
	sy, sm, sd := s.Since.Date()
	return !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(time.Date(sy, sm, sd, 0, 0, 0, 0, time.UTC))
}

// contains reports whether part is in one of the values, as they stand or
// decoded.
func contains(values []string, part string) bool {
	decoder := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		e, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return e.NewDecoder().Reader(r), nil
	}}
	part = strings.ToLower(part)
	return slices.ContainsFunc(values, func(v string) bool {
		decoded, err := decoder.DecodeHeader(v)
		return strings.Contains(strings.ToLower(v), part) ||
			err == nil && strings.Contains(strings.ToLower(decoded), part)
	})
}

// narrow returns those of the mails in b that Source.Search wants.
func (p *pass) narrow(b *box, mails []mail) ([]mail, error) {
	want := p.s.Search
	if want == nil {
		return mails, nil
	}
	mails = slices.DeleteFunc(mails, func(m mail) bool { return !want.listed(b, m) })
	if len(mails) == 0 || !want.headers() {
		return mails, nil
	}
	main := p.lines[0]
	var found uids
	err := main.run(b, func(s *session) (err error) {
		s.in.plus.Store(true) // text that is not ASCII goes as a literal
		defer s.in.plus.Store(false)
		found, err = s.search(want.criteria(), int64(len(mails)))
		return err
	})
	switch {
	case err == nil:
		mails = slices.DeleteFunc(mails, func(m mail) bool { return !found.has(m.uid) })
	case isRefusal(err):
		p.warnings.Once(p.ctx, "folder "+plain(b.name), fmt.Errorf("every mail is looked at: %w", err))
	default:
		return nil, err
	}
	refused := make(map[uint32]bool)
	for rest := mails; len(rest) > 0; {
		part := rest[:min(maxSet, len(rest))]
		rest = rest[len(part):]
		err := main.run(b, func(s *session) error { return s.recheck(part, want, refused) })
		if err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	return slices.DeleteFunc(mails, func(m mail) bool { return refused[m.uid] }), nil
}

// maxFields bounds what is read of the fields of one mail.
const maxFields = 64 << 10

// recheck looks at the headers of mails and takes down those that do not fit.
func (s *session) recheck(mails []mail, want *Search, refused map[uint32]bool) error {
	section := &goimap.FetchItemBodySection{
		Specifier: goimap.PartSpecifierHeader, HeaderFields: []string{"From", "To", "Subject", "Date"}, Peek: true,
		Partial: &goimap.SectionPartial{Size: maxFields},
	}
	var set goimap.UIDSet
	for _, m := range mails {
		set.AddNum(goimap.UID(m.uid))
	}
	cost := budget + int64(len(mails))*(maxFields+1024)
	return s.bodies(set, section, cost, func(uid uint32, got body) error {
		var b bytes.Buffer
		if _, err := io.Copy(&b, io.LimitReader(got.lit, maxFields)); err != nil {
			return err
		}
		b.WriteString("\r\n\r\n")
		h, _ := textproto.NewReader(bufio.NewReader(&b)).ReadMIMEHeader()
		if len(h) > 0 && !want.header(h) {
			refused[uid] = true
		}
		return nil
	}, func(uint32) {})
}
