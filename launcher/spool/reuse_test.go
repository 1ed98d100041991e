package spool

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
)

// TestReuse: blocks go from body to body, given up at any time and closed while
// they are read; nothing of one shows up in another, and the budget comes out even.
func TestReuse(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	for _, p := range []*Pool{
		{Dir: t.TempDir()},
		{Dir: t.TempDir(), Memory: 300_000},
		{Dir: t.TempDir(), Memory: 200_000, PerBody: 100_001},
		{Dir: t.TempDir(), Memory: -1, MaxBody: 150_000},
	} {
		var wg sync.WaitGroup
		for worker := range uint64(6) {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(worker, 3))
				for range rounds {
					lend(t, p, rnd)
				}
			})
		}
		wg.Wait()
		empty(t, p)
	}
}

// lend makes a body, has it read in several places, and closes it some time.
func lend(t *testing.T, p *Pool, rnd *rand.Rand) {
	want := content(rnd.IntN(1<<(8+rnd.IntN(12))), rnd.Uint64())
	w := p.Create()
	defer w.Close()
	for rest := want; len(rest) > 0; {
		n := min(len(rest), 1+rnd.IntN(1<<rnd.IntN(18)))
		if _, err := w.Write(rest[:n]); err != nil {
			if p.MaxBody == 0 || int64(len(want)) <= p.MaxBody {
				t.Error(err)
			}
			return
		}
		rest = rest[n:]
		if rnd.IntN(200) == 0 {
			return // given up
		}
	}
	body, err := w.Commit()
	if err != nil {
		t.Error(err)
		return
	}
	var readers sync.WaitGroup
	for range 3 {
		seed := rnd.Uint64()
		readers.Go(func() { check(t, body, want, rand.New(rand.NewPCG(seed, 4))) })
	}
	if rnd.IntN(2) == 0 {
		readers.Wait()
	}
	if err := errors.Join(body.Close(), body.Close()); err != nil {
		t.Error(err)
	}
	readers.Wait()
}

// check reads pieces of a body, until it is closed or for a while.
func check(t *testing.T, body *Body, want []byte, rnd *rand.Rand) {
	buf := make([]byte, 1<<rnd.IntN(19))
	for range 10 {
		off := int64(rnd.IntN(len(want) + 1))
		n, err := body.ReadAt(buf, off)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		end := err == io.EOF && off+int64(n) == int64(len(want))
		if !bytes.Equal(buf[:n], want[off:off+int64(n)]) || n < len(buf) && !end || err != nil && !end {
			t.Errorf("%d bytes at %d of %d: %d, %v, the right ones: %v", len(buf), off, len(want), n, err, bytes.Equal(buf[:n], want[off:off+int64(n)]))
			return
		}
	}
}
