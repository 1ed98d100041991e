package launcher

import (
	"context"
	"errors"
	"fmt"
)

// An attempt is written down before it is made, and given back if it turns out
// not to count. Giving each one back at once would cost a write to the disk for
// every parcel that waits; so what is owed to the ledger is written together
// with the next attempt, in one piece, or at the end of the pass. Were it only
// kept in memory, a parcel that kills the process would take others with it.
type owed struct {
	entry  Entry // as it shall be; State Unknown: none
	parts  bool  // some of the parcel's parts are in the ledger
	placed bool  // an entry of no attempts stands there until it is deleted
}

// owe notes that the entry of id shall be o.
func (l *Launcher) owe(id string, o owed) {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	l.state.owed[id] = o
}

// load returns the entry of id as it shall be.
func (l *Launcher) load(ctx context.Context, id string) (Entry, bool, error) {
	l.state.mu.Lock()
	o, ok := l.state.owed[id]
	l.state.mu.Unlock()
	if ok {
		return o.entry, o.parts, nil
	}
	e, err := l.state.ledger.Load(ctx, id)
	return e, e.State == Tried, err
}

// save saves entries and with them, all or none, what is owed for others.
func (l *Launcher) save(ctx context.Context, entries ...Entry) error {
	taken := l.take(256, func(o owed) bool { return !o.placed })
	for _, e := range entries {
		delete(taken, e.ID)
	}
	for id, o := range taken {
		entries = append(entries, l.standIn(id, o))
	}
	if err := l.state.ledger.Save(ctx, entries...); err != nil {
		l.putBack(taken)
		return err
	}
	for id, o := range taken {
		if o.entry.State != Unknown || o.parts {
			delete(taken, id)
			continue
		}
		o.placed = true
		taken[id] = o
	}
	l.putBack(taken)
	return nil
}

// standIn returns the entry that says what o says.
func (l *Launcher) standIn(id string, o owed) Entry {
	if o.entry.State != Unknown {
		return o.entry
	}
	// Also what was stored of a parcel must not be forgotten with it.
	return Entry{ID: id, Launcher: l.Name, State: Tried, Time: l.now(), Origin: o.entry.Origin}
}

// take removes up to most debts that fit and returns them.
func (l *Launcher) take(most int, fits func(owed) bool) map[string]owed {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	if len(l.state.owed) == 0 {
		return nil
	}
	taken := make(map[string]owed)
	for id, o := range l.state.owed {
		if len(taken) == most {
			break
		}
		if fits(o) {
			taken[id] = o
			delete(l.state.owed, id)
		}
	}
	return taken
}

// putBack makes debts stand again, unless there are newer ones.
func (l *Launcher) putBack(taken map[string]owed) {
	if len(taken) == 0 {
		return
	}
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	for id, o := range taken {
		if _, newer := l.state.owed[id]; !newer {
			l.state.owed[id] = o
		}
	}
}

// quit writes down that the entry of id is what the ledger has: nothing is
// owed for it any more.
func (l *Launcher) quit(id string) {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	delete(l.state.owed, id)
}

// pay writes everything down that is owed, once there is more than most.
func (l *Launcher) pay(ctx context.Context, most int) error {
	l.state.mu.Lock()
	n := len(l.state.owed)
	l.state.mu.Unlock()
	if n <= most {
		return nil
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	for n > 0 {
		taken := l.take(256, func(owed) bool { return true })
		n -= len(taken)
		if len(taken) == 0 {
			return nil
		}
		if err := l.write(ctx, taken); err != nil {
			l.putBack(taken)
			return Halt(fmt.Errorf("ledger: give attempts back: %w", err))
		}
	}
	return nil
}

func (l *Launcher) write(ctx context.Context, debts map[string]owed) error {
	var save []Entry
	var forget []string
	for id, o := range debts {
		if o.entry.State == Unknown && !o.parts {
			forget = append(forget, id)
			continue
		}
		save = append(save, l.standIn(id, o))
	}
	var errs []error
	if len(save) > 0 {
		errs = append(errs, l.state.ledger.Save(ctx, save...))
	}
	if len(forget) > 0 {
		errs = append(errs, l.state.ledger.Delete(ctx, forget...))
	}
	return errors.Join(errs...)
}
