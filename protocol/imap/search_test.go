package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// TestSearch: the same mails are found whether the server searches well, too
// widely or not at all.
func TestSearch(t *testing.T) {
	servers := []struct {
		name string
		on   func(c *mailtest.Talk, tag, name, args string) bool
	}{
		{"finds too much", nil},
		{"refuses", func(c *mailtest.Talk, tag, name, args string) bool {
			if name == "UID SEARCH" {
				c.Say("%s NO [BADCHARSET] no", tag)
			}
			return name == "UID SEARCH"
		}},
		{"does not understand", func(c *mailtest.Talk, tag, name, args string) bool {
			if name == "UID SEARCH" {
				c.Say("%s BAD what", tag)
			}
			return name == "UID SEARCH"
		}},
	}
	tests := []struct {
		name   string
		search imap.Search
		want   []string // subjects
	}{
		{"everything", imap.Search{}, []string{"Facture 1", "facture 2", "Devis", "Reçu"}},
		{"subject", imap.Search{Subject: "FACTURE"}, []string{"Facture 1", "facture 2"}},
		{"encoded subject", imap.Search{Subject: "reçu"}, []string{"Reçu"}},
		{"from", imap.Search{From: "bob@"}, []string{"Devis"}},
		{"since", imap.Search{Since: time.Date(2025, 3, 1, 23, 0, 0, 0, time.UTC)}, []string{"Devis", "Reçu"}},
		{"unseen", imap.Search{Unseen: true, Subject: "facture"}, []string{"facture 2"}},
		{"flag", imap.Search{Flag: "$Cold"}, []string{"Devis"}},
		{"not flag", imap.Search{NotFlag: "$cold"}, []string{"Facture 1", "facture 2", "Reçu"}},
	}
	mails := []struct{ subject, raw, from, date, flags string }{
		{"Facture 1", "Facture 1", "alice@example.org", "Fri, 28 Feb 2025 10:00:00 +0100", `\Seen`},
		{"facture 2", "facture 2", "alice@example.org", "Fri, 28 Feb 2025 23:30:00 +0100", ``},
		{"Devis", "Devis", "Bob <bob@example.org>", "Sat, 1 Mar 2025 00:30:00 +0100", `\Seen $Cold`},
		{"Reçu", "=?iso-8859-15?Q?Re=E7u?=", "carol@example.org", "no date", ``},
	}
	for _, server := range servers {
		for _, test := range tests {
			t.Run(server.name+"/"+test.name, func(t *testing.T) {
				s := &mailtest.IMAPScript{Caps: modern, OnCommand: server.on}
				subjects := make(map[string]string)
				for i, m := range mails {
					s.Folder("INBOX").Mails = append(s.Folder("INBOX").Mails, mailtest.NewMail(uint32(i+1),
						fmt.Appendf(nil, "Subject: %s\r\nFrom: %s\r\nDate: %s\r\n\r\ntext\r\n", m.raw, m.from, m.date)))
					s.Folder("INBOX").Mails[i].Flags = strings.Fields(m.flags)
					subjects[fmt.Sprintf("INBOX uid %d", i+1)] = m.subject
				}
				s.Start(t)
				source := scripted(s)
				source.ReadOnly, source.Search = true, &test.search
				var got shelf
				if err := source.Poll(t.Context(), &got); err != nil {
					t.Fatal(err)
				}
				slices.Sort(got.order)
				var found []string
				for _, origin := range got.order {
					found = append(found, subjects[origin])
				}
				if !slices.Equal(found, test.want) {
					t.Errorf("offered %q, want %q", found, test.want)
				}
			})
		}
	}
}
