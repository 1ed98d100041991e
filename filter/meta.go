package filter

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
)

// The keys under which a mail's headers are found.
const (
	metaFrom    = "mail.from"
	metaSubject = "mail.subject"
)

// Meta returns a Filter that wants the documents for which p matches what is
// known under key, such as "mail.list-id". The document's own Meta is looked
// up first, then that of the mail or envelope it came in, its Unit. A document
// without that key is not wanted; one whose value is longer than MaxName is
// undecided. The * of a glob passes over slashes here.
func Meta(key string, p *Pattern) launcher.Filter {
	return &meta{key, p.change(func(c *Pattern) { c.subject = ofText })}
}

// Subject returns a Filter that wants the documents that came in a mail whose
// subject p matches: Meta("mail.subject", p). A regular expression begins at
// the start of the subject; to look for a word in it, use [Pattern.Search].
func Subject(p *Pattern) launcher.Filter { return Meta(metaSubject, p) }

type meta struct {
	key     string
	pattern *Pattern
}

func (m *meta) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	v, ok := lookUp(d, m.key)
	if !ok {
		return false, nil
	}
	return m.pattern.MatchString(v)
}

func (m *meta) cost() cost     { return pattern }
func (m *meta) String() string { return fmt.Sprintf("%s %s", m.key, m.pattern) }

func lookUp(d *launcher.Document, key string) (string, bool) {
	if v, ok := d.Meta[key]; ok {
		return v, true
	}
	if d.Unit == nil {
		return "", false
	}
	v, ok := d.Unit.Meta[key]
	return v, ok
}

// Sender returns a Filter that wants the documents that came in a mail from
// one of the addresses: "billing@example.org", or "@example.org" for all of a
// domain, without its subdomains. Case means nothing, and neither does the
// name beside the address, in which anyone can write anything. The header is
// "mail.from", looked up as by [Meta]; one that is not a list of addresses
// matches nothing.
//
// The sender of a mail is a claim, unless the server that took it in verified
// it.
func Sender(addresses ...string) launcher.Filter {
	s := make(sender, len(addresses))
	for i, a := range addresses {
		s[i] = strings.ToLower(strings.TrimSpace(a))
	}
	return s
}

type sender []string

func (s sender) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	v, ok := lookUp(d, metaFrom)
	if !ok {
		return false, nil
	}
	from, err := mail.ParseAddressList(v)
	if err != nil {
		return false, nil // not known to be from any of them
	}
	for _, a := range from {
		if s.has(strings.ToLower(a.Address)) {
			return true, nil
		}
	}
	return false, nil
}

func (s sender) has(address string) bool {
	for _, want := range s {
		if address == want || strings.HasPrefix(want, "@") && strings.HasSuffix(address, want) {
			return true
		}
	}
	return false
}

func (s sender) cost() cost     { return pattern }
func (s sender) String() string { return "sender " + strings.Join(s, ", ") }
