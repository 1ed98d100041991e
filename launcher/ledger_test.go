package launcher_test

import (
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

func TestMemoryLedgerPartThatMoves(t *testing.T) {
	var m launcher.MemoryLedger
	part := launcher.Entry{ID: "p", Launcher: "l", Of: "a", State: launcher.Stored}
	for _, of := range []string{"a", "b"} {
		part.Of = of
		if err := m.Save(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	m.Delete(t.Context(), "a")
	if e, _ := m.Load(t.Context(), "p"); e.State != launcher.Stored {
		t.Error("a part was deleted with a parcel that it no longer belongs to")
	}
	m.Delete(t.Context(), "b")
	if e, _ := m.Load(t.Context(), "p"); e.State != launcher.Unknown {
		t.Error("a part was not deleted with its parcel")
	}
}
