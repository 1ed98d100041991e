package imap_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

const (
	acl     = " ACL RIGHTS=texk" // RFC 4314
	oldACL  = " ACL"             // RFC 2086
	allowed = ""                 // what a Check says that finds nothing
)

// harmless are commands that change nothing, as far as they are used here.
var harmless = []string{"CAPABILITY", "AUTHENTICATE", "NAMESPACE", "LIST", "MYRIGHTS", "EXAMINE", "UID FETCH", "UID SEARCH", "LOGOUT"}

// check returns what Check says of a source.
func check(t *testing.T, source launcher.Source) string {
	t.Helper()
	l := &launcher.Launcher{Name: "x", Source: source, Sink: &shelf{}, Observe: func(context.Context, launcher.Event) {}}
	if err := l.Check(t.Context()); err != nil {
		return err.Error()
	}
	return allowed
}

// TestRights: Check tells what the account may not do, where the server tells
// it, and changes nothing.
func TestRights(t *testing.T) {
	moves := func(s *imap.Source) { s.Done = "Done" }
	seen := func(s *imap.Source) {}
	tests := []struct {
		name   string
		caps   string
		set    func(*imap.Source)
		rights map[string]string // of folders, as they come after the name; "NO": refused; "": no answer
		want   []string          // in what Check says; nil: it finds nothing
		asked  []string          // folders, if that matters
	}{
		{"all", modern + acl, moves, map[string]string{"INBOX": " lrswipkxtecda", "Done": " lrswipkxtecda"}, nil, []string{"INBOX", "Done"}},
		{"only what a move takes", modern + acl, moves, map[string]string{"INBOX": " rte", "Done": " i"}, nil, nil},
		{"a move, read only", modern + acl, moves, map[string]string{"INBOX": " lrs", "Done": " lrs"},
			[]string{`folder "INBOX": the account has the rights "lrs" there, and lacks t (mark as deleted), e (expunge)`, `folder "Done"`, "lacks i (put mails there)"}, nil},
		{"d that stands for x", modern + acl, moves, map[string]string{"INBOX": " lrskxcd", "Done": " i"}, []string{"lacks t (mark as deleted), e (expunge)"}, nil},
		{"d of old", modern + oldACL, moves, map[string]string{"INBOX": ` "acdilrsw"`, "Done": ` "acdilrsw"`}, nil, nil}, // as Courier has it
		{"read only of old", modern + oldACL, moves, map[string]string{"INBOX": " lrsc", "Done": " i"}, []string{"lacks t (mark as deleted), e (expunge)"}, nil},
		{"a move that leaves mails marked as deleted", acl, moves, map[string]string{"INBOX": " rt", "Done": " i"}, nil, nil},
		{"no reading", modern + acl, seen, map[string]string{"INBOX": " lsw"}, []string{"lacks r (read)"}, nil},
		{"seen", modern + acl, seen, map[string]string{"INBOX": " lrs"}, nil, []string{"INBOX"}},
		{"seen, but not for long", modern + acl, seen, map[string]string{"INBOX": " lrwte"}, []string{"lacks s (mark as read)"}, nil},
		{"a keyword", modern + acl, func(s *imap.Source) { s.After, s.Flag = imap.Flag, "$Cold" }, map[string]string{"INBOX": " lrste"}, []string{"lacks w (set flags)"}, nil},
		{`\Deleted as a flag`, modern + acl, func(s *imap.Source) { s.After, s.Flag = imap.Flag, `\deleted` }, map[string]string{"INBOX": " lrsw"}, []string{"lacks t (mark as deleted);"}, nil},
		{"delete", modern + acl, func(s *imap.Source) { s.After = imap.Delete }, map[string]string{"INBOX": " lrt"}, []string{"lacks e (expunge)"}, nil},
		{"seen, and the refused ones moved", modern + acl, func(s *imap.Source) { s.Rejected = "Done" }, map[string]string{"INBOX": " lrte", "Done": " lr"},
			[]string{`lacks s (mark as read)`, `folder "Done"`}, nil},
		{"a folder to be created", modern + acl, func(s *imap.Source) { s.Done = "INBOX/new" }, map[string]string{"INBOX/new": "NO", "INBOX": " lrste"}, []string{"lacks k (create folders there)"}, nil},
		{"a folder to be created, of old", modern + oldACL, func(s *imap.Source) { s.Done = "INBOX/new" }, map[string]string{"INBOX": " lrsdc"}, nil, nil},
		{"a folder to be created, two levels down", modern + acl, func(s *imap.Source) { s.Done = "INBOX/a/b" }, map[string]string{"INBOX/a": "NO", "INBOX": " lrstek"}, nil, []string{"INBOX", "INBOX/a", "INBOX"}},
		{"a folder to be created at the top", modern + acl, func(s *imap.Source) { s.Done = "new" }, map[string]string{"INBOX": " lrste"}, nil, []string{"INBOX"}},
		{"all folders", modern + acl, func(s *imap.Source) { s.Recursive = true }, map[string]string{"INBOX": " lrs", "INBOX/one": " lr", "INBOX/two": " lr"},
			[]string{`folder "INBOX/one"`, `folder "INBOX/two"`}, []string{"INBOX", "INBOX/one", "INBOX/two"}},
		{"none", modern + acl, seen, map[string]string{"INBOX": ` ""`}, []string{`has the rights "" there`}, nil},
		{"in quotes, in capitals", modern + acl, seen, map[string]string{"INBOX": ` "LRS"`}, nil, nil},
		{"refused", modern + acl, moves, map[string]string{"INBOX": "NO", "Done": "NO"}, nil, []string{"INBOX", "Done"}},
		{"no answer", modern + acl, moves, map[string]string{"INBOX": "", "Done": ""}, nil, nil},
		{"garbage", modern + acl, moves, map[string]string{"INBOX": " (l r", "Done": " l{r"}, nil, nil},
		{"no ACL", modern, moves, map[string]string{"INBOX": " l"}, nil, []string{}},
		{"ReadOnly", modern + acl, func(s *imap.Source) { s.ReadOnly = true }, map[string]string{"INBOX": " lr"}, nil, []string{}},
		{"nothing", modern + acl, func(s *imap.Source) { s.After = imap.Nothing }, map[string]string{"INBOX": " lr"}, nil, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &mailtest.IMAPScript{Caps: test.caps}
			var asked []string
			s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
				if name != "MYRIGHTS" {
					return false
				}
				folder := strings.Trim(args, `"`)
				asked = append(asked, folder)
				rights := test.rights[folder]
				switch rights {
				case "NO":
					c.Say("%s NO no such folder", tag)
					return true
				case "":
				default:
					c.Say(`* MYRIGHTS "%s"%s`, folder, rights)
				}
				c.Say("%s OK done", tag)
				return true
			}
			for _, folder := range []string{"INBOX", "INBOX/one", "INBOX/two", "Done"} {
				s.Fill(folder, messages(2)...)
			}
			s.Start(t)
			defer noLeaks(t, s)()
			source := scripted(s)
			test.set(source)
			said := check(t, source)
			if test.want == nil && said != allowed {
				t.Errorf("Check says %q, want nothing", said)
			}
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("Check says %q, want %q", said, want)
				}
			}
			if test.asked != nil && !slices.Equal(asked, test.asked) {
				t.Errorf("the rights in %q were asked for, want %q", asked, test.asked)
			}
			for _, c := range s.Commands() {
				if !slices.ContainsFunc(harmless, func(h string) bool { return strings.HasPrefix(c, h) }) {
					t.Errorf("Check sent %q, want nothing that can change something", c)
				}
			}
		})
	}
}

// TestReadOnlyFolder: a folder that may only be read fails before a mail is
// handed over, unless what is to be done there is allowed all the same.
func TestReadOnlyFolder(t *testing.T) {
	for name, test := range map[string]struct {
		caps, rights string
		want         string
	}{
		"without ACL":             {modern, "", "may only read it"},
		"allowed all the same":    {modern + acl, "lrs", ""},
		"not allowed":             {modern + acl, "lr", "lacks s"},
		"the server does not say": {modern + acl, "(", "may only read it"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &mailtest.IMAPScript{Caps: test.caps}
			s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
				switch name {
				case "SELECT":
					c.Say("* 0 EXISTS")
					c.Say("%s OK [READ-ONLY] done", tag)
					return true
				case "MYRIGHTS":
					c.Say("* MYRIGHTS INBOX %s", test.rights)
					c.Say("%s OK done", tag)
					return true
				}
				return false
			}
			s.Fill("INBOX")
			s.Start(t)
			err := scripted(s).Poll(t.Context(), &shelf{})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Poll: %v, want %q", err, test.want)
			}
		})
	}
}

// grant sets the rights of a user in a folder.
func (h *hand) grant(t *testing.T, folder, user, rights string) {
	t.Helper()
	c := h.client(t)
	defer c.Close()
	if err := c.SetACL(folder, goimap.RightsIdentifier(user), goimap.RightModificationReplace, goimap.RightSet(rights)).Wait(); err != nil {
		t.Fatal(err)
	}
}

// state tells all that can be seen of an account without changing it.
func (h *hand) state(t *testing.T, folders ...string) string {
	t.Helper()
	c := h.client(t)
	defer c.Close()
	list, err := c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintln(&b, f.Mailbox, f.Attrs)
	}
	for _, folder := range folders {
		if _, err := c.Select(folder, &goimap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			t.Fatal(err)
		}
		mails, err := c.Fetch(goimap.UIDSet{{Start: 1}}, &goimap.FetchOptions{UID: true, Flags: true}).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mails {
			fmt.Fprintln(&b, folder, m.UID, m.Flags)
		}
	}
	return b.String()
}

// TestReadOnlyAccount: on a real server, an account that may only read fails at
// Check, not in the first pass, and one that may do what is to be done does not.
// Check changes nothing there.
func TestReadOnlyAccount(t *testing.T) {
	for name, test := range map[string]struct {
		start  func(t *testing.T) *mailtest.MailServer
		prefix string
	}{
		"dovecot": {func(t *testing.T) *mailtest.MailServer { return mailtest.DovecotWith(t, mailtest.ACL) }, ""},
		"cyrus":   {func(t *testing.T) *mailtest.MailServer { return mailtest.Cyrus(t) }, "INBOX."},
	} {
		t.Run(name, func(t *testing.T) {
			server := test.start(t)
			h := &hand{server.IMAP, "alice", mailtest.Password("alice")}
			h.add(t, "one", []byte("x"))
			h.add(t, "two", []byte("x"))
			done := test.prefix + "Done"
			c := h.client(t)
			if err := errors.Join(c.Create(done, nil).Wait(), c.Close()); err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct {
				inbox, done string // rights
				set         func(*imap.Source)
				want        []string
			}{
				{"lrswipkxtea", "lrswipkxtea", func(s *imap.Source) { s.Done, s.Rejected = "Done", "Done/KO" }, nil},
				{"lrswipkxtea", "lrswipkxtea", func(s *imap.Source) { s.Done = "EZGED_OK" }, nil},
				{"lrswipkxtea", "lrsa", func(s *imap.Source) { s.Done = "Done" }, []string{"Done", "lacks i"}},
				{"lrsxa", "lrswipkxtea", func(s *imap.Source) { s.Done = "Done" }, []string{"INBOX", "lacks t", "e (expunge)"}},
				{"lrsxa", "lrswipkxtea", func(s *imap.Source) { s.After = imap.Flag }, []string{"INBOX", "lacks w"}},
				{"lra", "lrswipkxtea", func(s *imap.Source) {}, []string{"INBOX", "lacks s"}},
				{"lra", "lrswipkxtea", func(s *imap.Source) { s.ReadOnly = true }, nil},
				{"lrsa", "lrswipkxtea", func(s *imap.Source) {}, nil},
			} {
				h.grant(t, "INBOX", "alice", step.inbox)
				h.grant(t, done, "alice", step.done)
				before := h.state(t, "INBOX", done)
				source := sourceOf(server, "alice")
				step.set(source)
				said := check(t, source)
				if (said == allowed) != (step.want == nil) {
					t.Errorf("with the rights %q in INBOX and %q in Done, Check says %q, want %q", step.inbox, step.done, said, step.want)
				}
				for _, want := range step.want {
					if !strings.Contains(said, want) {
						t.Errorf("with the rights %q in INBOX and %q in Done, Check says %q, want %q", step.inbox, step.done, said, want)
					}
				}
				if after := h.state(t, "INBOX", done); after != before {
					t.Errorf("after Check:\n%s\nwant what was there before:\n%s", after, before)
				}
			}
			// What Check passed last can be done.
			var got shelf
			if err := sourceOf(server, "alice").Poll(t.Context(), &got); err != nil || len(got.bodies) != 2 {
				t.Errorf("a pass that Check found nothing in: %v, %d mails, want 2", err, len(got.bodies))
			}
			if left := h.state(t, "INBOX"); strings.Count(left, `\Seen`) != 2 {
				t.Errorf("after a pass that Check found nothing in:\n%s\nwant both mails to be \\Seen", left)
			}
		})
	}
}

// TestSharedFolder: what an account may do in a folder of another's is told by
// Check, and the pass finds the same.
func TestSharedFolder(t *testing.T) {
	server := mailtest.Cyrus(t, "alice", "bob")
	alice := &hand{server.IMAP, "alice", mailtest.Password("alice")}
	alice.add(t, "one", []byte("x"))
	(&hand{server.IMAP, "bob", mailtest.Password("bob")}).add(t, "own", []byte("x"))
	for _, step := range []struct{ rights, done, lacks string }{
		{"lr", "", "lacks s"},
		{"lrs", "", ""},
		{"lrs", "Taken", "lacks t (mark as deleted), e (expunge)"},
		{"lrste", "Taken", ""},
	} {
		alice.grant(t, "INBOX", "bob", step.rights)
		source := sourceOf(server, "bob")
		source.Folder, source.Done = "user.alice", step.done
		said := check(t, source)
		if (said == allowed) != (step.lacks == "") || !strings.Contains(said, step.lacks) {
			t.Errorf("with the rights %q and Done %q, Check says %q, want %q", step.rights, step.done, said, step.lacks)
		}
		if step.lacks != "" && step.done != "" {
			continue // a server may only notice when mails are moved
		}
		var got shelf
		if err := source.Poll(t.Context(), &got); (err == nil) != (step.lacks == "") || (len(got.bodies) == 1) != (step.lacks == "") {
			t.Errorf("with the rights %q and Done %q, a pass takes %d mails: %v", step.rights, step.done, len(got.bodies), err)
		}
	}
	if left := alice.names(t, "INBOX"); len(left) != 0 {
		t.Errorf("%q left in the shared folder, want all moved", left)
	}
}
