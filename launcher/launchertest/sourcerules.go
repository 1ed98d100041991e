package launchertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/launcher"
)

func sourceRules() []sourceRule {
	return []sourceRule{
		{"Empty", "a pass over an empty origin offers nothing and returns nil", sourceEmpty},
		{"OfferedOnce", "a pass offers every parcel once, whole", sourceOfferedOnce},
		{"OldestFirst", "parcels reach the host oldest first", sourceOldestFirst},
		{"TakenIsGone", "what was stored is let go, and nothing else is", sourceTakenIsGone},
		{"LeftStaysWithSameID", "what was not stored stays, and is offered again under the same ID", sourceLeftStays},
		{"LaterIsLeft", "what is not ready stays, and the pass is clean", sourceLaterIsLeft},
		{"RejectedIsSetAside", "what was rejected is set aside", sourceRejected},
		{"HaltStopsThePass", "Halt ends the pass, changes nothing, and is returned", sourceHalt},
		{"ErrorOfOneDoesNotEndThePass", "an error for one parcel does not keep the others", sourceErrorOfOne},
		{"CancelSettlesTheParcelInHand", "when ctx ends, what was stored is still settled", sourceCancel},
		{"SettleFailureKeepsTheParcel", "what cannot be let go is reported, kept whole, and settled later", sourceSettleFailure},
		{"IDsDistinctAndStable", "IDs are distinct, and the same in each pass and process", sourceIDs},
		{"BodyReopens", "a body opens any number of times, also at the same time", sourceBodyReopens},
		{"NothingDownloadedForKnownIDs", "what the Sink knows is settled without being read", sourceNothingDownloaded},
		{"HostileNames", "names from outside come clean, and keep nothing from being taken", sourceHostileNames},
		{"OriginDownIsHalt", "an origin out of reach is Halt, and loses nothing", sourceDown},
		{"NoStoreAfterPollReturns", "no Store and no goroutine outlives Poll", sourceNothingAfter},
		{"BigBodyBounded", "a big body passes through bounded memory", sourceBigBody},
		{"DryRunTouchesNothing", "a dry run changes nothing at the origin", sourceDryRun},
		{"SetUpFaultsJoined", "all faults of the set-up are told at once, marked with Halt, before anything is offered", sourceFaulty},
	}
}

func sourceEmpty(ctx context.Context, c *sourceCase) error {
	k := c.clerk(nil)
	if err := c.poll(ctx, k); err != nil {
		return err
	}
	return k.offered()
}

func sourceOfferedOnce(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf")
	k := c.clerk(nil)
	if err := c.poll(ctx, k); err != nil {
		return err
	}
	return k.offered("a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf")
}

func sourceOldestFirst(ctx context.Context, c *sourceCase) error {
	want := []string{"5.pdf", "3.pdf", "4.pdf", "1.pdf", "2.pdf", "9.pdf", "0.pdf"}
	c.add(want...)
	k := c.clerk(nil)
	l := &launcher.Launcher{Name: "kit", Source: c.Source, Sink: k, Observe: noEvents}
	if _, err := l.Poll(ctx); err != nil {
		return err
	}
	if err := errors.Join(k.faults...); err != nil {
		return err
	}
	if !slices.Equal(k.seen, want) {
		return fmt.Errorf("stored %q, want %q", k.seen, want)
	}
	return nil
}

func noEvents(context.Context, launcher.Event) {}

func sourceTakenIsGone(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "b.pdf", "c.pdf")
	refuse := func(name string) error {
		if name == "b.pdf" {
			return errors.New("not now")
		}
		return nil
	}
	k := c.clerk(refuse)
	if err := c.poll(ctx, k); err != nil {
		return err
	}
	if err := c.gone([]string{"a.pdf", "c.pdf"}, "b.pdf"); err != nil {
		return err
	}
	k = c.clerk(nil)
	if err := c.poll(ctx, k); err != nil {
		return err
	}
	if c.Keeps {
		return k.offered("a.pdf", "b.pdf", "c.pdf")
	}
	if err := k.offered("b.pdf"); err != nil {
		return fmt.Errorf("second pass: %w", err)
	}
	return c.waits()
}

func sourceLeftStays(ctx context.Context, c *sourceCase) error {
	return c.stays(ctx, errors.New("the host is not in the mood"))
}

func sourceLaterIsLeft(ctx context.Context, c *sourceCase) error {
	return c.stays(ctx, launcher.Later(errors.New("not yet")))
}

// stays checks that what the Sink answers with err stays under its ID, and that
// the pass counts as clean.
func (c *sourceCase) stays(ctx context.Context, err error) error {
	c.add("a.pdf", "b.pdf")
	first, second := c.clerk(func(string) error { return err }), c.clerk(func(string) error { return err })
	for _, k := range []*clerk{first, second} {
		if err := c.poll(ctx, k); err != nil {
			return err
		}
		if err := k.offered("a.pdf", "b.pdf"); err != nil {
			return err
		}
		if err := c.waits("a.pdf", "b.pdf"); err != nil {
			return err
		}
	}
	return sameIDs(first, second)
}

func sameIDs(a, b *clerk) error {
	for name, id := range a.ids {
		if b.ids[name] != id {
			return fmt.Errorf("%q was offered as %q and then as %q", name, id, b.ids[name])
		}
	}
	return nil
}

func sourceRejected(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "bad.pdf", "c.pdf")
	refuse := func(name string) error {
		if name == "bad.pdf" {
			return launcher.Reject(errors.New("bad"))
		}
		return nil
	}
	first, second := c.clerk(refuse), c.clerk(refuse)
	if err := c.poll(ctx, first); err != nil {
		return err
	}
	if err := first.offered("a.pdf", "bad.pdf", "c.pdf"); err != nil {
		return err
	}
	taken := []string{"a.pdf", "c.pdf"}
	if c.Rejected == nil {
		return c.gone(taken, "bad.pdf")
	}
	if err := c.gone(taken); err != nil {
		return err
	}
	if err := sameSet("set aside", c.Rejected(c.t), []string{"bad.pdf"}); err != nil {
		return err
	}
	if err := c.poll(ctx, second); err != nil {
		return err
	}
	if slices.Contains(second.names(), "bad.pdf") {
		return errors.New("it was offered again")
	}
	return nil
}

func sourceHalt(ctx context.Context, c *sourceCase) error {
	const n = 60
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%02d.pdf", i))
	}
	c.add(names...)
	cause := errors.New("the database is down")
	k := c.clerk(func(string) error { return launcher.Halt(cause) })
	err := c.Source.Poll(ctx, k)
	switch {
	case !errors.Is(err, cause):
		return fmt.Errorf("Poll returned %v, want an error that wraps %q", err, cause)
	case launcher.OutcomeOf(err) != launcher.Stop:
		return fmt.Errorf("the error %q has lost its mark", err)
	case len(k.names()) >= n:
		return fmt.Errorf("all %d parcels were offered after the first Halt", n)
	}
	return c.waits(names...)
}

func sourceErrorOfOne(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "b.pdf", "c.pdf")
	k := c.clerk(func(name string) error {
		if name == "a.pdf" {
			return errors.New("bad day")
		}
		return nil
	})
	if err := c.poll(ctx, k); err != nil {
		return err
	}
	if err := k.offered("a.pdf", "b.pdf", "c.pdf"); err != nil {
		return err
	}
	return c.gone([]string{"b.pdf", "c.pdf"}, "a.pdf")
}

func sourceCancel(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "b.pdf", "c.pdf")
	cause := errors.New("the kit ends the pass")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	k := c.clerk(func(string) error { cancel(cause); return nil })
	if err := c.Source.Poll(ctx, k); !errors.Is(err, cause) {
		return fmt.Errorf("Poll returned %v, want an error that wraps %q", err, cause)
	}
	if len(k.stored) == 0 {
		return errors.New("nothing was stored")
	}
	left := slices.DeleteFunc([]string{"a.pdf", "b.pdf", "c.pdf"}, func(name string) bool {
		return slices.Contains(k.stored, name)
	})
	return c.gone(k.stored, left...)
}

func sourceSettleFailure(ctx context.Context, c *sourceCase) error {
	if c.BreakSettling == nil || c.Keeps {
		return skipped("settling cannot be made to fail here")
	}
	c.add("a.pdf", "b.pdf")
	first, second, third := c.clerk(nil), c.clerk(nil), c.clerk(nil)
	c.BreakSettling(c.t)
	err := c.Source.Poll(ctx, first)
	c.RepairSettling(c.t)
	if err == nil {
		return errors.New("Poll returned nil although nothing could be settled")
	}
	if err := c.waits("a.pdf", "b.pdf"); err != nil {
		return err
	}
	if err := c.poll(ctx, second); err != nil {
		return err
	}
	if err := second.offered("a.pdf", "b.pdf"); err != nil {
		return err
	}
	if err := sameIDs(first, second); err != nil {
		return err
	}
	if err := c.waits(); err != nil {
		return err
	}
	if err := c.poll(ctx, third); err != nil {
		return err
	}
	return third.offered()
}

func sourceIDs(ctx context.Context, c *sourceCase) error {
	names := []string{"a.pdf", "b.pdf", "a b.pdf", "ab.pdf"}
	c.add(names...)
	leave := func(string) error { return errors.New("leave it") }
	var first *clerk
	for pass := range 3 {
		if pass == 2 {
			if c.Reopen == nil {
				break
			}
			c.Source = c.Reopen(c.t)
		}
		k := c.clerk(leave)
		if err := c.poll(ctx, k); err != nil {
			return err
		}
		if err := k.offered(names...); err != nil {
			return err
		}
		if first == nil {
			first = k
		}
		if err := sameIDs(first, k); err != nil {
			return err
		}
	}
	of := map[string]string{}
	for name, id := range first.ids {
		if of[id] != "" {
			return fmt.Errorf("%q and %q share the ID %q", name, of[id], id)
		}
		of[id] = name
	}
	return nil
}

func sourceBodyReopens(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf")
	k := c.clerk(nil)
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return k.fault("Documents: %w", err)
		}
		want := string(c.added["a.pdf"])
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 2 {
					got, err := readBody(ctx, c.body(docs))
					if err != nil {
						k.fault("read again: %w", err)
					} else if string(got) != want {
						k.fault("read again: %s, want %s", brief(string(got)), brief(want))
					}
				}
			})
		}
		wg.Wait()
		return k.Store(ctx, p)
	})
	if err := c.poll(ctx, sink); err != nil {
		return err
	}
	return k.offered("a.pdf")
}

func sourceNothingDownloaded(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "b.pdf", "c.pdf")
	fetched := func() int {
		if c.Fetched == nil {
			return 0
		}
		return c.Fetched(c.t)
	}
	before := fetched()
	var mu sync.Mutex
	ids := map[string]bool{}
	knows := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		mu.Lock()
		defer mu.Unlock()
		ids[p.ID] = true
		return nil
	})
	if err := c.poll(ctx, knows); err != nil {
		return err
	}
	if len(ids) != 3 {
		return fmt.Errorf("%d parcels were offered, want 3", len(ids))
	}
	if n := fetched() - before; n != 0 {
		return fmt.Errorf("%d bodies were read though no documents were asked for", n)
	}
	return c.gone([]string{"a.pdf", "b.pdf", "c.pdf"})
}

func sourceHostileNames(ctx context.Context, c *sourceCase) error {
	if len(c.Hostile) == 0 {
		return skipped("nobody gives names here")
	}
	c.add(c.Hostile...)
	var mu sync.Mutex
	var errs []error
	stored := 0
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs = append(errs, err)
			return err
		}
		stored++
		if !printable(p.Origin) {
			errs = append(errs, fmt.Errorf("the Origin %q cannot be shown", p.Origin))
		}
		for _, d := range docs {
			errs = append(errs, cleanDocument(d))
			if _, err := readBody(ctx, d); err != nil {
				errs = append(errs, fmt.Errorf("read %q: %w", d.Name, err))
			}
		}
		return nil
	})
	err := c.poll(ctx, sink)
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	if stored != len(c.Hostile) {
		return fmt.Errorf("%d parcels were offered, want %d", stored, len(c.Hostile))
	}
	return c.gone(c.Hostile)
}

func cleanDocument(d *launcher.Document) error {
	if d.Name != launcher.CleanName(d.Name) || d.Dir != launcher.CleanDir(d.Dir) {
		return fmt.Errorf("the folder %q and the name %q are not as CleanDir and CleanName make them", d.Dir, d.Name)
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func sourceDown(ctx context.Context, c *sourceCase) error {
	if c.Break == nil {
		return skipped("the origin is always there")
	}
	c.add("a.pdf", "b.pdf")
	leave := func(string) error { return errors.New("leave it") }
	before, down, after := c.clerk(leave), c.clerk(leave), c.clerk(leave)
	if err := c.poll(ctx, before); err != nil {
		return err
	}
	c.Break(c.t)
	err := c.Source.Poll(ctx, down)
	c.Repair(c.t)
	if err == nil || launcher.OutcomeOf(err) != launcher.Stop {
		return fmt.Errorf("Poll returned %v, want an error marked with Halt", err)
	}
	if err := down.offered(); err != nil {
		return err
	}
	if err := c.poll(ctx, after); err != nil {
		return err
	}
	if err := after.offered("a.pdf", "b.pdf"); err != nil {
		return err
	}
	return sameIDs(before, after)
}

func sourceNothingAfter(ctx context.Context, c *sourceCase) error {
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("%02d.pdf", i))
	}
	c.add(names...)
	if err := c.poll(ctx, launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
		return errors.New("leave it")
	})); err != nil {
		return err
	}
	goroutines := runtime.NumGoroutine()
	k := c.clerk(func(name string) error {
		if name == "03.pdf" {
			return launcher.Halt(errors.New("stop"))
		}
		return nil
	})
	c.Source.Poll(ctx, k)
	k.mu.Lock()
	active, offered := k.active, len(k.seen)
	k.mu.Unlock()
	if active > 0 {
		return fmt.Errorf("%d calls of Store are still under way when Poll returns", active)
	}
	// What ends may take a moment to be no longer counted.
	for until := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if n := len(k.names()); n != offered {
			return fmt.Errorf("%d parcels were offered after Poll returned", n-offered)
		}
		if time.Now().After(until) {
			return fmt.Errorf("%d goroutines more than before Poll", runtime.NumGoroutine()-goroutines)
		}
	}
	if n := len(k.names()); n != offered {
		return fmt.Errorf("%d parcels were offered after Poll returned", n-offered)
	}
	return nil
}

// heapLimit is how much more heap reading a big body may take.
const heapLimit = 16 << 20

func sourceBigBody(ctx context.Context, c *sourceCase) error {
	size := c.Big
	if size < 0 {
		return skipped("the origin holds bodies in memory")
	}
	if size == 0 {
		size = 2 * heapLimit
	}
	c.Add(c.t, "big.bin", pattern(size))
	base := heapInUse()
	var read, most uint64
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		r, err := c.body(docs).Open(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		for buf := make([]byte, 64<<10); ; {
			n, err := r.Read(buf)
			read += uint64(n)
			if read%(4<<20) < uint64(n) {
				most = max(most, heapInUse())
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	if err := c.poll(ctx, sink); err != nil {
		return err
	}
	if read != uint64(size) {
		return fmt.Errorf("read %d bytes, want %d", read, size)
	}
	if most > base+heapLimit {
		return fmt.Errorf("a body of %d bytes took %d bytes of heap", size, most-base)
	}
	return nil
}

func pattern(size int) []byte {
	body := make([]byte, size)
	for i := range body {
		body[i] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n"[i%64]
	}
	return body
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func sourceDryRun(ctx context.Context, c *sourceCase) error {
	c.add("a.pdf", "bad.pdf", "c.pdf")
	l := &launcher.Launcher{Name: "kit", Source: c.Source, Sink: c.clerk(nil), Observe: noEvents}
	if err := l.Check(ctx); err != nil {
		return fmt.Errorf("call of Check: %w", err)
	}
	decisions, err := l.Preview(ctx, 10)
	if err != nil {
		return fmt.Errorf("call of Preview: %w", err)
	}
	parcels := map[string]bool{}
	for _, d := range decisions {
		parcels[d.Parcel] = true
	}
	if len(parcels) != 3 {
		return fmt.Errorf("%d parcels in the Preview, want 3", len(parcels))
	}
	if c.Rejected != nil {
		if err := sameSet("set aside", c.Rejected(c.t), nil); err != nil {
			return err
		}
	}
	return c.waits("a.pdf", "bad.pdf", "c.pdf")
}

func sourceFaulty(ctx context.Context, c *sourceCase) error {
	if c.Faulty == nil {
		return skipped("there is nothing to set up wrong")
	}
	src, words := c.Faulty(c.t)
	k := c.clerk(nil)
	err := src.Poll(ctx, k)
	if err == nil || launcher.OutcomeOf(err) != launcher.Stop {
		return fmt.Errorf("Poll returned %v, want an error marked with Halt", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			return fmt.Errorf("Poll returned %q, which does not tell of %q", err, word)
		}
	}
	return k.offered()
}
