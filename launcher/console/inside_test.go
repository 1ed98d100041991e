package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// outline is a Source whose fields a page may and may not show.
type outline struct {
	Path     string
	Password string
	Token    launcher.Secret
	Folder   launcher.Secret
	Done     string
	Quiet    time.Duration
	Delete   bool
	From     launcher.Source
}

func (*outline) Poll(context.Context, launcher.Sink) error { return nil }

func TestSourceInWords(t *testing.T) {
	src := &outline{Path: "/outer", From: &outline{Path: "/in", Password: "hunter2", Token: launcher.SecretText("hunter2"),
		Folder: launcher.SecretText("hunter2"), Quiet: 10 * time.Second, Delete: true}}
	h := new(Handler)
	got := h.source(&launcher.Launcher{Source: src}, english)
	want := []stage{
		{"console.outline", []Fact{{"path", "/in"}, {"left alone for", "10\u00a0s"}, {"then deleted", ""}}},
		{"console.outline", []Fact{{"path", "/outer"}}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the source is described as\n%v\nwant\n%v", got, want)
	}
	loop := &outline{}
	loop.From = loop
	if n := len(h.source(&launcher.Launcher{Source: loop}, french)); n != 8 {
		t.Errorf("a Source that is around itself is described in %d stages, want an end after 8", n)
	}
	if got := h.source(&launcher.Launcher{Source: (*outline)(nil)}, french); len(got) != 1 {
		t.Errorf("a nil pointer is described as %v", got)
	}
	h.Describe = func(l *launcher.Launcher, lang string) []Fact { return []Fact{{"lang", lang}} }
	if got := h.source(&launcher.Launcher{Source: src}, french); fmt.Sprint(got) != "[{ [{lang fr}]}]" {
		t.Errorf("the host's own description became %v", got)
	}
}

// walked is a ledger that counts how often it is walked, and takes a second.
type walked struct {
	launcher.MemoryLedger
	times int
}

func (w *walked) Walk(ctx context.Context, name string, fn func(launcher.Entry) error) error {
	w.times++
	time.Sleep(time.Second)
	return w.MemoryLedger.Walk(ctx, name, fn)
}

func TestShelfAsksSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := new(walked)
		for i := range 1000 {
			e := launcher.Entry{ID: fmt.Sprintf("x/%04d", i), Launcher: "x", State: launcher.Rejected, Time: time.Now().Add(time.Duration(i) * time.Second)}
			if err := ledger.Save(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		l := &launcher.Launcher{Name: "x", Source: &outline{}, Sink: launcher.SinkFunc(nil), Ledger: ledger, Observe: func(context.Context, launcher.Event) {}}
		s := new(shelf)
		look := func() []launcher.Entry {
			t.Helper()
			list, err := s.setAside(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		list := look()
		if len(list) != shown || list[0].ID != "x/0999" || list[shown-1].ID != "x/0900" {
			t.Errorf("of 1000 set aside %d are kept, from %s on; want the 100 latest", len(list), list[0].ID)
		}
		for range 100 {
			look()
			if _, err := l.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before := ledger.times
		for range 100 {
			look()
		}
		if n := ledger.times - before; n > 1 {
			t.Errorf("a walk takes a second, and 100 looks at once made %d", n)
		}
		s.changed()
		before = ledger.times
		if look(); ledger.times != before+1 {
			t.Error("after a change the ledger was not asked anew")
		}
	})
}

func TestTrialHasLimits(t *testing.T) {
	h := new(Handler)
	p := &page{Lang: english}
	b := &tryBody{Patterns: "*.pdf", Names: strings.Repeat("a.pdf\n", maxNames+1)}
	h.tryFilter(t.Context(), p, b)
	if len(b.Tried) != maxNames || !b.Many {
		t.Errorf("of %d names %d were tried", maxNames+1, len(b.Tried))
	}
	if testing.Short() {
		return
	}
	// A pattern made to be slow.
	begun := time.Now()
	b = &tryBody{Patterns: `/(a+)+$/`, Names: strings.Repeat(strings.Repeat("a", 60)+"!\n", maxNames)}
	h.tryFilter(t.Context(), p, b)
	if took := time.Since(begun); took > time.Minute || !b.Late || len(b.Tried) == 0 || b.Tried[0].Verdict != "try.maybe" {
		t.Errorf("a slow pattern took %v, tried %d names and said late=%v", took, len(b.Tried), b.Late)
	}
}

func TestDesksDoNotPileUp(t *testing.T) {
	var current *launcher.Launcher
	h := &Handler{Launchers: func() []*launcher.Launcher { return []*launcher.Launcher{current} }}
	for i := range 100 {
		current = &launcher.Launcher{Name: fmt.Sprint("l", i)}
		h.desk(current)
	}
	if n := len(h.desks); n != 1 {
		t.Errorf("after 100 reloads of one launcher %d are remembered, want 1", n)
	}
}
