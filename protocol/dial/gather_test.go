package dial

import (
	"bytes"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A drip is a connection on which bytes come after a pause each time. It keeps
// deadlines, as far as Read began after they were set.
type drip struct {
	net.Conn
	pauses   []time.Duration
	each     int // bytes
	deadline time.Time
	set      int // deadlines
}

func (d *drip) SetReadDeadline(t time.Time) error {
	d.deadline = t
	d.set++
	return nil
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.pauses) == 0 {
		return 0, io.EOF
	}
	if left := time.Until(d.deadline); !d.deadline.IsZero() && left < d.pauses[0] {
		time.Sleep(left)
		d.pauses[0] -= max(left, 0)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(d.pauses[0])
	d.pauses = d.pauses[1:]
	for i := range p[:d.each] {
		p[i] = byte(len(d.pauses))
	}
	return d.each, nil
}

// TestGather: Read waits for much once much has come, and for any byte again when
// nothing comes; before the next time it wants twice as much to have come, unless
// it was worth it.
func TestGather(t *testing.T) {
	const each, pause = muchBytes / 4, lull / 2
	times := func(n int, first time.Duration) []time.Duration {
		all := make([]time.Duration, n)
		for i := range all {
			all[i] = pause
		}
		all[0] = first
		return all
	}
	const enough = firstNeed / each
	tests := []struct {
		name   string
		pauses [][]time.Duration
		marks  []int // bytes that Read came to wait for, in turn
		need   int   // in the end
	}{
		{"little", [][]time.Duration{times(enough-1, 0)}, nil, firstNeed},
		{"much", [][]time.Duration{times(enough, 0)}, []int{muchBytes}, firstNeed},
		{"more", [][]time.Duration{times(4*enough, 0)}, []int{muchBytes}, firstNeed},
		{"much, with pauses", [][]time.Duration{times(enough-1, time.Hour), times(1, time.Hour)}, []int{muchBytes}, firstNeed},
		{"much, then nothing", [][]time.Duration{times(enough, 0), times(1, 3*lull)}, []int{muchBytes, 1}, 2 * firstNeed},
		{"much, then as much", [][]time.Duration{times(enough, 0), times(enough, 3*lull)}, []int{muchBytes, 1}, 2 * firstNeed},
		{"much, then twice as much", [][]time.Duration{times(enough, 0), times(2*enough, 3*lull)}, []int{muchBytes, 1, muchBytes}, 2 * firstNeed},
		{"much, three times", [][]time.Duration{times(enough, 0), times(2*enough, time.Hour), times(1, time.Hour)}, []int{muchBytes, 1, muchBytes, 1}, 4 * firstNeed},
		{"more, then nothing", [][]time.Duration{times(2*enough, 0), times(1, 3*lull)}, []int{muchBytes, 1}, firstNeed},
		{"much, then more, then nothing", [][]time.Duration{times(enough, 0), times(4*enough, 3*lull), times(1, 3*lull)}, []int{muchBytes, 1, muchBytes, 1}, firstNeed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &drip{each: each}
				for _, p := range test.pauses {
					d.pauses = append(d.pauses, p...)
				}
				var want []byte
				for i := len(d.pauses) - 1; i >= 0; i-- {
					want = append(want, bytes.Repeat([]byte{byte(i)}, each)...)
				}
				var marks []int
				g := &gatherer{Conn: d, buf: make([]byte, 2*muchBytes), need: firstNeed, mark: func(n int) { marks = append(marks, n) }}
				got, err := io.ReadAll(g)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes and %v, want the %d that came", len(got), err, len(want))
				}
				if !slices.Equal(marks, test.marks) || g.need != test.need {
					t.Errorf("Read came to wait for %d bytes, and will after %d; want %d and %d", marks, g.need, test.marks, test.need)
				}
			})
		})
	}
}

// TestGatherDeadline: the owner's deadline ends a Read that waits for much, not
// long after it has passed, whenever it was set.
func TestGatherDeadline(t *testing.T) {
	for _, after := range []time.Duration{lull / 2, lull, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			d := &drip{each: 1, pauses: []time.Duration{0, time.Hour}}
			g := &gatherer{Conn: d, buf: make([]byte, 2*muchBytes), need: 1, mark: func(int) {}}
			g.Read(make([]byte, 1))
			began := time.Now()
			g.SetReadDeadline(began.Add(after))
			_, err := g.Read(make([]byte, 1))
			if took := time.Since(began); err != os.ErrDeadlineExceeded || took < after || took > after+2*lull {
				t.Errorf("deadline in %v: %v after %v", after, err, took)
			}
		})
	}
}

// TestGatherLarge: a Read into much room gets what comes without a copy, after
// what came before.
func TestGatherLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drip{each: 2, pauses: make([]time.Duration, 3)}
		g := &gatherer{Conn: d, buf: make([]byte, 2*muchBytes), need: firstNeed, mark: func(int) {}}
		g.Read(make([]byte, 1))
		large := make([]byte, muchBytes/2)
		for i, want := range [][]byte{{2}, {1, 1}, {0, 0}} {
			n, err := g.Read(large)
			if err != nil || !bytes.Equal(large[:n], want) {
				t.Errorf("Read %d: %d, %v; want %d", i, large[:n], err, want)
			}
		}
		if want := []byte{2, 2}; !bytes.Equal(g.buf[:2], want) {
			t.Errorf("the buffer holds %d, want %d: what was read into much room went elsewhere", g.buf[:2], want)
		}
	})
}

// TestGatherTimers: a Read that waits for much sets a deadline where the one that
// is set would come too early, and only there.
func TestGatherTimers(t *testing.T) {
	const reads, each = 100, lull / 10
	synctest.Test(t, func(t *testing.T) {
		d := &drip{each: 1, pauses: slices.Repeat([]time.Duration{each}, 1+reads)}
		g := &gatherer{Conn: d, buf: make([]byte, 2*muchBytes), need: 1, mark: func(int) {}}
		for range 1 + reads {
			if _, err := g.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(d.deadline); d.set > 0 && left < lull-each {
				t.Fatalf("after a Read %v are left until the deadline, want %v at least", left, lull-each)
			}
		}
		if most := int(reads*each/lull) + 1; d.set == 0 || d.set > most {
			t.Errorf("%d deadlines for %d Reads in %v, want from 1 to %d", d.set, reads, reads*each, most)
		}
	})
}
