package launcher

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// departures marks as Gone what a complete pass did not offer.
func (p *pass) departures() error {
	l := p.l
	var gone []key
	l.state.mu.Lock()
	if len(l.state.known) != p.stats.Offered {
		for k, m := range l.state.known {
			if m.pass != p.number {
				gone = append(gone, k)
			}
		}
	}
	l.state.mu.Unlock()
	ctx, cancel := settling(p.ctx)
	defer cancel()
	for len(gone) > 0 {
		chunk := gone[:min(len(gone), 256)]
		gone = gone[len(chunk):]
		if err := l.depart(ctx, chunk); err != nil {
			return Halt(fmt.Errorf("ledger: note what is gone: %w", err))
		}
	}
	return nil
}

func (l *Launcher) depart(ctx context.Context, keys []key) error {
	var save []Entry
	var forget []string
	for _, k := range keys {
		e, err := l.state.ledger.Load(ctx, l.id(k))
		if err != nil {
			return err
		}
		switch {
		case e.State == Unknown || !e.Gone.IsZero():
		case l.Ledger == nil && e.State != Rejected:
			forget = append(forget, e.ID)
		default:
			e.Gone = l.now()
			save = append(save, e)
		}
	}
	if len(save) > 0 {
		if err := l.state.ledger.Save(ctx, save...); err != nil {
			return err
		}
	}
	if len(forget) > 0 {
		if err := l.state.ledger.Delete(ctx, forget...); err != nil {
			return err
		}
	}
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	for _, k := range keys {
		delete(l.state.known, k)
		delete(l.state.suspects, k)
	}
	return nil
}

// retain forgets, once a day, what has been gone for longer than Retain.
func (l *Launcher) retain(ctx context.Context) error {
	age := orDefault(l.Retain, 90*24*time.Hour)
	now := l.now()
	l.state.mu.Lock()
	due := age > 0 && now.Sub(l.state.swept).Abs() >= 24*time.Hour
	if due {
		l.state.swept = now
	}
	l.state.mu.Unlock()
	if !due {
		return nil
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	var old []string
	rejected := 0
	err := l.state.ledger.Walk(ctx, l.Name, func(e Entry) error {
		if e.Of == "" && !e.Gone.IsZero() && now.Sub(e.Gone) > age {
			old = append(old, e.ID)
			if e.State == Rejected {
				rejected++
			}
		}
		return nil
	})
	for len(old) > 0 && err == nil {
		chunk := old[:min(len(old), 256)]
		old = old[len(chunk):]
		err = l.state.ledger.Delete(ctx, chunk...)
	}
	if err != nil {
		return Halt(fmt.Errorf("ledger: forget what is long gone: %w", err))
	}
	l.setAside(-rejected)
	return nil
}

// ErrUnknown is returned by Requeue and Discard for an ID of which the ledger
// knows no parcel, or one that is stored.
var ErrUnknown = errors.New("launcher: no such parcel to requeue or discard")

// An AwayError is returned by Requeue for a parcel that is no longer at its
// origin. It has been requeued all the same: it is taken as soon as a person
// has put it back.
type AwayError struct {
	Origin string // where it came from, and belongs
	Where  string // where the Source put it; "" if that is not known
}

// Error tells where to put the item back.
func (e *AwayError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("requeued, but no longer at its origin: put it back to %s", e.Origin)
	}
	return fmt.Sprintf("requeued, but set aside in %s: put it back to %s", e.Where, e.Origin)
}

// List calls fn for every parcel and part that the ledger knows of this
// launcher, in the order of IDs, until fn returns an error, which it returns.
func (l *Launcher) List(ctx context.Context, fn func(Entry) error) error {
	if err := l.setUp(); err != nil {
		return err
	}
	return l.state.ledger.Walk(ctx, l.Name, func(e Entry) error {
		if e.State == Marker {
			return nil
		}
		return fn(e)
	})
}

// Requeue has a parcel that was rejected, discarded or rests after a failure
// attempted anew, from the first attempt on, in the next pass, and wakes Run.
// Parts of it that were stored are not handed over again. It returns ErrUnknown
// if there is no such parcel, and an *AwayError, having done its work, if the
// parcel has to be put back to its origin. It waits for a pass under way.
func (l *Launcher) Requeue(ctx context.Context, id string) error {
	e, leave, err := l.refused(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	if err := l.forgetRejectedParts(ctx, id); err != nil {
		return err
	}
	away := e.Where != "" || !e.Gone.IsZero()
	was := e
	e.State, e.Attempts, e.Time, e.Due, e.Err, e.Where = Tried, 0, l.now(), time.Time{}, "", ""
	if err := l.state.ledger.Save(ctx, e); err != nil {
		return fmt.Errorf("requeue %s: %w", id, err)
	}
	l.quit(id)
	if was.State == Rejected {
		l.setAside(-1)
	}
	l.Wake()
	if away {
		return &AwayError{Origin: was.Origin, Where: was.Where}
	}
	return nil
}

// Discard gives a parcel up that was rejected or rests after a failure: it is
// not delivered. One that is still at its origin stays refused; of one that is
// not, the ledger forgets everything. It returns ErrUnknown if there is no such
// parcel. It waits for a pass under way.
func (l *Launcher) Discard(ctx context.Context, id string) error {
	e, leave, err := l.refused(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	rejected := e.State == Rejected
	if !e.Gone.IsZero() {
		err = l.state.ledger.Delete(ctx, id)
	} else {
		e.State, e.Time, e.Due = Discarded, l.now(), time.Time{}
		err = l.state.ledger.Save(ctx, e)
	}
	if err != nil {
		return fmt.Errorf("discard %s: %w", id, err)
	}
	l.quit(id)
	if rejected {
		l.setAside(-1)
	}
	return nil
}

// refused returns the entry of a parcel that may be requeued or discarded, and
// keeps passes from beginning until leave is called.
func (l *Launcher) refused(ctx context.Context, id string) (e Entry, leave func(), err error) {
	if err := l.setUp(); err != nil {
		return Entry{}, nil, err
	}
	leave, err = l.enter(ctx)
	if err != nil {
		return Entry{}, nil, err
	}
	e, _, err = l.load(ctx, id)
	if err == nil && (e.Launcher != l.Name || e.Of != "" ||
		e.State != Rejected && e.State != Tried && e.State != Discarded) {
		err = fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	if err != nil {
		leave()
		return Entry{}, nil, err
	}
	return e, leave, nil
}

// forgetRejectedParts forgets the parts of a parcel that were rejected, and
// keeps those that were stored.
func (l *Launcher) forgetRejectedParts(ctx context.Context, id string) error {
	var parts []string
	err := l.state.ledger.Walk(ctx, l.Name, func(e Entry) error {
		if e.Of == id && e.State == Rejected {
			parts = append(parts, e.ID)
		}
		return nil
	})
	if err == nil && len(parts) > 0 {
		err = l.state.ledger.Delete(ctx, parts...)
	}
	if err != nil {
		return fmt.Errorf("forget rejected parts of %s: %w", id, err)
	}
	return nil
}
