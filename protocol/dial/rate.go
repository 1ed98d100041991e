package dial

import (
	"slices"
	"time"
)

// A meter tells how fast a connection is from how long Read waits. What counts
// is the data that was under way: a client that waits a round trip for what it
// asked for next learns nothing about the rate, and neither does one that finds
// what came in while it did something else. So the meter looks at pieces, few of
// which are of either kind.
type meter struct {
	bytes  int64 // of the piece that arrives
	waited time.Duration
	pieces [pieces]float64 // rates of the last ones, in bytes per second
	count  int
}

const (
	pieceSize = 128 << 10 // bytes
	pieces    = 16
)

func (m *meter) add(n int, waited time.Duration) {
	m.bytes += int64(n)
	m.waited += waited
	if m.bytes >= pieceSize {
		m.pieces[m.count%pieces] = float64(m.bytes) / max(m.waited, 1).Seconds()
		m.count++
		m.bytes, m.waited = 0, 0
	}
}

// rate returns the median of the last pieces.
func (m *meter) rate() (float64, bool) {
	if m.count < pieces {
		return 0, false
	}
	sorted := m.pieces
	slices.Sort(sorted[:])
	return sorted[(pieces-1)/2], true
}

// Rate returns how many bytes per second the link and the server can do, however
// slow the reader is and however long the way. It goes by the last 2 MiB
// that came as answers to commands; ok is false before there are as many.
func (c *Conn) Rate() (bytesPerSecond float64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.meter.rate()
}
