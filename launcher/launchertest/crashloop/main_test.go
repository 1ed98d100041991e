package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// The test binary plays the child, too.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-child") {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNothingIsLostOrDoubled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	// With the race detector every child would take a second to exit.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	tests := []struct {
		name         string
		origin       func(t *testing.T) origin
		kills, files int
	}{
		{"dir", func(*testing.T) origin { return dirs("dir") }, 15, 300},
		{"deposits", func(*testing.T) origin { return dirs("deposits") }, 10, 100},
		{"imap", func(t *testing.T) origin { return &mailboxes{mail: mailtest.Dovecot(t, users("")...), source: "imap"} }, 10, 300},
		{"pop3", func(t *testing.T) origin { return &mailboxes{mail: mailtest.Dovecot(t, users("")...), source: "pop3"} }, 5, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.origin(t)
			var all report
			if err := steps(t.Context(), o, tt.name, &all); err != nil {
				t.Fatal(err)
			}
			if all.kills < 20 {
				t.Errorf("killed at %d steps, want every step of the pass", all.kills)
			}
			if err := moments(t.Context(), o, tt.name, &all, tt.kills, tt.files, rand.New(rand.NewPCG(1, 2))); err != nil {
				t.Fatal(err)
			}
			if all.lost+all.doubled+all.altered != 0 {
				t.Errorf("%+v, want nothing lost, doubled or altered", all)
			}
		})
	}
}
