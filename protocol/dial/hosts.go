package dial

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// Hosts caps the connections that are open to one host at a time, over all
// Servers that share the value. Who comes when the cap is reached waits.
//
// A Hosts is safe for concurrent use and must not be copied after first use.
type Hosts struct {
	// Max is how many connections one host may have; 0 means 10, about what
	// large providers allow an account.
	Max int

	mu    sync.Mutex
	slots map[string]chan struct{}
}

// acquire waits for a place at host. The function that it returns gives the
// place back, once.
func (h *Hosts) acquire(ctx context.Context, host string) (release func(), err error) {
	if h == nil {
		return func() {}, nil
	}
	slots := h.at(strings.ToLower(host))
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
