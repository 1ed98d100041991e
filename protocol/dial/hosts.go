package dial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Hosts caps the connections that are open to one host at a time, over all
// Servers that share the value. Who comes when the cap is reached waits, unless
// Server.NoWait says otherwise.
//
// A Hosts is safe for concurrent use and must not be copied after first use.
type Hosts struct {
	// Max is how many connections one host may have; 0 means 10, about what
	// large providers allow an account.
	Max int

	mu    sync.Mutex
	slots map[string]chan struct{}
}

// ErrCrowded is wrapped by the error of a connection that would have had to wait
// for a place among Hosts.
var ErrCrowded = errors.New("all connections to the host are taken")

// acquire waits for a place at host, or with noWait returns ErrCrowded. The
// function that it returns gives the place back, once.
func (h *Hosts) acquire(ctx context.Context, host string, noWait bool) (release func(), err error) {
	if h == nil {
		return func() {}, nil
	}
	slots := h.at(strings.ToLower(host))
	select {
	case slots <- struct{}{}:
		return sync.OnceFunc(func() { <-slots }), nil
	default:
	}
	if noWait {
		return nil, ErrCrowded
	}
	select {
	case slots <- struct{}{}:
		return sync.OnceFunc(func() { <-slots }), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for one of %d connections: %w", cap(slots), context.Cause(ctx))
	}
}

func (h *Hosts) at(host string) chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slots == nil {
		h.slots = make(map[string]chan struct{})
	}
	if h.slots[host] == nil {
		n := h.Max
		if n <= 0 {
			n = 10
		}
		h.slots[host] = make(chan struct{}, n)
	}
	return h.slots[host]
}
