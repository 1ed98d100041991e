package launchertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

func ledgerRules() []ledgerRule {
	return []ledgerRule{
		{name: "ReadYourWrites", check: ledgerReadYourWrites},
		{name: "ZeroForUnknown", check: ledgerZeroForUnknown},
		{name: "SaveReplaces", check: ledgerSaveReplaces},
		{name: "SaveAllOrNone", check: ledgerSaveAllOrNone},
		{name: "RefusesInvalid", check: ledgerRefusesInvalid},
		{name: "RoundTripsEveryField", check: ledgerRoundTripsEveryField},
		{name: "DoesNotRetain", check: ledgerDoesNotRetain},
		{name: "WalkInOrder", check: ledgerWalkInOrder},
		{name: "WalkOnlyItsLauncher", check: ledgerWalkOnlyItsLauncher},
		{name: "WalkStopsAtError", check: ledgerWalkStopsAtError},
		{name: "WalkMayCallTheLedger", check: ledgerWalkMayCallTheLedger},
		{name: "DeleteForgets", check: ledgerDeleteForgets},
		{name: "DeleteTakesParts", check: ledgerDeleteTakesParts},
		{name: "DeleteTakesNothingElse", check: ledgerDeleteTakesNothingElse},
		{name: "DeleteUnknownIsNoError", check: ledgerDeleteUnknown},
		{name: "CancelledContext", check: ledgerCancelledContext},
		{name: "Concurrent", check: ledgerConcurrent},
		{name: "SurvivesReopen", check: ledgerFill, reopened: ledgerFilled},
	}
}

// ledgerEntry returns an entry as the engine makes them.
func ledgerEntry(owner, id, job string) launcher.Entry {
	return launcher.Entry{
		ID: owner + "/" + id, Launcher: owner, State: launcher.Stored, Attempts: 1, Job: job,
		Time:  time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC),
		Files: []launcher.File{{Name: job + ".pdf", Size: 4, SHA256: "ab12"}},
	}
}

func ledgerPart(of launcher.Entry, id, job string) launcher.Entry {
	part := ledgerEntry(of.Launcher, "", job)
	part.ID, part.Of = of.ID+"."+id, of.ID
	return part
}

// ledgerHolds reports entries that the ledger does not hold as they are.
func ledgerHolds(ctx context.Context, l launcher.Ledger, rule string, want ...launcher.Entry) error {
	for _, w := range want {
		got, err := l.Load(ctx, w.ID)
		if err != nil {
			return fmt.Errorf("load %q: %w", w.ID, err)
		}
		if diff := ledgerDiff(got, w); diff != "" {
			return fmt.Errorf("%s; entry %q: %s", rule, w.ID, diff)
		}
	}
	return nil
}

// ledgerLacks reports IDs that the ledger knows.
func ledgerLacks(ctx context.Context, l launcher.Ledger, rule string, ids ...string) error {
	for _, id := range ids {
		got, err := l.Load(ctx, id)
		if err != nil {
			return fmt.Errorf("load %q: %w", id, err)
		}
		if got.State != launcher.Unknown {
			return fmt.Errorf("%s; there is an entry %q: %+v", rule, id, got)
		}
	}
	return nil
}

// ledgerDiff says where two entries differ. Instants are compared as such,
// whatever their zones.
func ledgerDiff(got, want launcher.Entry) string {
	var diff []string
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		a, b := g.Field(i).Interface(), w.Field(i).Interface()
		at, isTime := a.(time.Time)
		bt, _ := b.(time.Time)
		if isTime && at.Equal(bt) || reflect.DeepEqual(a, b) {
			continue
		}
		diff = append(diff, fmt.Sprintf("%s is %v, want %v", g.Type().Field(i).Name, a, b))
	}
	return strings.Join(diff, "; ")
}

// ledgerWalked returns the entries that Walk shows.
func ledgerWalked(ctx context.Context, l launcher.Ledger, owner string) ([]launcher.Entry, error) {
	var found []launcher.Entry
	err := l.Walk(ctx, owner, func(e launcher.Entry) error {
		found = append(found, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walk %q: %w", owner, err)
	}
	return found, nil
}

func ledgerIDs(entries []launcher.Entry) []string {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func ledgerReadYourWrites(ctx context.Context, l launcher.Ledger) error {
	for i := range 5 {
		e := ledgerEntry("a", fmt.Sprint(i), "87")
		if err := ledgerLacks(ctx, l, "nothing was saved yet", e.ID); err != nil {
			return err
		}
		if err := l.Save(ctx, e); err != nil {
			return fmt.Errorf("save: %w", err)
		}
		if err := ledgerHolds(ctx, l, "what Save returned nil for, Load must return", e); err != nil {
			return err
		}
	}
	return nil
}

func ledgerZeroForUnknown(ctx context.Context, l launcher.Ledger) error {
	for _, id := range []string{"a/unknown", "unknown", ""} {
		got, err := l.Load(ctx, id)
		if err != nil {
			return fmt.Errorf("load %q: %w; an ID that is not there is no error", id, err)
		}
		if diff := ledgerDiff(got, launcher.Entry{}); diff != "" {
			return fmt.Errorf("the entry of an unknown ID must be zero; of %q: %s", id, diff)
		}
	}
	return nil
}

func ledgerSaveReplaces(ctx context.Context, l launcher.Ledger) error {
	full := ledgerEntry("a", "1", "87")
	full.Err, full.Origin, full.Due = "cannot be read", "INBOX uid 42", full.Time
	bare := launcher.Entry{ID: full.ID, Launcher: full.Launcher, State: launcher.Tried, Time: full.Time}
	for _, e := range []launcher.Entry{full, bare, full} {
		if err := l.Save(ctx, e); err != nil {
			return fmt.Errorf("save: %w", err)
		}
		if err := ledgerHolds(ctx, l, "Save must replace the whole entry of the same ID", e); err != nil {
			return err
		}
	}
	return nil
}

func ledgerSaveAllOrNone(ctx context.Context, l launcher.Ledger) error {
	const rule = "Save with one entry that is invalid must save none"
	known, fresh, bad := ledgerEntry("a", "1", "87"), ledgerEntry("a", "2", "87"), ledgerEntry("a", "3", "87")
	if err := l.Save(ctx, known); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	changed := known
	changed.Job = "88"
	bad.Launcher = ""
	for at := range 3 {
		batch := slices.Insert([]launcher.Entry{changed, fresh}, at, bad)
		if err := l.Save(ctx, batch...); err == nil {
			return fmt.Errorf("save returned nil for an entry without launcher; %s", rule)
		}
		if err := ledgerHolds(ctx, l, rule, known); err != nil {
			return err
		}
		if err := ledgerLacks(ctx, l, rule, fresh.ID, bad.ID); err != nil {
			return err
		}
	}
	return nil
}

func ledgerRefusesInvalid(ctx context.Context, l launcher.Ledger) error {
	tests := []struct {
		name  string
		spoil func(e *launcher.Entry)
	}{
		{"without ID", func(e *launcher.Entry) { e.ID = "" }},
		{"without launcher", func(e *launcher.Entry) { e.Launcher = "" }},
		{"with the zero State", func(e *launcher.Entry) { e.State = launcher.Unknown }},
		{"with a State that is not defined", func(e *launcher.Entry) { e.State = 200 }},
	}
	for _, tt := range tests {
		e := ledgerEntry("a", "1", "87")
		tt.spoil(&e)
		if err := l.Save(ctx, e); err == nil {
			return fmt.Errorf("an entry %s must be refused", tt.name)
		}
	}
	return nil
}

func ledgerRoundTripsEveryField(ctx context.Context, l launcher.Ledger) error {
	const rule = "what was saved must come back, every field of it"
	full := launcher.Entry{ID: "a/full", Launcher: "a", State: launcher.Rejected}
	if err := ledgerFillFields(reflect.ValueOf(&full).Elem()); err != nil {
		return err
	}
	entries := []launcher.Entry{full}
	for s := launcher.Tried; (launcher.Entry{ID: "a", Launcher: "a", State: s}).Validate() == nil; s++ {
		entries = append(entries, launcher.Entry{ID: fmt.Sprintf("a/state-%d", s), Launcher: "a", State: s})
	}
	far := launcher.Entry{ID: "a/far", Launcher: "a", State: launcher.Tried, Attempts: 1 << 30, Err: "« é\x00\n\t\"'`\u202e »"}
	far.Time = time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)
	far.Due = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	far.Files = []launcher.File{{Name: "unread", Size: -1}, {Name: "unread", Size: 1 << 50}, {}}
	entries = append(entries, far)
	if err := l.Save(ctx, entries...); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := ledgerHolds(ctx, l, rule, entries...); err != nil {
		return err
	}
	walked, err := ledgerWalked(ctx, l, "a")
	if err != nil {
		return err
	}
	for _, e := range walked {
		i := slices.IndexFunc(entries, func(w launcher.Entry) bool { return w.ID == e.ID })
		if i < 0 {
			return fmt.Errorf("%s; Walk shows %q, which was not saved", rule, e.ID)
		}
		if diff := ledgerDiff(e, entries[i]); diff != "" {
			return fmt.Errorf("%s, from Walk too; entry %q: %s", rule, e.ID, diff)
		}
	}
	return nil
}

// ledgerFillFields gives every field that is zero a value of its own.
func ledgerFillFields(v reflect.Value) error {
	zone := time.FixedZone("", 5*3600+1800)
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if !f.IsZero() {
			continue
		}
		switch f.Interface().(type) {
		case string:
			f.SetString("value of " + name)
		case int, int64:
			f.SetInt(int64(1000 + i))
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 10, 25, 2, 30, 0, 123456789+i, zone)))
		case []launcher.File:
			f.Set(reflect.ValueOf(make([]launcher.File, 2)))
			for j := range f.Len() {
				if err := ledgerFillFields(f.Index(j)); err != nil {
					return err
				}
			}
		default:
			return fmt.Errorf("TestLedger cannot fill the field %s of type %s", name, f.Type())
		}
	}
	return nil
}

func ledgerDoesNotRetain(ctx context.Context, l launcher.Ledger) error {
	want := ledgerEntry("a", "1", "87")
	given := ledgerEntry("a", "1", "87")
	batch := []launcher.Entry{given}
	if err := l.Save(ctx, batch...); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	given.Files[0].Name = "changed"
	batch[0] = launcher.Entry{}
	if err := ledgerHolds(ctx, l, "a ledger must not retain the slices that Save got", want); err != nil {
		return err
	}
	loaded, err := l.Load(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	loaded.Files[0].Name = "changed"
	walked, err := ledgerWalked(ctx, l, "a")
	if err != nil {
		return err
	}
	for _, e := range walked {
		e.Files[0].Size = 99
	}
	return ledgerHolds(ctx, l, "a caller may change the slices that Load and Walk returned", want)
}

// ledgerMany is more entries than a ledger is likely to read at a time.
const ledgerMany = 1500

func ledgerWalkInOrder(ctx context.Context, l launcher.Ledger) error {
	var all []launcher.Entry
	for i := range ledgerMany {
		e := ledgerEntry("a", fmt.Sprintf("%x", i*7919%ledgerMany), "87")
		all = append(all, e)
		if i%100 == 0 {
			all = append(all, ledgerPart(e, "f00d", "87"))
		}
	}
	for batch := range slices.Chunk(all, 200) {
		if err := l.Save(ctx, batch...); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	walked, err := ledgerWalked(ctx, l, "a")
	if err != nil {
		return err
	}
	got, want := ledgerIDs(walked), ledgerIDs(all)
	slices.Sort(want)
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Errorf("Walk must show every entry once, in the order of IDs; entry %d is %q, want %q", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("Walk must show every entry once; it shows %d of %d", len(got), len(want))
	}
	return nil
}

func ledgerWalkOnlyItsLauncher(ctx context.Context, l launcher.Ledger) error {
	owners := []string{"a", "a.b", "a-b", "ab", "A", "b"}
	for _, owner := range owners {
		e := ledgerEntry(owner, "1", "87")
		stray := ledgerEntry(owner, "1", "87")
		stray.ID = "c/" + owner
		if err := l.Save(ctx, e, ledgerPart(e, "f00d", "87"), stray); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	for _, owner := range owners {
		walked, err := ledgerWalked(ctx, l, owner)
		if err != nil {
			return err
		}
		got, want := ledgerIDs(walked), []string{owner + "/1", owner + "/1.f00d", "c/" + owner}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return fmt.Errorf("Walk must show the entries whose Launcher it is, and no others; of %q it shows %q, want %q", owner, got, want)
		}
	}
	for _, owner := range []string{"c", "none", ""} {
		walked, err := ledgerWalked(ctx, l, owner)
		if err != nil {
			return err
		}
		if len(walked) > 0 {
			return fmt.Errorf("no entry has the Launcher %q, yet Walk shows %q", owner, ledgerIDs(walked))
		}
	}
	return nil
}

func ledgerWalkStopsAtError(ctx context.Context, l launcher.Ledger) error {
	for i := range 5 {
		if err := l.Save(ctx, ledgerEntry("a", fmt.Sprint(i), "87")); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	enough := errors.New("enough")
	calls := 0
	err := l.Walk(ctx, "a", func(launcher.Entry) error {
		if calls++; calls == 3 {
			return enough
		}
		return nil
	})
	if err != enough {
		return fmt.Errorf("Walk must return the error of fn as it is, it returned %v", err)
	}
	if calls != 3 {
		return fmt.Errorf("Walk must end when fn returns an error; fn was called %d times, want 3", calls)
	}
	return nil
}

func ledgerWalkMayCallTheLedger(ctx context.Context, l launcher.Ledger) error {
	for i := range 20 {
		if err := l.Save(ctx, ledgerEntry("a", fmt.Sprint(i), "87")); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	err := l.Walk(ctx, "a", func(e launcher.Entry) error {
		e.Launcher, e.ID = "b", "b/"+e.ID
		if err := l.Save(ctx, e); err != nil {
			return err
		}
		if err := ledgerHolds(ctx, l, "what fn saved, it must load", e); err != nil {
			return err
		}
		return l.Delete(ctx, e.ID)
	})
	if err != nil {
		return fmt.Errorf("fn may call the ledger while Walk runs: %w", err)
	}
	return nil
}

func ledgerDeleteForgets(ctx context.Context, l launcher.Ledger) error {
	keep := ledgerEntry("a", "keep", "87")
	one, two := ledgerEntry("a", "1", "87"), ledgerEntry("b", "2", "87")
	if err := l.Save(ctx, one, keep, two); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := l.Delete(ctx, one.ID, two.ID); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := ledgerLacks(ctx, l, "Delete must forget every entry that it is given", one.ID, two.ID); err != nil {
		return err
	}
	if err := ledgerHolds(ctx, l, "Delete must keep the others", keep); err != nil {
		return err
	}
	if err := l.Save(ctx, one); err != nil {
		return fmt.Errorf("save again: %w", err)
	}
	return ledgerHolds(ctx, l, "what was deleted may be saved again", one)
}

func ledgerDeleteTakesParts(ctx context.Context, l launcher.Ledger) error {
	parcel, other := ledgerEntry("a", "1", "87"), ledgerEntry("a", "2", "87")
	p1, p2, p3 := ledgerPart(parcel, "f00d", "87"), ledgerPart(parcel, "cafe", "88"), ledgerPart(other, "f00d", "87")
	odd := ledgerPart(parcel, "", "89")
	odd.ID = "a/elsewhere"
	orphan := ledgerEntry("a", "4.f00d", "87")
	orphan.Of = "a/4"
	if err := l.Save(ctx, parcel, p1, p2, odd, other, p3, orphan); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := l.Delete(ctx, parcel.ID, orphan.Of); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	err := ledgerLacks(ctx, l, "Delete must forget every part of a parcel, whatever its ID, known parcel or not",
		parcel.ID, p1.ID, p2.ID, odd.ID, orphan.ID)
	if err != nil {
		return err
	}
	return ledgerHolds(ctx, l, "Delete must keep the parts of other parcels", other, p3)
}

func ledgerDeleteTakesNothingElse(ctx context.Context, l launcher.Ledger) error {
	parcel := ledgerEntry("a", "1", "87")
	part := ledgerPart(parcel, "f00d", "87")
	longer, dotted := ledgerEntry("a", "12", "87"), ledgerEntry("a", "1.2", "87")
	if err := l.Save(ctx, parcel, longer, dotted, part); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := l.Delete(ctx, part.ID); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := ledgerHolds(ctx, l, "deleting a part must keep its parcel", parcel); err != nil {
		return err
	}
	if err := l.Delete(ctx, parcel.ID); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return ledgerHolds(ctx, l, "a part is what says so in Of, not what has an ID that looks like it", longer, dotted)
}

func ledgerDeleteUnknown(ctx context.Context, l launcher.Ledger) error {
	known := ledgerEntry("a", "1", "87")
	if err := l.Save(ctx, known); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	for _, ids := range [][]string{{}, {"a/unknown"}, {"unknown", ""}, {"a/unknown", known.ID, known.ID}} {
		if err := l.Delete(ctx, ids...); err != nil {
			return fmt.Errorf("delete %q: %w; an ID that is not there is no error", ids, err)
		}
	}
	return ledgerLacks(ctx, l, "Delete must forget what is there among what is not", known.ID)
}

func ledgerCancelledContext(ctx context.Context, l launcher.Ledger) error {
	known, fresh := ledgerEntry("a", "1", "87"), ledgerEntry("a", "2", "87")
	if err := l.Save(ctx, known); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	why := errors.New("shutting down")
	over, cancel := context.WithCancelCause(ctx)
	cancel(why)
	check := func(call string, err error, done, undone func(rule string) error) error {
		switch {
		case err == nil:
			return done(call + " returned nil, so it must have been done although ctx was")
		case !errors.Is(err, context.Canceled) && !errors.Is(err, why):
			return fmt.Errorf("%s under a cancelled context must return nil or wrap why, it returned: %w", call, err)
		}
		return undone(call + " returned the error of a context that was cancelled before, so nothing may have been done")
	}
	err := check("Save", l.Save(over, fresh),
		func(rule string) error { return ledgerHolds(ctx, l, rule, fresh) },
		func(rule string) error { return ledgerLacks(ctx, l, rule, fresh.ID) })
	if err != nil {
		return err
	}
	return check("Delete", l.Delete(over, known.ID),
		func(rule string) error { return ledgerLacks(ctx, l, rule, known.ID) },
		func(rule string) error { return ledgerHolds(ctx, l, rule, known) })
}

func ledgerConcurrent(ctx context.Context, l launcher.Ledger) error {
	const callers, rounds = 8, 10
	failed := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { failed[i] = ledgerCaller(ctx, l, i, rounds) })
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	walked, err := ledgerWalked(ctx, l, "a")
	if err != nil {
		return err
	}
	if want := callers * rounds; len(walked) != want {
		return fmt.Errorf("calls at the same time must not undo one another: %d entries remain, want %d", len(walked), want)
	}
	return nil
}

// ledgerCaller saves two parcels a round, with a part each, and deletes one.
func ledgerCaller(ctx context.Context, l launcher.Ledger, caller, rounds int) error {
	const rule = "what a caller saved must be there while others save and delete theirs"
	for round := range rounds {
		keep := ledgerEntry("a", fmt.Sprintf("%d-%d", caller, round), "87")
		drop := ledgerEntry("a", fmt.Sprintf("%d-%d-dropped", caller, round), "87")
		part := ledgerPart(drop, "f00d", "87")
		if err := l.Save(ctx, keep, drop, part); err != nil {
			return fmt.Errorf("save: %w", err)
		}
		if err := ledgerHolds(ctx, l, rule, keep, drop, part); err != nil {
			return err
		}
		if _, err := ledgerWalked(ctx, l, "a"); err != nil {
			return err
		}
		if err := l.Delete(ctx, drop.ID); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		if err := ledgerLacks(ctx, l, "what a caller deleted must be gone while others save theirs", drop.ID, part.ID); err != nil {
			return err
		}
	}
	return nil
}

// ledgerBooks returns what SurvivesReopen saves, with what it replaces, and
// what it saves and deletes.
func ledgerBooks() (kept, former, gone []launcher.Entry) {
	for i := range 50 {
		e := ledgerEntry("a", fmt.Sprint("kept-", i), "87")
		e.Files[0].Size = int64(i)
		kept = append(kept, e, ledgerPart(e, "f00d", "88"))
		e.State, e.Job = launcher.Tried, ""
		former = append(former, e)
		d := ledgerEntry("a", fmt.Sprint("gone-", i), "87")
		gone = append(gone, d, ledgerPart(d, "f00d", "88"))
	}
	return kept, former, gone
}

func ledgerFill(ctx context.Context, l launcher.Ledger) error {
	kept, former, gone := ledgerBooks()
	for _, batch := range [][]launcher.Entry{former, gone, kept} {
		if err := l.Save(ctx, batch...); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	for i := 0; i < len(gone); i += 2 {
		if err := l.Delete(ctx, gone[i].ID); err != nil { // and with it gone[i+1], its part
			return fmt.Errorf("delete: %w", err)
		}
	}
	return nil
}

func ledgerFilled(ctx context.Context, l launcher.Ledger) error {
	kept, _, gone := ledgerBooks()
	if err := ledgerHolds(ctx, l, "what was saved must be there after the ledger was closed and opened again", kept...); err != nil {
		return err
	}
	return ledgerLacks(ctx, l, "what was deleted must not come back when the ledger is opened again", ledgerIDs(gone)...)
}
