package imap

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
)

// needed returns the rights (RFC 4314) that letting go of mails takes in a
// folder that is read; "" if nothing is done to them there.
func (s *Source) needed(caps goimap.CapSet) string {
	if s.changesNothing() {
		return ""
	}
	need := "r"
	if s.Done != "" || s.Rejected != "" || s.After == Delete {
		need += "t"
		if caps.Has(goimap.CapMove) || caps.Has(goimap.CapUIDPlus) {
			need += "e" // RFC 6851, 4.1: MOVE takes what COPY, STORE and EXPUNGE take
		}
	}
	if s.Done == "" && (s.After == Seen || s.After == Flag) {
		need += flagRight(s.flag())
	}
	return need
}

// flagRight returns the right to set a flag.
func flagRight(f goimap.Flag) string {
	switch {
	case strings.EqualFold(string(f), string(goimap.FlagSeen)):
		return "s"
	case strings.EqualFold(string(f), string(goimap.FlagDeleted)):
		return "t"
	}
	return "w"
}

// verify asks whether the account may do what a pass does in the folders of p.
// It returns all faults joined.
func (s *Source) verify(c *session, lay layout, p plan) error {
	var faults []error
	ask := func(name, need string) (known bool, err error) {
		known, err = c.allows(name, need)
		if errors.Is(err, errReadOnly) {
			faults, err = append(faults, fmt.Errorf("folder %q: %w", name, err)), nil
		}
		return known, err
	}
	if need := s.needed(c.caps); need != "" {
		for _, name := range p.read {
			if _, err := ask(name, need); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{p.to.done, p.to.rejected} {
		need := "i"
		if slices.Contains(p.missing, name) {
			need, name = "k", lay.parent(name)
		}
		for name != "" {
			known, err := ask(name, need)
			if err != nil {
				return err
			}
			if known || need == "i" {
				break
			}
			name = lay.parent(name) // RFC 4314, 4: the nearest that exists counts
		}
	}
	return errors.Join(faults...)
}

// parent returns the name of the folder that holds another; "" if none does.
func (lay layout) parent(name string) string {
	if lay.sep == "" {
		return ""
	}
	return name[:max(0, strings.LastIndex(name, lay.sep))]
}

// allows asks whether the account has all the rights needed in a folder. The
// error is errReadOnly if it lacks some. known is false where the server does
// not tell, for want of ACL or because it refuses to.
func (s *session) allows(name, need string) (known bool, err error) {
	if !s.caps.Has(goimap.CapACL) {
		return false, nil
	}
	s.in.takeRights()
	err = s.do(budget, func() error {
		_, err := s.c.MyRights(name).Wait()
		return err
	})
	have := s.in.takeRights()
	switch {
	case err != nil && !isRefusal(err):
		return false, fmt.Errorf("rights in %q: %w", name, err)
	case err != nil || have == nil:
		return false, nil
	}
	if lacks := s.lacks(*have, need); lacks != "" {
		return true, &lacking{*have, lacks}
	}
	return true, nil
}

// lacks returns the rights of those needed that the account does not have.
func (s *session) lacks(have, need string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(have, r) || strings.ContainsRune(have, s.older(r)) {
			return -1
		}
		return r
	}, need)
}

// older returns the right of RFC 2086 that stands for r on servers that do not
// know r. Those that do tell so: there the old right says less.
func (s *session) older(r rune) rune {
	for c := range s.caps {
		if list, ok := strings.CutPrefix(string(c), "RIGHTS="); ok && strings.ContainsRune(strings.ToLower(list), r) {
			return r
		}
	}
	switch r {
	case 'k':
		return 'c'
	case 't', 'e':
		return 'd'
	}
	return r
}

// lacking is that the account lacks rights in a folder. It is errReadOnly.
type lacking struct{ have, lacks string }

func (l *lacking) Error() string {
	var names []string
	for _, r := range l.lacks {
		names = append(names, fmt.Sprintf("%c (%s)", r, rightNames[r]))
	}
	text := fmt.Sprintf("the account has the rights %q there, and lacks %s", l.have, strings.Join(names, ", "))
	if !strings.ContainsAny(l.lacks, "ik") {
		text += "; set ReadOnly if nothing is to be changed there"
	}
	return text
}

func (l *lacking) Is(target error) bool { return target == errReadOnly }

var rightNames = map[rune]string{
	'r': "read",
	's': "mark as read",
	'w': "set flags",
	't': "mark as deleted",
	'e': "expunge",
	'i': "put mails there",
	'k': "create folders there",
}

// rightsIn returns the rights in a MYRIGHTS response, in lower case; ok is false
// if there are none that can be read.
func rightsIn(args []byte) (rights string, ok bool) {
	name := valueLen(args)
	if name <= 0 || name == len(args) {
		return "", false
	}
	rights = strings.ToLower(strings.TrimSpace(string(args[name:])))
	if quoted, found := strings.CutPrefix(rights, `"`); found {
		rights = strings.TrimSuffix(quoted, `"`)
	}
	return rights, strings.Trim(rights, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
