package filter

import (
	"time"

	"github.com/dlclark/regexp2"
)

// A matcher decides about one name or value, already normalised. An error
// means that it did not come to an end.
type matcher interface {
	match(s string) (bool, error)
}

// An anchoring says how much of a name an expression has to match.
type anchoring uint8

const (
	fromStart  anchoring = iota // re.match
	wholeName                   // re.fullmatch
	anyPortion                  // re.search
)

var frames = [...]struct{ before, after string }{
	fromStart:  {`\A(?:`, `)`},
	wholeName:  {`\A(?:`, `)\z`},
	anyPortion: {`(?:`, `)`},
}

// compile makes a matcher of a translated expression. This file is the only
// one that knows regexp2. Its default options come closest to Python: RE2
// narrows \w and \d to ASCII, and ECMAScript changes \A and \Z.
func compile(body string, f flags, a anchoring, budget time.Duration) (matcher, error) {
	options := regexp2.RegexOptions(regexp2.None)
	if f.i {
		options |= regexp2.IgnoreCase
	}
	if f.m {
		options |= regexp2.Multiline
	}
	if f.s {
		options |= regexp2.Singleline
	}
	re, err := regexp2.Compile(frames[a].before+body+frames[a].after, options)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = budget // without one, a match may take for ever
	return engine{re}, nil
}

type engine struct{ re *regexp2.Regexp }

// match leaves out what the engine's error says: it holds the whole name.
func (e engine) match(s string) (bool, error) {
	ok, err := e.re.MatchString(s)
	if err != nil {
		return false, ErrTimeout
	}
	return ok, nil
}

// insist asks m once more if it gave up long before its budget was spent. The
// engine's clock ticks every 100 ms, and on a starved machine it leaps: a match
// that has only begun then appears to be late.
func insist(m matcher, s string, budget time.Duration) (bool, error) {
	start := time.Now()
	ok, err := m.match(s)
	if err != nil && time.Since(start) < budget/2 {
		return m.match(s)
	}
	return ok, err
}
