package spool

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/ezged/coldlauncher/launcher"
)

// TestReadFrom: whatever the Writer was told to expect, it keeps what comes.
func TestReadFrom(t *testing.T) {
	pools := map[string]*Pool{
		"defaults":   {Dir: t.TempDir()},
		"odd limit":  {Dir: t.TempDir(), PerBody: 3*slotSize + 5},
		"odd budget": {Dir: t.TempDir(), Memory: 5*slotSize/2 + 3},
		"small":      {Dir: t.TempDir(), PerBody: smallest + 3},
	}
	for name, p := range pools {
		t.Run(name, func(t *testing.T) {
			for _, size := range append(sizes[:8:8], 3*slotSize+5, 3*slotSize+6, 5*slotSize) {
				want := content(size, 1)
				for _, due := range []int64{int64(size), int64(size) - 1, int64(size) + 1, int64(size) / 3, 0, -1, math.MaxInt64} {
					for _, cut := range []int{0, size / 2} { // read in two pieces
						w := p.Create()
						w.Expect(due)
						n, err := w.ReadFrom(iotest.HalfReader(bytes.NewReader(want[:cut])))
						k, more := w.ReadFrom(iotest.DataErrReader(bytes.NewReader(want[cut:])))
						if err != nil || more != nil || n+k != int64(size) {
							t.Fatalf("%d bytes, %d expected: %d and %d read, %v and %v", size, due, n, k, err, more)
						}
						body, err := w.Commit()
						if err != nil {
							t.Fatal(err)
						}
						r, err := body.Open(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						checkReader(t, r, want)
						if err := errors.Join(w.Close(), body.Close()); err != nil {
							t.Error(err)
						}
						empty(t, p)
					}
				}
			}
		})
	}
}

// An orderly reader counts what it is asked for, byte by byte.
type orderly struct {
	rest  []byte
	calls int
}

func (o *orderly) Read(p []byte) (int, error) {
	o.calls++
	if len(o.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, o.rest)
	o.rest = o.rest[n:]
	return n, nil
}

// TestExpectTakesNoMore: a body that is as long as expected lies in one block of
// its size, read at once; one that is said to be larger takes no more than it
// can fill next.
func TestExpectTakesNoMore(t *testing.T) {
	tests := map[string]struct {
		size  int
		due   int64
		lent  int64
		reads int // with that of the end
	}{
		"small":     {3000, 3000, 4096, 2},
		"a block":   {largest, largest, largest, 2},
		"two":       {largest + 1, largest + 1, largest + smallest, 3},
		"a liar":    {10, DefaultPerBody, largest, 2},
		"a big lie": {10, math.MaxInt64, smallest, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := &Pool{Dir: t.TempDir()}
			w := p.Create()
			defer w.Close()
			w.Expect(test.due)
			r := &orderly{rest: content(test.size, 2)}
			if _, err := w.ReadFrom(r); err != nil {
				t.Fatal(err)
			}
			if p.memory.lent != test.lent || r.calls != test.reads {
				t.Errorf("%d bytes lent after %d reads, want %d after %d", p.memory.lent, r.calls, test.lent, test.reads)
			}
		})
	}
}

// TestReadFromFails: an error of the reader leaves the Writer as it was, with what
// came; what is too much ends it.
func TestReadFromFails(t *testing.T) {
	for _, due := range []int64{0, 5000} {
		p := &Pool{Dir: t.TempDir(), MaxBody: 6000}
		want := content(5000, 3)
		w := p.Create()
		w.Expect(due)
		cut := errors.New("cut")
		n, err := w.ReadFrom(io.MultiReader(bytes.NewReader(want[:2000]), iotest.ErrReader(cut)))
		if n != 2000 || err != cut || w.Err() != nil {
			t.Errorf("a reader that fails: %d, %v, then %v; want 2000, its error, then none", n, err, w.Err())
		}
		if _, err := w.ReadFrom(iotest.ErrReader(nil)); !errors.Is(err, io.ErrNoProgress) || w.Err() != nil {
			t.Errorf("a reader that yields nothing: %v, then %v; want ErrNoProgress, then none", err, w.Err())
		}
		if _, err := w.ReadFrom(bytes.NewReader(want[2000:])); err != nil {
			t.Errorf("the rest: %v", err)
		}
		if got := make([]byte, 5000); len(w.blocks) != 1 || !bytes.Equal(append(got[:0], w.blocks[0].bytes...), want) {
			t.Error("what was read is not what is kept")
		}
		w.Expect(due)
		_, err = w.ReadFrom(bytes.NewReader(want))
		if launcher.OutcomeOf(err) != launcher.SetAside || w.Err() != err {
			t.Errorf("a body too large: %v, then %v; want one and the same that rejects it", err, w.Err())
		}
		if _, err := w.ReadFrom(bytes.NewReader(nil)); err != w.Err() {
			t.Errorf("after that: %v, want %v", err, w.Err())
		}
		w.Close()
		empty(t, p)
	}
}
