package launcher

import "errors"

// An Outcome is what a Source does with a parcel after Store.
type Outcome uint8

const (
	Taken    Outcome = iota // stored: let go of it
	Left                    // leave it untouched; it is offered again
	SetAside                // put it where a person finds it; offer it no more
	Stop                    // leave it untouched and end the pass
)

var outcomes = [...]string{"taken", "left", "set aside", "stop"}

// String returns "taken", "left", "set aside" or "stop".
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return "invalid outcome"
}

// ErrMore is returned by a Source's Poll, and so by Launcher.Poll, when the
// pass stopped at a limit although more waits. It is not a failure: Run lets
// the next pass follow at once.
var ErrMore = errors.New("launcher: more waits than one pass may take")

// Reject marks err as the parcel's own fault: it is set aside now, without
// further attempts. Reject(nil) is nil.
func Reject(err error) error { return mark(err, rejected) }

// Halt marks err as the fault of the surroundings, such as a server or a
// database that is down: the pass ends, and no parcel is blamed. Halt(nil) is
// nil.
func Halt(err error) error { return mark(err, halted) }

// Later marks err as telling that a parcel is not ready yet: it is left where
// it is and offered again in the next pass, and no attempt is counted.
// Later(nil) is nil.
func Later(err error) error { return mark(err, later) }

// OutcomeOf reads from an error that Store returned what to do with the
// parcel. Nil is Taken. An error without a mark is Left. Of several errors
// that were joined the weakest decides: any Stop is Stop, then any Left is
// Left, and only then SetAside. Where one mark wraps another, Halt outranks
// Later, and Later outranks Reject.
func OutcomeOf(err error) Outcome {
	switch classOf(err) {
	case none:
		return Taken
	case halted:
		return Stop
	case rejected:
		return SetAside
	}
	return Left
}

// A class is what an error means to the engine, in the order in which joined
// errors outrank one another.
type class uint8

const (
	none     class = iota
	rejected       // marked with Reject
	later          // marked with Later
	failed         // not marked
	halted         // marked with Halt
)

type marked struct {
	error
	class class
}

func (m *marked) Unwrap() error { return m.error }

func mark(err error, c class) error {
	if err == nil {
		return nil
	}
	return &marked{err, c}
}

func classOf(err error) class {
	if err == nil {
		return none
	}
	switch e := err.(type) {
	case *marked:
		inner := classOf(e.error)
		switch {
		case e.class == halted || inner == halted:
			return halted
		case e.class == later || inner == later:
			return later
		}
		return rejected
	case interface{ Unwrap() error }:
		if inner := classOf(e.Unwrap()); inner != none {
			return inner
		}
	case interface{ Unwrap() []error }:
		worst := none
		for _, inner := range e.Unwrap() {
			worst = max(worst, classOf(inner))
		}
		if worst != none {
			return worst
		}
	}
	return failed
}
