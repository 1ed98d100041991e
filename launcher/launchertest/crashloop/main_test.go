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

// A run of every origin: of some steps and few kills, or, where the servers have
// to be there, of every step and more.
func TestNothingIsLostOrDoubled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	// With the race detector every child would take a second to exit.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	dovecot := func(source string) func(t *testing.T) origin {
		return func(t *testing.T) origin { return &mailboxes{mail: mailtest.Dovecot(t, users("")...), source: source} }
	}
	tests := []struct {
		name                 string
		origin               func(t *testing.T) origin
		kills, files, stride int // of the short run
		long                 int // kills of the other
	}{
		{"dir", func(*testing.T) origin { return dirs("dir") }, 3, 60, 2, 15},
		{"deposits", func(*testing.T) origin { return dirs("deposits") }, 3, 30, 3, 10},
		{"imap", dovecot("imap"), 2, 30, 7, 10},
		{"pop3", dovecot("pop3"), 2, 30, 7, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if os.Getenv("COLD_REQUIRE_SERVERS") == "1" {
				tt.stride, tt.kills, tt.files = 1, tt.long, 10*tt.files
			}
			o := tt.origin(t)
			var all report
			if err := steps(t.Context(), o, tt.name, &all, tt.stride); err != nil {
				t.Fatal(err)
			}
			if all.kills < 20/tt.stride {
				t.Errorf("killed at %d steps, want each %d. step of the pass", all.kills, tt.stride)
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
