package filter

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// slow fails a number of times, after some time each.
type slow struct {
	failures int
	takes    time.Duration
	asked    int
}

func (s *slow) match(string) (bool, error) {
	s.asked++
	time.Sleep(s.takes)
	if s.asked <= s.failures {
		return false, ErrTimeout
	}
	return true, nil
}

func TestSpuriousTimeoutIsTriedAgainOnce(t *testing.T) {
	const budget = time.Second
	for _, tt := range []struct {
		name    string
		matcher slow
		asked   int
		err     error
	}{
		{"decided", slow{}, 1, nil},
		{"spurious", slow{failures: 1}, 2, nil},
		{"spurious twice", slow{failures: 2}, 2, ErrTimeout},
		{"genuine", slow{failures: 1, takes: budget}, 1, ErrTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ok, err := insist(&tt.matcher, "", budget)
				if ok != (tt.err == nil) || !errors.Is(err, tt.err) {
					t.Errorf("%v, %v, want error %v", ok, err, tt.err)
				}
				if tt.matcher.asked != tt.asked {
					t.Errorf("asked %d times, want %d", tt.matcher.asked, tt.asked)
				}
			})
		})
	}
}
