package dial

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Guard keeps an account from being locked out by a launcher that goes on
// trying a password that was refused. After the third refusal in a row it
// allows further attempts only after a minute, then after two, and so on up to
// an hour. A secret that differs from the one refused last is tried at once.
// An account of which the server says that it uses too much rests likewise,
// from the first time on.
//
// The zero value is ready for use. A Guard is safe for concurrent use, serves
// one account, and must not be copied after first use.
type Guard struct {
	mu       sync.Mutex
	refused  int
	secret   [sha256.Size]byte // that was refused last
	until    time.Time
	lastSaid error

	throttled int       // times in a row that the server said so
	rest      time.Time // not to be connected to before
	restSaid  error
}

const guardFree = 3 // refusals that cost no waiting

// attempt makes an attempt to log in with secret, unless it must not be made
// yet, and takes down how it ended.
func (g *Guard) attempt(secret string, login func() error) error {
	if err := g.allow(secret); err != nil {
		return err
	}
	err := login()
	switch {
	case err == nil:
		g.accept()
	case errors.Is(err, ErrRefused):
		g.refuse(secret, err)
	}
	return err
}

// allow returns an error that wraps ErrRefused if secret must not be tried yet.
func (g *Guard) allow(secret string) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := time.Until(g.until)
	if g.refused == 0 || g.secret != sha256.Sum256([]byte(secret)) || wait <= 0 {
		return nil
	}
	return fmt.Errorf("not tried for another %v after %d refusals: %w", wait.Round(time.Second), g.refused, g.lastSaid)
}

// refuse takes down that secret was refused.
func (g *Guard) refuse(secret string, err error) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	sum := sha256.Sum256([]byte(secret))
	if g.refused > 0 && g.secret != sum {
		g.refused = 0
	}
	g.secret, g.lastSaid = sum, err
	g.refused++
	if over := g.refused - guardFree; over >= 0 {
		g.until = time.Now().Add(pause(over))
	}
}

// pause is a minute, doubled so many times up to an hour.
func pause(times int) time.Duration {
	return min(time.Minute<<min(times, 6), time.Hour)
}

// Rest has the account left alone for a minute, and for longer each time until
// a login succeeds: the server said err, that it is used too much.
func (g *Guard) Rest(err error) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.rest) {
		return // of several connections at a time
	}
	g.rest, g.restSaid = time.Now().Add(pause(g.throttled)), err
	g.throttled++
}

// rested returns an error while the account is to be left alone.
func (g *Guard) rested() error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := time.Until(g.rest); wait > 0 {
		return fmt.Errorf("left alone for another %v: %w", wait.Round(time.Second), g.restSaid)
	}
	return nil
}

// accept forgets refusals.
func (g *Guard) accept() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused, g.until, g.lastSaid = 0, time.Time{}, nil
	g.throttled, g.rest, g.restSaid = 0, time.Time{}, nil
}
