package filter_test

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/ezged/coldlauncher/filter"
)

// Without a limit the engine asks no clock, so that nothing outlives the bubble,
// and nothing in it takes the time outside for its own.
func TestNoLimitInABubble(t *testing.T) {
	check(t, "before the bubble", "", must(filter.Regexp(`/.*\.(?!db).*/`)), "a.pdf", true)
	synctest.Test(t, func(t *testing.T) {
		p := must(filter.Regexp(`/.*\.(?!db).*/`)).Within(math.MaxInt64)
		for name, want := range map[string]bool{"facture.pdf": true, "Thumbs.db": false} {
			if got, err := p.MatchString(name); got != want || err != nil {
				t.Errorf("%q: %v, %v, want %v", name, got, err, want)
			}
		}
	})
}
