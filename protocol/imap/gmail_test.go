package imap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

const gmail = modern + " X-GM-EXT-1"

var labels = []string{"Clients", "Clients/A", "Clients/B"}

// labelled returns a server on which a label is a folder, with three mails: one
// with three labels, one with two, one with one. The last two are the same but
// for what the server calls them.
func labelled(t *testing.T) *mailtest.IMAPScript {
	s := &mailtest.IMAPScript{Caps: gmail}
	s.Folder("INBOX")
	s.Label(9001, mailtest.Message(1), labels...)
	s.Label(9002, mailtest.Message(2), labels[1:]...)
	s.Label(9003, mailtest.Message(2), "Clients/B")
	return s.Start(t)
}

func labelledSource(s *mailtest.IMAPScript) *imap.Source {
	source := scripted(s)
	source.Folder, source.Recursive = "Clients", true
	return source
}

// gms returns what is in a folder, by X-GM-MSGID.
func gms(s *mailtest.IMAPScript, folder string) (found []uint64) {
	for _, m := range s.Folder(folder).Mails {
		found = append(found, m.GM)
	}
	slices.Sort(found)
	return found
}

// A teller is a launcher's Sink that tells how often each mail came.
type teller struct {
	launcher *launcher.Launcher
	came     map[string]int // by X-GM-MSGID
}

func told(source launcher.Source, answer func(p *launcher.Parcel) error) *teller {
	t := &teller{came: make(map[string]int)}
	t.launcher = &launcher.Launcher{
		Name: "mail", Source: source, Observe: func(context.Context, launcher.Event) {},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			if answer != nil {
				if err := answer(p); err != nil {
					return err
				}
			}
			t.came[p.Meta["imap.gm-msgid"]]++
			return mailtest.Drain(ctx, p)
		}),
	}
	return t
}

// TestGmailLabels: a mail is handed over once, whatever labels it has, and let
// go of under all that are read.
func TestGmailLabels(t *testing.T) {
	s := labelled(t)
	source := labelledSource(s)
	source.Done, source.Rejected = "EZGED_OK", "EZGED_KO"
	sink := told(source, func(p *launcher.Parcel) error {
		if p.Meta["imap.gm-msgid"] == "9002" {
			return launcher.Reject(fmt.Errorf("not this one"))
		}
		return nil
	})
	for range 2 {
		if _, err := sink.launcher.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(sink.came) != 2 || sink.came["9001"] != 1 || sink.came["9003"] != 1 {
		t.Errorf("came %v, want 9001 and 9003 once each: they are two mails, whatever they say of themselves", sink.came)
	}
	for _, folder := range labels {
		if left := gms(s, folder); len(left) != 0 {
			t.Errorf("%s holds %d, want nothing: what was handed over has no label to be read again by", folder, left)
		}
	}
	if done, aside := gms(s, "EZGED_OK"), gms(s, "EZGED_KO"); !slices.Equal(done, []uint64{9001, 9003}) || !slices.Equal(aside, []uint64{9002}) {
		t.Errorf("EZGED_OK holds %d and EZGED_KO %d, want 9001 and 9003, and 9002", done, aside)
	}
}

// TestGmailStays: a mail that stays is known by its X-GM-MSGID, whatever label
// it gets later and whatever becomes of the UIDs.
func TestGmailStays(t *testing.T) {
	s := labelled(t)
	sink := told(labelledSource(s), nil)
	for range 2 {
		if _, err := sink.launcher.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Label(9003, mailtest.Message(2), "Clients")
		s.Folder("Clients/A").Validity++
	}
	for gm, n := range sink.came {
		if n != 1 {
			t.Errorf("mail %s came %d times, want once", gm, n)
		}
	}
	if len(sink.came) != 3 {
		t.Errorf("came %v, want three mails", sink.came)
	}
	for _, folder := range labels {
		for _, m := range s.Folder(folder).Mails {
			if m.GM != 9003 && !slices.Contains(m.Flags, `\Seen`) {
				t.Errorf("%s: mail %d has flags %q, want it marked as read", folder, m.GM, m.Flags)
			}
		}
	}
}

// TestGmailSettlesLater: what could not be let go of under one label is let go
// of by the next pass, and not handed over again.
func TestGmailSettlesLater(t *testing.T) {
	s := labelled(t)
	var refuse atomic.Int32
	moves := 0
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		if name != "UID MOVE" {
			return false
		}
		if moves++; moves == 1 {
			return false
		}
		if refuse.Add(1) > 2 {
			return false
		}
		c.Say("%s NO not now", tag)
		return true
	}
	source := labelledSource(s)
	source.Done = "EZGED_OK"
	sink := told(source, nil)
	if _, err := sink.launcher.Poll(t.Context()); err == nil || !strings.Contains(err.Error(), "not now") {
		t.Errorf("Poll: %v, want it to tell that mails could not be moved", err)
	}
	if left := gms(s, "Clients/B"); len(left) != 3 {
		t.Fatalf("Clients/B holds %d, want all three still", left)
	}
	if _, err := sink.launcher.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, folder := range labels {
		if left := gms(s, folder); len(left) != 0 {
			t.Errorf("%s holds %d, want nothing", folder, left)
		}
	}
	for gm, n := range sink.came {
		if n != 1 {
			t.Errorf("mail %s came %d times, want once", gm, n)
		}
	}
}

// TestGmailTellsNoID: a mail whose X-GM-MSGID the server keeps to itself stays
// where it is, and the others come.
func TestGmailTellsNoID(t *testing.T) {
	s := labelled(t)
	s.Folder("Clients/B").Mails[0].GM = 0
	source := labelledSource(s)
	source.Done = "EZGED_OK"
	sink := told(source, nil)
	_, err := sink.launcher.Poll(t.Context())
	if err == nil || !strings.Contains(err.Error(), "X-GM-MSGID of 1 mails") {
		t.Errorf("Poll: %v, want it to tell of the mail that is left", err)
	}
	if len(sink.came) != 3 || len(s.Folder("Clients/B").Mails) != 1 {
		t.Errorf("came %v, %d left in Clients/B: want three mails, and the one without an ID left", sink.came, len(s.Folder("Clients/B").Mails))
	}
}

// TestGmailOffersOnce: a pass offers a mail once, under whatever label comes first.
func TestGmailOffersOnce(t *testing.T) {
	s := labelled(t)
	source := labelledSource(s)
	source.ReadOnly = true
	var got shelf
	if err := source.Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.order) != 3 || len(got.bodies) != 3 {
		t.Errorf("offered %q, want each of three mails once", got.order)
	}
}
