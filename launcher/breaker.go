package launcher

import (
	"errors"
	"fmt"
	"maps"
)

// When three parcels in a row fail in the Sink and it has taken nothing in the
// pass, it is more likely down than all three bad: the pass ends, and their
// attempts are given back. They are suspects then. As long as there are any,
// a pass tries only the first suspect that it meets, at no cost, and holds the
// others back, so that parcels behind them get their turn: bad parcels at the
// front must not block good ones. Once the Sink takes something, nobody is a
// suspect any more.
const inARow = 3

var errSinkDown = errors.New("the Sink failed on three parcels in a row and took none")

// closeBreaker clears all suspects: the Sink works.
func (l *Launcher) closeBreaker() {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	if len(l.state.suspects) > 0 {
		clear(l.state.suspects)
	}
}

func (l *Launcher) suspected(k key) bool {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	return l.state.suspects[k]
}

// held reports that the parcel is a suspect and another one was tried.
func (o *once) held() bool {
	if !o.l.suspected(o.key) {
		return false
	}
	o.pass.mu.Lock()
	defer o.pass.mu.Unlock()
	return o.probed && !o.pass.stored
}

// failedInSink answers for a parcel with which the Sink failed without a mark.
func (o *once) failedInSink(err error) (knowledge, error) {
	suspect := o.l.suspected(o.key)
	o.pass.mu.Lock()
	if o.pass.stored {
		o.pass.mu.Unlock()
		return o.fail(err)
	}
	if o.halted != nil {
		halted := o.halted
		o.pass.mu.Unlock()
		return o.giveBack(fmt.Errorf("%w (%w)", halted, err))
	}
	if suspect {
		o.probed = true
		o.pass.mu.Unlock()
		o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
		return o.giveBack(err)
	}
	a := &attempt{o.id, o.key, former{o.former, o.parts}, false}
	o.streak = append(o.streak, a)
	if len(o.streak) < inARow {
		o.pass.mu.Unlock()
		k, err := o.fail(err)
		a.final = OutcomeOf(err) == SetAside
		return k, err
	}
	streak := o.streak
	o.streak = nil
	o.pass.mu.Unlock()
	return o.trip(streak, err)
}

// An attempt is one that may be given back.
type attempt struct {
	id     string
	key    key
	former former
	final  bool // it was the last: the parcel has been set aside
}

// trip gives the attempts of a streak back and ends the pass.
func (o *once) trip(streak []*attempt, err error) (knowledge, error) {
	suspects := make(map[key]bool)
	for _, a := range streak {
		if a.final {
			continue
		}
		suspects[a.key] = true
		if failure := o.restore(a.id, a.former); failure != nil {
			return open, o.halt(failure)
		}
	}
	o.l.state.mu.Lock()
	maps.Copy(o.l.state.suspects, suspects)
	o.l.state.mu.Unlock()
	o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
	return open, o.halt(fmt.Errorf("%w: %w", errSinkDown, err))
}
