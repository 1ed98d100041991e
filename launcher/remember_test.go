package launcher_test

import (
	"context"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// noting is a Source that remembers a text, and offers nothing.
type noting struct{ text, was string }

func (n *noting) Poll(ctx context.Context, _ launcher.Sink) error {
	n.was = launcher.Remember(ctx, "number", n.text)
	return nil
}

func TestRemember(t *testing.T) {
	ledger := new(launcher.MemoryLedger)
	source := &noting{}
	pass := func(name, text string) string {
		t.Helper()
		source.text = text
		// A new Launcher each time, as after a restart.
		l := &launcher.Launcher{Name: name, Source: source, Sink: launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil }), Ledger: ledger}
		if _, err := l.Preview(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.List(t.Context(), func(e launcher.Entry) error {
			t.Errorf("List shows %+v, which is no parcel", e)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return source.was
	}
	for _, step := range []struct{ name, text, want string }{
		{"a", "1", ""},
		{"a", "2", "1"},
		{"b", "9", ""},
		{"a", "3", "2"},
		{"a", strings.Repeat("x", 257), ""},
		{"a", "4", "3"},
	} {
		if was := pass(step.name, step.text); was != step.want {
			t.Errorf("%s remembers %.10q: it had %q, want %q", step.name, step.text, was, step.want)
		}
	}
	if was := launcher.Remember(t.Context(), "number", "5"); was != "" {
		t.Errorf("outside a pass: %q, want nothing", was)
	}
}
