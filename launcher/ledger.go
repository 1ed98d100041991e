package launcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Ledger remembers what became of parcels. It is what makes a crash between
// Store and settling cost a second settling instead of a second delivery.
//
// A Ledger is safe for concurrent use and may be shared by all launchers of a
// process. It does not retain the slices that it is given, and callers may
// modify those that it returns.
type Ledger interface {
	// Load returns the entry of id; one with the zero State if there is none.
	Load(ctx context.Context, id string) (Entry, error)

	// Save records all entries or none, each replacing the one of the same
	// ID. When it returns nil they survive a crash and a power cut. An entry
	// with the zero State or an empty ID is an error. Concurrent calls may
	// share one write to the disk.
	Save(ctx context.Context, entries ...Entry) error

	// Walk calls fn for every entry of a launcher, in the order of IDs, until
	// fn returns an error, which it returns as it is. fn may call the ledger;
	// whether Walk shows changes made meanwhile is not specified.
	Walk(ctx context.Context, launcher string, fn func(Entry) error) error

	// Delete forgets the entries of ids and every part of them, all or none.
	// An ID that is not there is no error.
	Delete(ctx context.Context, ids ...string) error
}

// An Entry is what a Ledger knows of one parcel, or of one part of it.
type Entry struct {
	ID       string    // as Sinks see it
	Launcher string    // Launcher.Name
	Of       string    `json:",omitempty"` // the parcel that this is a part of; "" for a parcel
	State    State     // what became of it
	Attempts int       `json:",omitempty"` // begun and not given back
	Time     time.Time // of the last change of State
	Due      time.Time `json:",omitzero"`  // not attempted again before; zero: at once
	Gone     time.Time `json:",omitzero"`  // since when the origin no longer offers it; zero: it does
	Job      string    `json:",omitempty"` // of a part: where it went
	Origin   string    `json:",omitempty"` // Parcel.Origin
	Where    string    `json:",omitempty"` // where the Source put it aside; "": in its place, or not said
	Revision string    `json:",omitempty"` // of what was skipped: the Launcher.Revision that did so
	Err      string    `json:",omitempty"` // why the last attempt failed, or why it was rejected
	Files    []File    `json:",omitempty"` // what was handed over
}

// A File is a document as a Sink read it.
type File struct {
	Name   string
	Size   int64  // bytes read; -1 if nobody read it to the end
	SHA256 string `json:",omitempty"` // in hexadecimal; "" if nobody read it to the end
}

// A State is what became of a parcel.
type State uint8

const (
	Unknown   State = iota // not in the ledger
	Tried                  // attempted: its fate is not known, or not final
	Stored                 // the Sink has it
	Rejected               // refused for good, to be set aside
	Skipped                // nothing in it was wanted
	Discarded              // given up by a person: not delivered, not listed as rejected
	Marker                 // not a parcel: Time is the last instant the schedule was served for, or Where a note of the Source about Origin
)

var states = [...]string{"unknown", "tried", "stored", "rejected", "skipped", "discarded", "marker"}

// String returns the state in lower case, such as "stored".
func (s State) String() string {
	if int(s) < len(states) {
		return states[s]
	}
	return "invalid state"
}

// A MemoryLedger is a Ledger in memory. It forgets everything at exit: what is
// still at its origin is then handed over again. Its zero value is empty and
// ready for use; it must not be copied after first use.
type MemoryLedger struct {
	mu      sync.Mutex
	records map[string]*record // by ID
}

// A record is what a MemoryLedger has under one ID.
type record struct {
	Entry          // zero: of a parcel of which only parts were saved
	parts []string // their IDs
}

var _ Ledger = (*MemoryLedger)(nil)

// Load implements [Ledger].
func (m *MemoryLedger) Load(ctx context.Context, id string) (Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.records[id]; r != nil {
		return r.clone(), nil
	}
	return Entry{}, nil
}

// Save implements [Ledger].
func (m *MemoryLedger) Save(ctx context.Context, entries ...Entry) error {
	for _, e := range entries {
		if err := e.Validate(); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		r := m.at(e.ID)
		if r.Of != e.Of {
			m.unlink(r)
			if e.Of != "" {
				parcel := m.at(e.Of)
				parcel.parts = append(parcel.parts, e.ID)
			}
		}
		r.Entry = e.clone()
	}
	return nil
}

// at returns the record of id, made if there is none.
func (m *MemoryLedger) at(id string) *record {
	r := m.records[id]
	if r == nil {
		if m.records == nil {
			m.records = make(map[string]*record)
		}
		r = new(record)
		m.records[id] = r
	}
	return r
}

// Walk implements [Ledger].
func (m *MemoryLedger) Walk(ctx context.Context, launcher string, fn func(Entry) error) error {
	for _, id := range m.idsOf(launcher) {
		e, err := m.Load(ctx, id)
		if err != nil {
			return err
		}
		if e.State == Unknown {
			continue // deleted meanwhile
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// idsOf returns the IDs of the entries of a launcher, in order.
func (m *MemoryLedger) idsOf(launcher string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]string, 0, len(m.records))
	for id, r := range m.records {
		if r.Launcher == launcher {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Delete implements [Ledger].
func (m *MemoryLedger) Delete(ctx context.Context, ids ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		r := m.records[id]
		if r == nil {
			continue
		}
		m.unlink(r)
		for _, part := range r.parts {
			delete(m.records, part)
		}
		delete(m.records, id)
	}
	return nil
}

// unlink takes an entry off the parts of its parcel.
func (m *MemoryLedger) unlink(r *record) {
	parcel := m.records[r.Of]
	if r.Of == "" || parcel == nil {
		return
	}
	if i := slices.Index(parcel.parts, r.ID); i >= 0 {
		parcel.parts = slices.Delete(parcel.parts, i, i+1)
	}
	if len(parcel.parts) == 0 && parcel.State == Unknown {
		delete(m.records, r.Of)
	}
}

func (e Entry) clone() Entry {
	e.Files = slices.Clone(e.Files)
	return e
}

// Validate reports an entry that a Ledger must refuse to save: one without ID
// or Launcher, or with a State that is zero or not defined here.
func (e Entry) Validate() error {
	switch {
	case e.ID == "":
		return errors.New("ledger entry without ID")
	case e.Launcher == "":
		return fmt.Errorf("ledger entry %q without launcher", e.ID)
	case e.State == Unknown || int(e.State) >= len(states):
		return fmt.Errorf("ledger entry %q with state %v", e.ID, e.State)
	}
	return nil
}
