package console

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// Every text that the pages ask for is there in both languages, and no other.
func TestWordsAreComplete(t *testing.T) {
	used := make(map[string]bool)
	for _, c := range []string{"stored", "failed", "rejected", "unrouted", "unread", "missed", "ended", "clock", "watch", "warning", "pass"} {
		used["ev."+c] = true
	}
	for _, v := range []launcher.Verdict{launcher.WouldStore, launcher.WouldFilter, launcher.WouldMiss, launcher.WouldKnow,
		launcher.WouldWait, launcher.WouldRest, launcher.WouldReject, launcher.WouldFail} {
		used["v."+string(v)] = true
	}
	for _, a := range []Action{Pause, Resume, Run, Requeue, Discard} {
		used["done."+string(a)] = true
	}
	for _, f := range fields {
		used["field."+f] = true
	}
	for _, name := range []string{"dir.Source", "imap.Source", "pop3.Source", "mail.Source", "backup.Source", "adullact.Source", "folder.Sink"} {
		used["type."+name] = true
	}
	text := source(t)
	for _, m := range regexp.MustCompile(`\.T "([^"]+)"|\.N "([^"]+)"`).FindAllStringSubmatch(text, -1) {
		mark(used, m[1]+m[2])
	}
	for _, m := range regexp.MustCompile(`"([a-z]+\.?[a-z.]*)"`).FindAllStringSubmatch(text, -1) {
		mark(used, m[1])
	}
	for key := range used {
		both, ok := words[key]
		if !ok {
			t.Errorf("%q is used and has no text", key)
			continue
		}
		if both[0] == "" || both[1] == "" || strings.Count(both[0], "%") != strings.Count(both[1], "%") {
			t.Errorf("%q is %q: a language is missing, or they differ in what they take", key, both)
		}
	}
	for key := range words {
		if !used[key] {
			t.Errorf("%q has texts and is not used", key)
		}
	}
}

// mark takes down that key is used, if it is one, or the two forms of a number.
func mark(used map[string]bool, key string) {
	if _, ok := words[key+".one"]; ok {
		used[key+".one"], used[key+".all"] = true, true
	}
	_, ok := words[key]
	if ok || strings.HasPrefix(key, "fault.") || strings.HasPrefix(key, "state.") {
		used[key] = true
	}
}

// source returns the templates and the program, but not the words.
func source(t *testing.T) string {
	var all strings.Builder
	for _, pattern := range []string{"*.go", "web/*.html"} {
		names, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name == "words.go" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	return all.String()
}

func TestSpoken(t *testing.T) {
	now := time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in     time.Duration
		en, fr string
	}{
		{0, "now", "maintenant"},
		{12 * time.Second, "in 12\u00a0s", "dans 12\u00a0s"},
		{-3*time.Minute - 40*time.Second, "3\u00a0min ago", "il y a 3\u00a0min"},
		{-47 * time.Hour, "47\u00a0h ago", "il y a 47\u00a0h"},
		{72 * time.Hour, "in 3\u00a0d", "dans 3\u00a0j"},
	} {
		if en, fr := relative(english, now.Add(c.in), now), relative(french, now.Add(c.in), now); en != c.en || fr != c.fr {
			t.Errorf("%v from now is %q and %q, want %q and %q", c.in, en, fr, c.en, c.fr)
		}
	}
	for _, c := range []struct {
		n      int64
		en, fr string
	}{
		{999, "999\u00a0B", "999\u00a0o"}, {1000, "1.0\u00a0kB", "1,0\u00a0ko"}, {99_960, "100\u00a0kB", "100\u00a0ko"},
		{999_500, "1.0\u00a0MB", "1,0\u00a0Mo"}, {4_300_000, "4.3\u00a0MB", "4,3\u00a0Mo"}, {1 << 62, "4.6\u00a0EB", "4,6\u00a0Eo"},
	} {
		if en, fr := size(english, c.n), size(french, c.n); en != c.en || fr != c.fr {
			t.Errorf("%d bytes are %q and %q, want %q and %q", c.n, en, fr, c.en, c.fr)
		}
	}
	if got := grouped(french, -1234567); got != "-1\u202f234\u202f567" {
		t.Errorf("-1234567 is %q", got)
	}
	if got := moment(french, now); got != "sam. 7 mars 2026 à 12:00:00" {
		t.Errorf("in French %v is %q", now, got)
	}
	if got := sayN(french, "n.documents", 0); got != "0 document" {
		t.Errorf("none is %q in French, where it is singular", got)
	}
}
