package dial

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &Quota{Bytes: 1000}
		can := func(n int64, want bool) {
			t.Helper()
			free, err := q.Reserve(n)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrQuota) {
				t.Errorf("%v: Reserve(%d): %v, want it to succeed: %v", time.Now(), n, err, want)
			}
			if err == nil {
				free()
				free()
			}
		}
		can(1000, true)
		can(1001, false)
		free, err := q.Reserve(600)
		if err != nil {
			t.Fatal(err)
		}
		can(401, false)
		q.received(600)
		free()
		can(400, true)
		can(401, false)
		time.Sleep(12 * time.Hour)
		q.received(400)
		can(1, false)
		time.Sleep(11 * time.Hour)
		can(1, false) // the first 600 are not a day old
		time.Sleep(3 * time.Hour)
		can(600, true)
		can(601, false)
		time.Sleep(30 * 24 * time.Hour)
		can(1000, true)
		if q.Fits(1001) || !q.Fits(1000) {
			t.Error("1000 bytes fit into a quota of as many, and no more")
		}
		var none *Quota
		if _, err := none.Reserve(1 << 60); err != nil || !none.Fits(1<<60) {
			t.Errorf("no quota: %v, want everything to fit", err)
		}
	})
}

// TestGuardRests: an account that is used too much is left alone, longer each
// time.
func TestGuardRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		said := errors.New("too many")
		for _, d := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			g.Rest(said)
			g.Rest(said) // of another connection
			time.Sleep(d*time.Minute - time.Second)
			if err := g.rested(); !errors.Is(err, said) {
				t.Errorf("a second before %d minutes: %v, want what the server said", d, err)
			}
			time.Sleep(time.Second)
			if err := g.rested(); err != nil {
				t.Errorf("after %d minutes: %v, want nothing", d, err)
			}
		}
		g.accept()
		g.Rest(said)
		time.Sleep(time.Minute)
		if err := g.rested(); err != nil {
			t.Errorf("a minute after the first time since a login: %v, want nothing", err)
		}
	})
}
