package mail

import (
	"bytes"
	netmail "net/mail"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	gomail "github.com/emersion/go-message/mail"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// headerMeta returns what is known of a mail with that header.
func headerMeta(h mime.Header) map[string]string {
	meta := map[string]string{}
	putHeader(meta, h, fields(nil))
	return meta
}

// theirs returns the header of go-message, of one field.
func theirs(field, value string) *gomail.Header {
	h := new(gomail.Header)
	h.Set(field, value)
	return h
}

// readable returns what go-message reads in a field, and an error if that is
// not all of it or the field is not there.
func readable(field, value string) (ids []string, at time.Time, err error) {
	h := theirs(field, value)
	if field == "date" {
		at, err = h.Date()
	} else {
		ids, err = h.MsgIDList(field)
	}
	return ids, at, err
}

// What go-message reads of a header is read as well, and alike; of much that
// real mails have, it reads nothing. Should a row say otherwise one day, it is
// worth another look: see the package comment.
func TestHeadersThatGoMessageRefuses(t *testing.T) {
	tests := []struct {
		field, value string
		want         string
		refused      bool // by go-message
	}{
		{"message-id", "<1@example.org>", "<1@example.org>", false},
		{"message-id", "<1@[192.0.2.1]>", "<1@[192.0.2.1]>", false},
		{"message-id", "<1@example.org> (added by postmaster@example.org)", "<1@example.org> (added by postmaster@example.org)", false},
		{"message-id", "1@example.org", "1@example.org", true},
		{"message-id", "<1>", "<1>", true},
		{"message-id", "< 1@example.org >", "< 1@example.org >", true},
		{"message-id", "<1:2@example.org>", "<1:2@example.org>", true},
		{"message-id", "<1@2@example.org>", "<1@2@example.org>", true},
		{"message-id", `<"1 2"@example.org>`, `<"1 2"@example.org>`, true},
		{"message-id", "<[1]@example.org>", "<[1]@example.org>", true},
		{"message-id", "<\xe9t\xe9@example.org>", "<été@example.org>", true},
		{"message-id", "=?utf-8?q?=3C1=40example=2Eorg=3E?=", "<1@example.org>", true},
		{"references", "<1@example.org> <2@example.org>", "<1@example.org> <2@example.org>", false},
		{"references", "<1@example.org>, <2@example.org>", "<1@example.org>, <2@example.org>", true},
		{"references", "<1@example.org> <2> <3@example.org>", "<1@example.org> <2> <3@example.org>", true},
		{"references", "<1@example.org> <2@exam", "<1@example.org> <2@exam", true},
		{"in-reply-to", "<1@example.org>", "<1@example.org>", false},
		{"in-reply-to", `Your message of "Mon, 4 May 2026" <1@example.org>`, `Your message of "Mon, 4 May 2026" <1@example.org>`, true},
		{"in-reply-to", "<1@example.org> from Renée", "<1@example.org> from Renée", true},
		{"date", "Mon, 4 May 2026 09:59:58 +0200", "2026-05-04T09:59:58+02:00", false},
		{"date", "Mon, 4 May 2026\t09:59:58 +0200 (CEST)", "2026-05-04T09:59:58+02:00", true},
		{"date", "Mon,  4 May 2026 09:59:58 +0200", "2026-05-04T09:59:58+02:00", false},
		{"date", "2026-05-04T09:59:58+02:00", "2026-05-04T09:59:58+02:00", true},
		{"date", "2026-05-04 09:59:58", "2026-05-04T09:59:58Z", true},
		{"date", "Mon May  4 09:59:58 2026", "2026-05-04T09:59:58Z", true},
	}
	for _, tt := range tests {
		meta := headerMeta(mime.Header{{Name: tt.field, Value: tt.value}})
		if got := meta["mail."+tt.field]; got != tt.want {
			t.Errorf("%s %q reads as %q, want %q", tt.field, tt.value, got, tt.want)
		}
		if _, _, err := readable(tt.field, tt.value); (err != nil) != tt.refused {
			t.Errorf("%s %q: go-message says %v, want an error: %v", tt.field, tt.value, err, tt.refused)
		}
	}
}

// No header of the samples is read less well than by go-message, although it is
// given the fields as our reader found them. Of 1145 it refuses 77; all but 9,
// which are dates that are none, are read here.
func TestHeadersAreReadAsWellAsByGoMessage(t *testing.T) {
	paths, err := filepath.Glob(samples(t, "mail", "eml", "*.eml"))
	if err != nil || len(paths) < 300 {
		t.Fatalf("%d samples, %v", len(paths), err)
	}
	given, refused, kept := map[string]int{}, map[string]int{}, map[string]int{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		check(t, err)
		limits := mime.Limits{Depth: 100, Parts: 10_000, Header: 8 << 20, Line: 256 << 10, Fields: newPass(&Source{}).names}
		root, err := new(mime.Buffers).Parse(bytes.NewReader(raw), int64(len(raw)), limits)
		check(t, err)
		for p := range root.Walk() {
			if p.Header == nil {
				continue
			}
			meta := headerMeta(p.Header)
			for _, field := range []string{"message-id", "in-reply-to", "references", "date", "from", "sender", "reply-to", "to", "cc"} {
				value := p.Header.Get(field)
				if value == "" {
					continue
				}
				given[field]++
				got := meta["mail."+field]
				if readAlike(t, field, value, got) {
					continue
				}
				refused[field]++
				switch {
				case got != "":
					kept[field]++
				case field != "date":
					t.Errorf("%s: %s %q reads as nothing, want what can be kept of it", filepath.Base(path), field, value)
				}
			}
		}
	}
	t.Logf("of %v go-message refuses %v; of these are read here %v", given, refused, kept)
}

// readAlike reports whether go-message reads a field, and checks that got, our
// reading, says the same.
func readAlike(t *testing.T, field, value, got string) bool {
	t.Helper()
	switch field {
	case "from", "sender", "reply-to", "to", "cc":
		want, err := theirs(field, value).AddressList(field)
		if err != nil {
			return false
		}
		list, err := readAddresses(got)
		if err != nil || !slices.EqualFunc(list, values(want), isSame) {
			t.Errorf("%s %q reads as %q: %v, %v; go-message reads %v", field, value, got, list, err, values(want))
		}
		return true
	}
	list, at, err := readable(field, value)
	if err != nil {
		return false
	}
	if field == "date" {
		if want := at.Format(time.RFC3339); got != want {
			t.Errorf("%s %q reads as %q, want %q", field, value, got, want)
		}
		return true
	}
	for rest := got; len(list) > 0; list = list[1:] {
		_, after, ok := strings.Cut(rest, "<"+list[0]+">")
		if !ok {
			t.Errorf("%s %q reads as %q, want <%s> in it", field, value, got, list[0])
		}
		rest = after
	}
	return true
}

// isSame compares addresses as shown: go-message leaves encoded words inside
// quotes as they are.
func isSame(a, b netmail.Address) bool {
	shown := func(name string) string { return strings.Join(strings.Fields(mime.Text(name)), " ") }
	return a.Address == b.Address && shown(a.Name) == shown(b.Name)
}

// A header is read in time that is linear in its length, so that nobody can
// make a mail that takes minutes. Memory tells, for it does not depend on the
// machine. In Go 1.25.0, net/mail takes quadratic time as go-message does.
func TestHeadersCostLinearTime(t *testing.T) {
	cost := func(n int, read func(comment string)) float64 {
		comment := "(" + strings.Repeat("x", n) + ")"
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		read(comment)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	const n = 4 << 10
	const date = "Mon, 4 May 2026 09:59:58 +0200 "
	for field, value := range map[string]string{
		"date": date, "received": "from a by b; " + date, "message-id": "<1@example.org> ", "references": "<1@example.org> ",
		"from": "a@example.org ", "subject": "s ",
	} {
		ours := func(comment string) { headerMeta(mime.Header{{Name: field, Value: value + comment}}) }
		if once, fourfold := cost(n, ours), cost(4*n, ours); fourfold > 8*once {
			t.Errorf("%s: a comment four times as long takes %.1f times the memory, want it linear", field, fourfold/once)
		}
	}
	msgIDs := func(comment string) { theirs("References", comment+" <1@example.org>").MsgIDList("References") }
	t.Logf("in go-message, a comment four times as long takes %.1f times the memory", cost(4*n, msgIDs)/cost(n, msgIDs))
}
