package main

import (
	"context"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// The bar counts what was handed over and what was not, and a row takes its
// place. Where there is no terminal none is drawn.
func TestProgress(t *testing.T) {
	source := new(launchertest.Script)
	source.Add("1", launchertest.File("a.pdf", "four"))
	source.Add("2", launchertest.File("b.pdf", "x")).Fetch = func(context.Context) error { return launcher.Later(context.Canceled) }
	var out strings.Builder
	rows := &table{out: &out, bar: true}
	l := &launcher.Launcher{Name: "a", Source: source, Sink: new(launchertest.Recorder), Observe: rows.observe}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := progress([]*launcher.Launcher{l}), "██████████░░░░░░░░░░ 1 of 2 parcels, 4 bytes"; got != want {
		t.Errorf("bar %q, want %q", got, want)
	}
	if n := strings.Count(out.String(), clearLine); n != 2 {
		t.Errorf("the bar was cleared %d times for 2 rows: %q", n, out.String())
	}
	if isTerminal(&out) {
		t.Error("a strings.Builder is taken for a terminal")
	}
}
