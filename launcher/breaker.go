package launcher

import (
	"errors"
	"fmt"
)

// When three parcels in a row fail in the Sink, without a mark, and it has
// taken nothing in the pass, it is more likely down than all three bad: the
// pass ends, and their attempts are given back. They are suspects then.
//
// Bad parcels at the front must not block good ones behind them. So as long as
// there are suspects, a pass tries only the first that it meets and holds the
// others back, and no failure costs an attempt. If the Sink takes a suspect,
// it was down and is back: nobody is suspected any more. If it takes another
// parcel instead, it works, and the suspects are blamed: their failures count,
// and no longer end a pass.
const inARow = 3

type suspicion uint8

const (
	suspected suspicion = iota + 1
	blamed
)

var errSinkDown = errors.New("the Sink failed on three parcels in a row and has taken none since")

// took tells the breaker that the Sink has taken parcel k.
func (l *Launcher) took(k key) {
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.suspects) == 0 {
		return
	}
	wasDown := s.suspects[k] == suspected
	delete(s.suspects, k)
	for other, what := range s.suspects {
		switch {
		case what == suspected && wasDown:
			delete(s.suspects, other)
		case what == suspected:
			s.suspects[other] = blamed
		}
	}
}

// suspicion returns what the breaker holds against k, and whether it suspects
// anybody.
func (l *Launcher) suspicion(k key) (of suspicion, any bool) {
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, what := range s.suspects {
		any = any || what == suspected
	}
	return s.suspects[k], any
}

func (l *Launcher) suspect(keys ...key) {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	for _, k := range keys {
		l.state.suspects[k] = suspected
	}
}

func (l *Launcher) acquit(k key) {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	delete(l.state.suspects, k)
}

// held reports that the parcel is a suspect and another one was tried.
func (o *once) held() bool {
	if of, _ := o.l.suspicion(o.key); of != suspected {
		return false
	}
	o.pass.mu.Lock()
	defer o.pass.mu.Unlock()
	return o.probed && !o.pass.stored
}

// A strike is one failure in a row.
type strike struct {
	once  *once
	taken chan struct{} // closed when it was taken down
	final bool          // it was the last attempt: the parcel has been set aside
}

// failedInSink answers for a parcel with which the Sink failed without a mark.
func (o *once) failedInSink(err error) (knowledge, error) {
	of, open := o.l.suspicion(o.key)
	o.pass.mu.Lock()
	switch {
	case o.pass.stored || of == blamed:
		o.pass.mu.Unlock()
		return o.fail(err)
	case o.halted != nil:
		halted := o.halted
		o.pass.mu.Unlock()
		return o.giveBack(fmt.Errorf("%w (%w)", halted, err))
	case of == suspected:
		o.probed = true
		o.pass.mu.Unlock()
		return o.excuse(err)
	}
	s := &strike{once: o, taken: make(chan struct{})}
	o.streak = append(o.streak, s)
	streak := o.streak
	if len(streak) == inARow {
		o.halted = Halt(fmt.Errorf("%w: %w", errSinkDown, err)) // before anybody else's turn
	}
	o.pass.mu.Unlock()
	defer close(s.taken)
	switch {
	case len(streak) == inARow:
		return o.trip(streak[:inARow-1], err)
	case open:
		o.l.suspect(o.key)
		return o.excuse(err)
	}
	k, err := o.fail(err)
	s.final = OutcomeOf(err) == SetAside
	return k, err
}

// excuse leaves a parcel whose failure does not count.
func (o *once) excuse(err error) (knowledge, error) {
	o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
	o.failed(Event{Parcel: o.id, Origin: o.parcel.Origin, Err: err})
	return o.giveBack(err)
}

// trip gives the attempts of a streak back, with this one, and ends the pass.
func (o *once) trip(before []*strike, err error) (knowledge, error) {
	for _, s := range before {
		<-s.taken // by another goroutine, or long since
		if s.final {
			continue
		}
		o.l.suspect(s.once.key)
		s.once.owe()
	}
	o.l.suspect(o.key)
	o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
	return o.giveBack(o.halt(err))
}

// sinkDown returns an error if the pass found the Sink still down.
func (p *pass) sinkDown() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.probed && !p.stored {
		return Halt(errSinkDown)
	}
	return nil
}
