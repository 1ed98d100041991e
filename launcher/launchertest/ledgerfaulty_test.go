package launchertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A faultyLedger is a MemoryLedger some of whose methods are replaced.
type faultyLedger struct {
	launcher.MemoryLedger
	load func(ctx context.Context, id string) (launcher.Entry, error)
	save func(ctx context.Context, entries ...launcher.Entry) error
	walk func(ctx context.Context, owner string, fn func(launcher.Entry) error) error
	del  func(ctx context.Context, ids ...string) error
}

func (f *faultyLedger) Load(ctx context.Context, id string) (launcher.Entry, error) {
	if f.load != nil {
		return f.load(ctx, id)
	}
	return f.MemoryLedger.Load(ctx, id)
}

func (f *faultyLedger) Save(ctx context.Context, entries ...launcher.Entry) error {
	if f.save != nil {
		return f.save(ctx, entries...)
	}
	return f.MemoryLedger.Save(ctx, entries...)
}

func (f *faultyLedger) Walk(ctx context.Context, owner string, fn func(launcher.Entry) error) error {
	if f.walk != nil {
		return f.walk(ctx, owner, fn)
	}
	return f.MemoryLedger.Walk(ctx, owner, fn)
}

func (f *faultyLedger) Delete(ctx context.Context, ids ...string) error {
	if f.del != nil {
		return f.del(ctx, ids...)
	}
	return f.MemoryLedger.Delete(ctx, ids...)
}

// all returns every entry, of the launchers that the rules use.
func (f *faultyLedger) all(ctx context.Context) []launcher.Entry {
	var found []launcher.Entry
	for _, owner := range []string{"a", "a.b", "a-b", "ab", "A", "b"} {
		f.MemoryLedger.Walk(ctx, owner, func(e launcher.Entry) error {
			found = append(found, e)
			return nil
		})
	}
	return found
}

func TestLedgerFindsFaults(t *testing.T) {
	tests := []struct {
		rule  string
		fault string
		build func(f *faultyLedger)
	}{
		{"ReadYourWrites", "remembers that an ID was unknown", func(f *faultyLedger) {
			var mu sync.Mutex
			met := make(map[string]bool) // true: saved before it was first loaded
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range entries {
					if _, ok := met[e.ID]; !ok {
						met[e.ID] = true
					}
				}
				return f.MemoryLedger.Save(ctx, entries...)
			}
			f.load = func(ctx context.Context, id string) (launcher.Entry, error) {
				mu.Lock()
				defer mu.Unlock()
				if !met[id] {
					met[id] = false
					return launcher.Entry{}, nil
				}
				return f.MemoryLedger.Load(ctx, id)
			}
		}},
		{"ZeroForUnknown", "gives an unknown entry its ID", func(f *faultyLedger) {
			f.load = func(ctx context.Context, id string) (launcher.Entry, error) {
				e, err := f.MemoryLedger.Load(ctx, id)
				e.ID = id
				return e, err
			}
		}},
		{"SaveReplaces", "keeps the former Err when there is no new one", func(f *faultyLedger) {
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				entries = slices.Clone(entries)
				for i, e := range entries {
					former, _ := f.MemoryLedger.Load(ctx, e.ID)
					if e.Err == "" {
						entries[i].Err = former.Err
					}
				}
				return f.MemoryLedger.Save(ctx, entries...)
			}
		}},
		{"SaveAllOrNone", "saves up to the first invalid entry", func(f *faultyLedger) {
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				for _, e := range entries {
					if err := f.MemoryLedger.Save(ctx, e); err != nil {
						return err
					}
				}
				return nil
			}
		}},
		{"RefusesInvalid", "takes a State that is not defined", func(f *faultyLedger) {
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				entries = slices.Clone(entries)
				for i, e := range entries {
					if e.State > launcher.Marker {
						entries[i].State = launcher.Tried
					}
				}
				return f.MemoryLedger.Save(ctx, entries...)
			}
		}},
		{"RoundTripsEveryField", "keeps instants to the microsecond", func(f *faultyLedger) {
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				entries = slices.Clone(entries)
				for i, e := range entries {
					entries[i].Gone = e.Gone.Truncate(time.Microsecond)
				}
				return f.MemoryLedger.Save(ctx, entries...)
			}
		}},
		{"DoesNotRetain", "keeps the slice of files that it is given", func(f *faultyLedger) {
			var mu sync.Mutex
			files := make(map[string][]launcher.File)
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				if err := f.MemoryLedger.Save(ctx, entries...); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				for _, e := range entries {
					files[e.ID] = e.Files
				}
				return nil
			}
			f.load = func(ctx context.Context, id string) (launcher.Entry, error) {
				e, err := f.MemoryLedger.Load(ctx, id)
				if e.State != launcher.Unknown {
					mu.Lock()
					defer mu.Unlock()
					e.Files = files[id]
				}
				return e, err
			}
		}},
		{"WalkInOrder", "walks backwards", func(f *faultyLedger) {
			f.walk = func(ctx context.Context, owner string, fn func(launcher.Entry) error) error {
				var found []launcher.Entry
				f.MemoryLedger.Walk(ctx, owner, func(e launcher.Entry) error {
					found = append(found, e)
					return nil
				})
				for _, e := range slices.Backward(found) {
					if err := fn(e); err != nil {
						return err
					}
				}
				return nil
			}
		}},
		{"WalkOnlyItsLauncher", "goes by the start of the ID", func(f *faultyLedger) {
			f.walk = func(ctx context.Context, owner string, fn func(launcher.Entry) error) error {
				found := f.all(ctx)
				slices.SortFunc(found, func(a, b launcher.Entry) int { return strings.Compare(a.ID, b.ID) })
				for _, e := range found {
					if !strings.HasPrefix(e.ID, owner) {
						continue
					}
					if err := fn(e); err != nil {
						return err
					}
				}
				return nil
			}
		}},
		{"WalkStopsAtError", "goes on after an error", func(f *faultyLedger) {
			f.walk = func(ctx context.Context, owner string, fn func(launcher.Entry) error) error {
				var errs error
				f.MemoryLedger.Walk(ctx, owner, func(e launcher.Entry) error {
					errs = errors.Join(errs, fn(e))
					return nil
				})
				return errs
			}
		}},
		{"WalkMayCallTheLedger", "holds its lock while fn runs", func(f *faultyLedger) {
			var mu sync.RWMutex
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				mu.Lock()
				defer mu.Unlock()
				return f.MemoryLedger.Save(ctx, entries...)
			}
			f.walk = func(ctx context.Context, owner string, fn func(launcher.Entry) error) error {
				mu.RLock()
				defer mu.RUnlock()
				return f.MemoryLedger.Walk(ctx, owner, fn)
			}
		}},
		{"DeleteForgets", "forgets only the first", func(f *faultyLedger) {
			f.del = func(ctx context.Context, ids ...string) error {
				// Two that are known: other rules delete one that is, or a
				// parcel that is not.
				var known []string
				for _, id := range ids {
					if e, _ := f.MemoryLedger.Load(ctx, id); e.State != launcher.Unknown {
						known = append(known, id)
					}
				}
				if len(known) == 2 && known[0] != known[1] {
					ids = known[:1]
				}
				return f.MemoryLedger.Delete(ctx, ids...)
			}
		}},
		{"DeleteTakesParts", "goes by the start of the ID", func(f *faultyLedger) {
			f.del = func(ctx context.Context, ids ...string) error {
				var parts []string
				for _, e := range f.all(ctx) {
					if e.Of != "" && !strings.HasPrefix(e.ID, e.Of) && slices.Contains(ids, e.Of) {
						parts = append(parts, e.ID)
					}
				}
				var spared []launcher.Entry
				for _, id := range parts {
					e, _ := f.MemoryLedger.Load(ctx, id)
					spared = append(spared, e)
				}
				if err := f.MemoryLedger.Delete(ctx, ids...); err != nil {
					return err
				}
				return f.MemoryLedger.Save(ctx, spared...)
			}
		}},
		{"DeleteTakesNothingElse", "takes what looks like a part", func(f *faultyLedger) {
			f.del = func(ctx context.Context, ids ...string) error {
				for _, e := range f.all(ctx) {
					if i := slices.IndexFunc(ids, func(id string) bool { return strings.HasPrefix(e.ID, id+".") }); i >= 0 {
						ids = append(slices.Clone(ids), e.ID)
					}
				}
				return f.MemoryLedger.Delete(ctx, ids...)
			}
		}},
		{"DeleteUnknownIsNoError", "misses what is not there", func(f *faultyLedger) {
			f.del = func(ctx context.Context, ids ...string) error {
				if len(ids) == 1 && ids[0] == "a/unknown" {
					return errors.New("not found")
				}
				return f.MemoryLedger.Delete(ctx, ids...)
			}
		}},
		{"CancelledContext", "says that it did not, and did", func(f *faultyLedger) {
			f.save = func(ctx context.Context, entries ...launcher.Entry) error {
				return errors.Join(f.MemoryLedger.Save(ctx, entries...), ctx.Err())
			}
		}},
		{"Concurrent", "undoes what another Delete did", func(f *faultyLedger) {
			// Each Delete writes back what the one before it saw.
			var mu sync.Mutex
			var seen []launcher.Entry
			f.del = func(ctx context.Context, ids ...string) error {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range seen {
					if strings.HasSuffix(e.ID, "-dropped") {
						f.MemoryLedger.Save(ctx, e)
					}
				}
				seen = f.all(ctx)
				return f.MemoryLedger.Delete(ctx, ids...)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			var hangs []string
			if tt.rule == "WalkMayCallTheLedger" {
				hangs = []string{tt.rule}
			}
			broken := brokenRules(t, func() OpenLedger {
				f := new(faultyLedger)
				tt.build(f)
				return OpenLedger{Ledger: f}
			}, hangs...)
			if !slices.Equal(broken, []string{tt.rule}) {
				t.Errorf("a ledger that %s breaks %q, want it to break %s alone", tt.fault, broken, tt.rule)
			}
		})
	}
}

func TestLedgerFindsForgetfulness(t *testing.T) {
	broken := brokenRules(t, func() OpenLedger {
		return OpenLedger{Ledger: new(launcher.MemoryLedger), Close: func() error { return nil }}
	})
	if want := []string{"SurvivesReopen"}; !slices.Equal(broken, want) {
		t.Errorf("a ledger that forgets when it is closed breaks %q, want %q", broken, want)
	}
}

func TestLedgerReportsFailingClose(t *testing.T) {
	broken := brokenRules(t, func() OpenLedger {
		return OpenLedger{Ledger: new(launcher.MemoryLedger), Close: func() error { return errors.New("no") }}
	})
	if len(broken) != len(ledgerRules()) {
		t.Errorf("a ledger that cannot be closed breaks %d rules, want all %d", len(broken), len(ledgerRules()))
	}
}

// brokenRules returns the names of the rules that a ledger breaks.
// Those named hangs it breaks by not returning, and is not waited for long.
func brokenRules(t *testing.T, open func() OpenLedger, hangs ...string) []string {
	var broken []string
	for _, r := range ledgerRules() {
		patience := time.Minute
		if slices.Contains(hangs, r.name) {
			patience = 50 * time.Millisecond
		}
		err := r.test(t.Context(), open, patience)
		if err != nil && !errors.Is(err, errInMemory) {
			broken = append(broken, r.name)
		}
	}
	return broken
}
