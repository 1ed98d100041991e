package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
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
	var all report
	if err := steps(&all); err != nil {
		t.Fatal(err)
	}
	if all.kills < 20 {
		t.Errorf("killed at %d steps, want every step of the pass", all.kills)
	}
	if err := moments(&all, 15, 300, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	if all.lost+all.doubled+all.altered != 0 {
		t.Errorf("%+v, want nothing lost, doubled or altered", all)
	}
}
