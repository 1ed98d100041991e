package launcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Decision is what a pass would do now with one document, or with a parcel
// whose documents are not looked at.
type Decision struct {
	Parcel   string    // ID as the Sink would see it, without the part
	Origin   string    // where to look
	Time     time.Time // arrival at the origin; zero: unknown
	Verdict  Verdict   // what would be done
	Reason   string    // why; "" if Verdict says it all
	Job      string    // of what would be stored
	Name     string    // of the document, as the Sink would see it; "": the parcel
	Original string    // its name at the origin, if cleaning changed it; printable
	Dir      string    // its folder
	Group    string    // its group, or extension
	Size     int64     // -1: not known
}

// A Verdict is what a pass would do.
type Verdict string

const (
	WouldStore  Verdict = "store"    // hand it to the Sink
	WouldFilter Verdict = "filtered" // not wanted by the Filter
	WouldMiss   Verdict = "unrouted" // wanted, but by no Route
	WouldKnow   Verdict = "known"    // stored before
	WouldWait   Verdict = "waiting"  // not ready yet
	WouldRest   Verdict = "resting"  // failed before, and not due again yet
	WouldReject Verdict = "rejected" // refused, now or before
	WouldFail   Verdict = "failed"   // its documents cannot be had, or a filter is undecided
)

var (
	errEnough  = errors.New("dry run: enough was seen")
	errChecked = errors.New("dry run: the first parcel was reached")
)

// decisions are collected by a dry pass.
type decisions struct {
	mu      sync.Mutex
	limit   int // parcels; 0: no limit
	check   bool
	parcels int
	list    []Decision
}

// Preview makes a dry pass, after one that is under way, and returns what a
// pass would do with each document of up to limit parcels; 0 means all. It may
// download what it has to look at, but stores and settles nothing, and creates
// and changes nothing at the origin or in the ledger. With an error it returns
// what it has seen before.
func (l *Launcher) Preview(ctx context.Context, limit int) ([]Decision, error) {
	d := &decisions{limit: limit}
	err := l.dryRun(ctx, d)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return d.list, err
}

// Check makes a dry pass that ends at the first parcel. It returns every fault
// of the launcher's fields, its ledger and its Source that can be found without
// changing anything.
func (l *Launcher) Check(ctx context.Context) error {
	d := &decisions{check: true}
	err := l.dryRun(ctx, d)
	if err == nil || d.parcels > 0 || onlyMore(err) {
		return nil
	}
	if l.validate() != nil {
		return err // names the launcher
	}
	return fmt.Errorf("launcher %q: %w", l.Name, err)
}

func (l *Launcher) dryRun(ctx context.Context, d *decisions) error {
	if err := l.setUp(); err != nil {
		return err
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	p := l.newPass(ctx, true)
	p.decide = d
	return fit(p.run())
}

// preview is the Sink of a dry pass.
func (p *pass) preview(ctx context.Context, parcel *Parcel) error {
	d := p.decide
	d.mu.Lock()
	full := d.limit > 0 && d.parcels >= d.limit
	if !full {
		d.parcels++
	}
	d.mu.Unlock()
	if full {
		return p.halt(errEnough)
	}
	if d.check {
		return p.halt(errChecked)
	}
	if p.ctx.Err() != nil {
		return Halt(context.Cause(p.ctx))
	}
	k := keyOf(parcel.ID)
	e, _, err := p.l.load(ctx, p.l.id(k))
	if err != nil {
		return p.halt(fmt.Errorf("ledger: %w", err))
	}
	base := Decision{Parcel: p.l.id(k), Origin: printable(parcel.Origin), Time: parcel.Time, Size: -1}
	list, err := p.l.foresee(ctx, parcel, e, base)
	d.mu.Lock()
	d.list = append(d.list, list...)
	d.mu.Unlock()
	if OutcomeOf(err) == Stop {
		return err
	}
	return errDryRun
}

// foresee returns the decisions about one parcel, of which the ledger has e.
func (l *Launcher) foresee(ctx context.Context, parcel *Parcel, e Entry, base Decision) ([]Decision, error) {
	whole := func(v Verdict, reason string) []Decision {
		d := base
		d.Verdict, d.Reason = v, reason
		return []Decision{d}
	}
	back := !e.Gone.IsZero()
	switch {
	case e.State == Stored:
		return whole(WouldKnow, "stored on "+e.Time.Format(time.DateTime)), nil
	case e.State == Rejected && !back:
		return whole(WouldReject, e.Err), nil
	case e.State == Discarded && !back:
		return whole(WouldReject, "discarded on "+e.Time.Format(time.DateTime)), nil
	case e.State == Tried && l.resting(e):
		return whole(WouldRest, fmt.Sprintf("until %s, after attempt %d: %s", e.Due.Format(time.DateTime), e.Attempts, e.Err)), nil
	}
	if e.State == Tried && !back && l.exhausted(e.Attempts) {
		return whole(WouldReject, textOf(lastOf(e))), nil
	}
	docs, err := documentsOf(ctx, parcel)
	if err != nil {
		return whole(foreseen(err), textOf(err)), err
	}
	var list []Decision
	of := make(map[*Document]int) // the decision about each
	sorted, err := l.sort(ctx, base.Parcel, docs, func(doc *Document, v verdict, route int) {
		of[doc] = len(list)
		list = append(list, l.decision(ctx, base, doc, v, route))
	})
	if err != nil {
		return whole(foreseen(err), textOf(err)), err
	}
	if len(list) == 0 {
		return whole(WouldFilter, "it holds no document"), nil
	}
	for i := range sorted.parts {
		if err := l.recallPart(ctx, &sorted.parts[i], list, of); err != nil {
			return whole(WouldFail, textOf(err)), Halt(err)
		}
	}
	return list, nil
}

// recallPart corrects the decisions about the documents of a part that was
// stored or rejected in an earlier attempt.
func (l *Launcher) recallPart(ctx context.Context, pt *part, list []Decision, of map[*Document]int) error {
	e, err := l.state.ledger.Load(ctx, pt.id)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	switch e.State {
	case Stored:
		more := pt.beyond(e.Files)
		for _, d := range pt.docs {
			if !slices.ContainsFunc(more, func(m part) bool { return m.docs[0] == d }) {
				list[of[d]].Verdict, list[of[d]].Reason = WouldKnow, "stored on "+e.Time.Format(time.DateTime)
			}
		}
		for i := range more {
			if err := l.recallPart(ctx, &more[i], list, of); err != nil {
				return err
			}
		}
	case Rejected:
		for _, d := range pt.docs {
			list[of[d]].Verdict, list[of[d]].Reason = WouldReject, e.Err
		}
	}
	return nil
}

// foreseen returns what err would mean for the parcel.
func foreseen(err error) Verdict {
	switch classOf(err) {
	case later:
		return WouldWait
	case rejected:
		return WouldReject
	}
	return WouldFail
}

func (l *Launcher) decision(ctx context.Context, d Decision, doc *Document, v verdict, route int) Decision {
	d.Name, d.Dir, d.Size = doc.Name, doc.Dir, doc.Size
	d.Original = printable(doc.Meta[MetaName])
	d.Group = doc.Group
	if d.Group == "" {
		d.Group = extOf(doc.Name)
	}
	switch v {
	case wanted:
		d.Verdict = WouldStore
		if len(l.Routes) > 0 {
			d.Job = l.Routes[route].Job
		}
	case refused:
		d.Verdict, d.Reason = WouldFilter, l.explain(ctx, doc)
	case unclaimed:
		d.Verdict, d.Reason = WouldMiss, fmt.Sprintf("no route takes group %q", printable(d.Group))
	}
	return d
}

func (l *Launcher) explain(ctx context.Context, d *Document) (reason string) {
	if l.Explain == nil {
		return "refused by the filter"
	}
	var err error
	defer func() {
		if err != nil {
			reason = textOf(err)
		}
	}()
	defer contain(&err, "explain")
	return printable(l.Explain(ctx, l.Filter, d))
}
