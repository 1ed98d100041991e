package scenario

import (
	"context"

	"github.com/ezged/coldlauncher/launcher"
)

// A memory is the ledger of a Runner without one. As in a Launcher without one,
// what leaves its origin is forgotten at once, unless it was rejected.
type memory struct{ launcher.MemoryLedger }

func (m *memory) Save(ctx context.Context, entries ...launcher.Entry) error {
	var kept []launcher.Entry
	var left []string
	for _, e := range entries {
		before, err := m.Load(ctx, e.ID)
		if err != nil {
			return err
		}
		if e.State != launcher.Rejected && before.Gone.IsZero() && !e.Gone.IsZero() {
			left = append(left, e.ID)
			continue
		}
		kept = append(kept, e)
	}
	if err := m.MemoryLedger.Save(ctx, kept...); err != nil {
		return err
	}
	return m.Delete(ctx, left...)
}
