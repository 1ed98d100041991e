package imap

import (
	"sync"

	goimap "github.com/emersion/go-imap/v2"
)

// Compress is when connections are compressed (COMPRESS=DEFLATE, RFC 4978).
type Compress int

const (
	// CompressIfSlow begins without. If the first megabytes of mail come at less
	// than 14 MB/s it tries a compressed connection, for servers compress some
	// 25 MB/s and mails shrink by a third to a half, and goes back if that is no
	// faster.
	CompressIfSlow Compress = iota
	CompressAlways
	CompressNever
)

const slowRate = 14 << 20 // bytes per second

const capCompress = goimap.Cap("COMPRESS=DEFLATE")

// A choice is the search for the better way in a pass.
type choice struct {
	how Compress

	mu       sync.Mutex
	known    bool    // how fast a connection is, or that it does not matter
	compress bool    // from now on
	decided  bool    // for the rest of the pass
	plain    float64 // bytes per second without
}

// compressed reports whether the next connection is to be.
func (c *choice) compressed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.compress || c.how == CompressAlways
}

// open reports whether it is yet to be found out how fast a connection is: then
// little is to be asked for.
func (c *choice) open() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.known && c.how == CompressIfSlow
}

// change is told how a session does, and reports whether the next FETCH is to be
// sent over a new one.
func (c *choice) change(s *session) bool {
	rate, ok := s.conn.Rate()
	if c.how != CompressIfSlow || !s.caps.Has(capCompress) {
		rate, ok = slowRate, true // nothing can be changed
	}
	return ok && c.weigh(s.compressed, rate)
}

// weigh is told the rate of a connection, in bytes per second.
func (c *choice) weigh(compressed bool, rate float64) (change bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = true
	switch {
	case c.decided:
		return compressed != c.compress
	case compressed:
		c.decided = true
		c.compress = rate > c.plain
		return !c.compress
	case c.compress:
		return true // another connection found out
	}
	c.plain, c.compress = rate, rate < slowRate
	return c.compress
}
