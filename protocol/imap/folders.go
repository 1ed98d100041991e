package imap

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
)

// layout is how a server names folders.
type layout struct {
	sep    string // between the parts of a name; "": there is one level only
	prefix string // of the account's own folders, such as "INBOX."
}

// A folder is one that LIST returned.
type folder struct {
	name  string
	attrs []goimap.MailboxAttr
}

func (f folder) has(attrs ...goimap.MailboxAttr) bool {
	return slices.ContainsFunc(attrs, func(a goimap.MailboxAttr) bool { return slices.Contains(f.attrs, a) })
}

func (f folder) selectable() bool {
	return !f.has(goimap.MailboxAttrNoSelect, goimap.MailboxAttrNonExistent)
}

// maxFolders bounds the folders of an account.
const maxFolders = 100_000

// layout asks how folders are named, and at the same time for the one that a
// person calls name, by the likeliest: find need not ask again if it is there.
// If inTurn it asks for one thing after the other.
func (s *session) layout(name string, inTurn bool) (layout, error) {
	var lay layout
	if s.caps.Has(goimap.CapNamespace) {
		var data *goimap.NamespaceData
		err := s.do(budget, func() (err error) {
			cmd := s.c.Namespace()
			if !inTurn {
				if f, ok, err := s.find(lay.names(name)[0]); ok && err == nil {
					s.found = &f
				}
			}
			data, err = cmd.Wait()
			return err
		})
		if err == nil && len(data.Personal) > 0 {
			lay.prefix, lay.sep = data.Personal[0].Prefix, separator(data.Personal[0].Delim)
			return lay, nil
		}
		if err != nil && !isRefusal(err) {
			return lay, fmt.Errorf("namespace: %w", err)
		}
	}
	err := s.list("", func(d *goimap.ListData) { lay.sep = separator(d.Delim) })
	return lay, err
}

func separator(delim rune) string {
	if delim == 0 {
		return ""
	}
	return string(delim)
}

// list calls f for each folder that matches pattern.
func (s *session) list(pattern string, f func(*goimap.ListData)) error {
	err := s.do(maxFolders*512, func() error {
		cmd := s.c.List("", pattern, nil)
		for d := cmd.Next(); d != nil; d = cmd.Next() {
			f(d)
		}
		return cmd.Close()
	})
	if err != nil {
		return fmt.Errorf("list %q: %w", pattern, err)
	}
	return nil
}

// find returns the folder with exactly that name, if there is one.
func (s *session) find(name string) (found folder, ok bool, err error) {
	if f := s.found; f != nil && f.name == name {
		s.found = nil
		return *f, true, nil
	}
	err = s.list(name, func(d *goimap.ListData) {
		if d.Mailbox == name { // name may hold wildcards
			found, ok = folder{d.Mailbox, d.Attrs}, true
		}
	})
	return found, ok, err
}

// below returns the folders below name, at any depth, sorted.
func (s *session) below(name, sep string) ([]folder, error) {
	if sep == "" {
		return nil, nil
	}
	var found []folder
	err := s.list(name+sep+"*", func(d *goimap.ListData) {
		if strings.HasPrefix(d.Mailbox, name+sep) && len(found) < maxFolders {
			found = append(found, folder{d.Mailbox, d.Attrs})
		}
	})
	slices.SortFunc(found, func(a, b folder) int { return strings.Compare(a.name, b.name) })
	return found, err
}

// names returns what a folder that a person calls name may be called on the
// server, likeliest first: as it stands, with the server's separator in the
// place of slashes, and with the prefix of the account's own folders.
func (lay layout) names(name string) []string {
	if name == "" || strings.EqualFold(name, "INBOX") {
		return []string{"INBOX"}
	}
	local := name
	if lay.sep != "" && lay.sep != "/" {
		local = strings.ReplaceAll(name, "/", lay.sep)
	}
	if head, tail, ok := strings.Cut(local, lay.sep); lay.sep != "" && ok && strings.EqualFold(head, "INBOX") {
		local = "INBOX" + lay.sep + tail
	}
	names := []string{name}
	for _, n := range []string{local, lay.prefix + local} {
		if !slices.Contains(names, n) && (n == local || !strings.HasPrefix(local, lay.prefix)) {
			names = append(names, n)
		}
	}
	return names
}

// own returns what a folder that a person calls name is to be called where the
// account's own folders are.
func (lay layout) own(name string) string {
	names := lay.names(name)
	return names[len(names)-1]
}

// resolve finds the folder that a person calls name.
func (s *session) resolve(lay layout, name string) (found folder, ok bool, err error) {
	for _, n := range lay.names(name) {
		if found, ok, err = s.find(n); ok || err != nil {
			return found, ok, err
		}
	}
	return folder{}, false, nil
}

// create creates the folder that a person calls name. Servers answer CREATE in
// so many ways that only looking afterwards tells.
func (s *session) create(lay layout, name string) (folder, error) {
	created := lay.own(name)
	refused := s.do(budget, func() error { return s.c.Create(created, nil).Wait() })
	if refused != nil && !isRefusal(refused) {
		return folder{}, fmt.Errorf("create %q: %w", created, refused)
	}
	found, ok, err := s.resolve(lay, name)
	switch {
	case err != nil:
		return folder{}, err
	case !ok && refused != nil:
		return folder{}, fmt.Errorf("create %q: %w", created, refused)
	case !ok:
		return folder{}, fmt.Errorf("create %q: server agreed, but there is no such folder", created)
	}
	return found, nil
}

// targets are the folders that mails are moved to, by the server's names.
type targets struct{ done, rejected string }

// A plan is what a pass does with folders, by the server's names.
type plan struct {
	root string   // what Source.Folder means
	read []string // folders to read
	to   targets

	missing []string // of to: what is still to be created
}

// prepare verifies the folders that are named in s, and creates those that
// mails are moved to. If dry it creates none, and asks whether the account may
// do all that a pass does. It returns all faults joined. inTurn is for layout.
func (s *Source) prepare(c *session, dry, inTurn bool) (p plan, err error) {
	lay, err := c.layout(s.Folder, inTurn)
	if err != nil {
		return p, err
	}
	var faults []error
	target := func(what, name string) string {
		if name == "" {
			return ""
		}
		f, there, err := c.target(lay, name, dry)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", what, err))
		}
		if !there {
			p.missing = append(p.missing, f)
		}
		return f
	}
	p.to = targets{target("done", s.Done), target("rejected", s.Rejected)}
	root, ok, err := c.resolve(lay, s.Folder)
	switch {
	case err != nil:
		faults = append(faults, err)
	case !ok:
		faults = append(faults, fmt.Errorf("there is no folder %q", s.Folder))
	case root.name == p.to.done || root.name == p.to.rejected:
		faults = append(faults, fmt.Errorf("folder %q is read, and mails are to be moved to it", root.name))
	}
	p.root = root.name
	switch {
	case !ok:
	case len(faults) > 0 || !s.Recursive:
		p.read = []string{root.name}
	default:
		if p.read, err = c.tree(root, lay.sep, p.to); err != nil {
			return p, err
		}
	}
	if dry {
		faults = append(faults, s.verify(c, lay, p))
	}
	return p, errors.Join(faults...)
}

// tree returns the folders to read from root downwards.
func (s *session) tree(root folder, sep string, to targets) (read []string, err error) {
	if root.selectable() {
		read = []string{root.name}
	}
	found, err := s.below(root.name, sep)
	for _, f := range found {
		if f.selectable() && !f.has(leftOut...) && !to.hold(f.name, root.name, sep) {
			read = append(read, f.name)
		}
	}
	return read, err
}

// leftOut are the folders that Recursive leaves out: they hold what was thrown
// away, not yet sent or sent from here, or what is in other folders too.
var leftOut = []goimap.MailboxAttr{
	goimap.MailboxAttrTrash, goimap.MailboxAttrJunk, goimap.MailboxAttrDrafts,
	goimap.MailboxAttrSent, goimap.MailboxAttrAll, goimap.MailboxAttrFlagged, goimap.MailboxAttrImportant,
}

// hold reports whether name is one of the targets, or below one that is itself
// below root.
func (t targets) hold(name, root, sep string) bool {
	for _, target := range []string{t.done, t.rejected} {
		if target == "" {
			continue
		}
		if name == target || strings.HasPrefix(name, target+sep) && strings.HasPrefix(target, root+sep) {
			return true
		}
	}
	return false
}

// target returns the server's name of a folder that mails are moved to, and
// whether it is there.
func (s *session) target(lay layout, name string, dry bool) (server string, there bool, err error) {
	f, there, err := s.resolve(lay, name)
	if !there && err == nil && !dry {
		f, err = s.create(lay, name)
		there = err == nil
	}
	switch {
	case err != nil || !there:
		return lay.own(name), there, err
	case !f.selectable():
		err = fmt.Errorf("folder %q cannot hold mails", f.name)
	}
	return f.name, true, err
}
