package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/ezged/coldlauncher/launcher"
)

// content returns n bytes that differ from those of another seed.
func content(n int, seed uint64) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

func read(t *testing.T, p *Pool, b []byte) *Body {
	t.Helper()
	body, err := p.Read(t.Context(), bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { body.Close() })
	return body
}

// empty reports what a pool still holds, which after the last Close is nothing.
func empty(t *testing.T, p *Pool) {
	t.Helper()
	if p.memory.lent != 0 {
		t.Errorf("%d bytes of memory were not given back", p.memory.lent)
	}
	if p.disk.file != nil {
		t.Errorf("the temporary file is still open, %d slots of %d free", len(p.disk.free), p.disk.next)
	}
	if p.Dir == "" {
		return
	}
	left, err := os.ReadDir(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
}

// sizes are those at which something changes: memory, slots, copies.
var sizes = []int{
	0, 1, smallest - 1, smallest, smallest + 1, slotSize - 1, slotSize, slotSize + 1,
	DefaultPerBody - 1, DefaultPerBody, DefaultPerBody + 1, 3*DefaultPerBody + 17,
}

func TestReadKeepsEveryByte(t *testing.T) {
	pools := map[string]*Pool{
		"defaults":   {Dir: t.TempDir()},
		"disk alone": {Dir: t.TempDir(), PerBody: -1},
		"no memory":  {Dir: t.TempDir(), Memory: -1},
		"odd limit":  {Dir: t.TempDir(), PerBody: 3*slotSize + 5},
		"odd budget": {Dir: t.TempDir(), Memory: 5*slotSize/2 + 3},
	}
	for name, p := range pools {
		t.Run(name, func(t *testing.T) {
			for _, size := range sizes {
				want := content(size, 1)
				body := read(t, p, want)
				if body.Size() != int64(size) {
					t.Errorf("%d bytes: size %d", size, body.Size())
				}
				for range 2 {
					r, err := body.Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					checkReader(t, r, want)
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				}
				if err := body.Close(); err != nil {
					t.Error(err)
				}
			}
			empty(t, p)
		})
	}
}

// checkReader checks that r yields want in all the ways it may be read.
func checkReader(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	if len(want) <= smallest+1 { // TestReader reads byte by byte
		if err := iotest.TestReader(r, want); err != nil {
			t.Errorf("%d bytes: %v", len(want), err)
		}
		return
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back as %d, or altered: %v", len(want), len(got), err)
	}
	clear(got)
	for at := 0; at < len(want); at += slotSize - 7 {
		n, err := r.(io.ReaderAt).ReadAt(got[at:min(at+slotSize, len(got))], int64(at))
		if end := at + n; !bytes.Equal(got[at:end], want[at:end]) || err != nil && (err != io.EOF || end != len(want)) {
			t.Errorf("ReadAt %d: %d bytes, %v", at, n, err)
		}
	}
}

func TestReadersAreIndependent(t *testing.T) {
	for name, perBody := range map[string]int64{"memory": 0, "disk": -1} {
		t.Run(name, func(t *testing.T) {
			p := &Pool{PerBody: perBody}
			want := content(300_000, 2)
			body := read(t, p, want)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					r, err := body.Open(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					defer r.Close()
					from := int64(i * 1000)
					if _, err := r.(io.Seeker).Seek(from, io.SeekStart); err != nil {
						t.Error(err)
					}
					got, err := io.ReadAll(r)
					if err != nil || !bytes.Equal(got, want[from:]) {
						t.Errorf("reader %d: %d bytes, %v; want its own %d", i, len(got), err, len(want)-int(from))
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestLimitOfABody(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), MaxBody: 100}
	read(t, p, content(100, 3)).Close()
	_, err := p.Read(t.Context(), bytes.NewReader(content(101, 3)))
	if launcher.OutcomeOf(err) != launcher.SetAside {
		t.Errorf("a body over its limit: %v, want an error marked Reject", err)
	}
	// More than the disk may take is more than could ever be kept.
	p = &Pool{Dir: p.Dir, PerBody: -1, MaxDisk: 2 * slotSize}
	_, err = p.Read(t.Context(), bytes.NewReader(content(2*slotSize+1, 3)))
	if launcher.OutcomeOf(err) != launcher.SetAside {
		t.Errorf("a body over the limit of the disk: %v, want an error marked Reject", err)
	}
	p = &Pool{Dir: p.Dir, PerBody: -1, MaxBody: -1, MaxDisk: -1}
	read(t, p, content(slotSize*5, 3)).Close()
	empty(t, p)
}

func TestLimitOfTheDisk(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), PerBody: -1, MaxDisk: 4 * slotSize}
	want := content(3*slotSize, 4)
	first := read(t, p, want)
	_, err := p.Read(t.Context(), bytes.NewReader(content(2*slotSize, 5)))
	if err == nil || launcher.OutcomeOf(err) != launcher.Left {
		t.Errorf("a body for which there is no room now: %v, want an error that leaves its parcel", err)
	}
	second := read(t, p, content(slotSize, 6))
	r, err := first.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("a body must not suffer from others for which there is no room: %v", err)
	}
	first.Close()
	read(t, p, content(3*slotSize, 7)).Close() // in the space of the first
	second.Close()
	empty(t, p)
}

func TestBudgetOfMemory(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), Memory: 256 << 10}
	var bodies []*Body
	var wants [][]byte
	for i := range 20 {
		want := content(60_000, uint64(i))
		wants = append(wants, want)
		bodies = append(bodies, read(t, p, want))
		if p.memory.lent > p.Memory {
			t.Fatalf("%d bytes of memory lent, the budget is %d", p.memory.lent, p.Memory)
		}
	}
	if p.memory.lent == 0 || p.disk.next == 0 {
		t.Errorf("%d bytes in memory and %d slots: want the budget used, and the rest on disk", p.memory.lent, p.disk.next)
	}
	for i, body := range bodies {
		r, err := body.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkReader(t, r, wants[i])
	}
	for _, body := range bodies {
		body.Close()
	}
	empty(t, p)
}

func TestOneFileForManyBodies(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), PerBody: -1}
	var bodies []*Body
	for i := range 100 {
		bodies = append(bodies, read(t, p, content(100+i, uint64(i))))
	}
	left, err := filepath.Glob(filepath.Join(p.Dir, "*"))
	if err != nil || len(left) > 1 {
		t.Errorf("100 bodies on disk have %d names, want at most one: %v", len(left), err)
	}
	slots := p.disk.next
	for i := range 1000 {
		bodies[i%100].Close()
		bodies[i%100] = read(t, p, content(100, uint64(i)))
	}
	if p.disk.next != slots {
		t.Errorf("the file grew from %d slots to %d, want the space of closed bodies used again", slots, p.disk.next)
	}
	for _, body := range bodies {
		body.Close()
	}
	empty(t, p)
}

func TestUseAfterClose(t *testing.T) {
	for _, perBody := range []int64{0, -1} {
		p := &Pool{Dir: t.TempDir(), PerBody: perBody}
		body := read(t, p, content(100, 8))
		first, err := body.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second, err := body.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
		check := func(what string, err error) {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s returned %v, want an error that wraps os.ErrClosed", what, err)
			}
		}
		one := make([]byte, 1)
		_, err = first.Read(one)
		check("Read of a reader that was closed", err)
		if _, err := second.Read(one); err != nil {
			t.Errorf("Read beside a reader that was closed: %v", err)
		}
		if err := errors.Join(body.Close(), body.Close()); err != nil {
			t.Errorf("Close, also when called again: %v", err)
		}
		_, err = second.Read(one)
		check("Read after the body was closed", err)
		_, err = second.(io.ReaderAt).ReadAt(one, 0)
		check("ReadAt after the body was closed", err)
		_, err = second.(io.Seeker).Seek(0, io.SeekStart)
		check("Seek after the body was closed", err)
		_, err = body.Open(t.Context())
		check("Open after the body was closed", err)
		empty(t, p)
	}
}

// TestLend: a body in memory is lent as it is, block by block, and nothing of
// it that is not there.
func TestLend(t *testing.T) {
	for _, size := range sizes {
		p := &Pool{Memory: 64 << 20, PerBody: 64 << 20}
		want := content(size, 11)
		body := read(t, p, want)
		r, err := body.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{1 << 10, 1 << 20} {
			var got []byte
			for len(got) < size {
				lent := r.(lender).Lend(int64(len(got)), most)
				if len(lent) == 0 || len(lent) > most || cap(lent) > len(lent) {
					t.Fatalf("%d bytes lent at %d of %d, with room for %d; want some, %d at most, and no more room", len(lent), len(got), size, cap(lent), most)
				}
				got = append(got, lent...)
				r.(lender).Return()
			}
			if !bytes.Equal(got, want) {
				t.Errorf("what is lent of %d bytes is not what was read", size)
			}
		}
		for _, none := range []struct {
			off int64
			n   int
		}{{-1, 1}, {int64(size), 1}, {int64(size) + largest, 1}, {0, 0}, {0, -1}} {
			if lent := body.Lend(none.off, none.n); lent != nil {
				t.Errorf("%d bytes at %d of %d: %d lent, want none", none.n, none.off, size, len(lent))
			}
		}
		r.Close()
		if lent := r.(lender).Lend(0, 1); lent != nil {
			t.Error("a reader that was closed lends")
		}
		body.Close()
		if lent := body.Lend(0, 1); lent != nil {
			t.Error("a body that was closed lends")
		}
		empty(t, p)
	}
	if lent := read(t, &Pool{PerBody: -1}, content(100, 12)).Lend(0, 1); lent != nil {
		t.Error("a body on disk lends")
	}
}

type lender interface {
	Lend(off int64, n int) []byte
	Return()
}

// TestCloseWhileLent: what is lent stays until it comes back.
func TestCloseWhileLent(t *testing.T) {
	p := new(Pool)
	want := content(100_000, 13)
	body := read(t, p, want)
	lent := body.Lend(0, len(want))
	closed := make(chan error)
	go func() { closed <- body.Close() }()
	for body.mu.TryRLock() { // Close does not wait yet
		body.mu.RUnlock()
		select {
		case err := <-closed:
			t.Fatalf("Close returned %v while some of the body was lent", err)
		default:
			runtime.Gosched()
		}
	}
	read(t, p, content(100_000, 14)) // would take the same memory
	if !bytes.Equal(lent, want[:len(lent)]) {
		t.Error("what is lent was changed")
	}
	body.Return()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestCloseWhileReading(t *testing.T) {
	for _, perBody := range []int64{0, -1} {
		p := &Pool{PerBody: perBody}
		want := content(500_000, 9)
		body := read(t, p, want)
		other := content(500_000, 10)
		var wg sync.WaitGroup
		for range 4 {
			r, err := body.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				got, err := io.ReadAll(r)
				if err != nil && !errors.Is(err, os.ErrClosed) {
					t.Errorf("reading while the body is closed: %v", err)
				}
				if !bytes.HasPrefix(want, got) {
					t.Error("a reader got bytes of another body")
				}
			})
		}
		body.Close()
		read(t, p, other).Close() // takes the same space
		wg.Wait()
		empty(t, p)
	}
}

func TestFailedReadKeepsNothing(t *testing.T) {
	broken := errors.New("connection reset")
	for _, size := range []int{10, 2 << 20} {
		p := &Pool{Dir: t.TempDir()}
		r := io.MultiReader(bytes.NewReader(content(size, 11)), iotest.ErrReader(launcher.Reject(broken)))
		_, err := p.Read(t.Context(), r)
		if !errors.Is(err, broken) || launcher.OutcomeOf(err) != launcher.SetAside {
			t.Errorf("%v, want the error of the reader with its mark", err)
		}
		empty(t, p)
	}
	p := &Pool{Dir: t.TempDir()}
	if _, err := p.Read(t.Context(), idle{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that yields nothing for ever: %v, want io.ErrNoProgress", err)
	}
	empty(t, p)
}

// An idle reader neither yields nor ends.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestPanicLeavesNothing(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), PerBody: -1}
	func() {
		defer func() { recover() }()
		p.Read(t.Context(), io.MultiReader(bytes.NewReader(content(1<<20, 12)), panics{}))
	}()
	empty(t, p)
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("in a reader") }

func TestCancelledRead(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), PerBody: -1}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutting down")
	r := io.MultiReader(bytes.NewReader(content(1<<20, 13)), readerFunc(func([]byte) (int, error) {
		cancel(why)
		return 0, nil
	}), idle{})
	if _, err := p.Read(ctx, r); !errors.Is(err, why) {
		t.Errorf("%v, want the cause of the context", err)
	}
	empty(t, p)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestDiskThatFails(t *testing.T) {
	p := &Pool{Dir: filepath.Join(t.TempDir(), "none"), PerBody: -1}
	_, err := p.Read(t.Context(), strings.NewReader("x"))
	if launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("no folder for the temporary file: %v, want an error marked Halt", err)
	}
	p = &Pool{Dir: t.TempDir(), PerBody: -1}
	body := read(t, p, content(10, 14))
	r, err := body.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.disk.file.Close()
	if _, err := io.ReadAll(r); launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("reading a temporary file that fails: %v, want an error marked Halt", err)
	}
	w := p.Create()
	if _, err := w.Write([]byte("x")); launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("writing a temporary file that fails: %v, want an error marked Halt", err)
	}
	if _, err := w.Commit(); launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Commit after a Write that failed: %v, want its error", err)
	}
}

func TestWriter(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), PerBody: 1000}
	want := content(5000, 15)
	w := p.Create()
	for piece := range bytes.SplitSeq(want, []byte{7}) { // in uneven pieces
		for _, b := range [][]byte{piece, {7}} {
			if _, err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	body, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Errorf("Close after Commit: %v", err)
	}
	if _, err := w.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write after Commit: %v, want an error that wraps os.ErrClosed", err)
	}
	if _, err := w.Commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Commit again: %v, want an error that wraps os.ErrClosed", err)
	}
	r, err := body.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, append(want, 7)); err != nil {
		t.Error(err)
	}
	body.Close()
	dropped := p.Create()
	if _, err := dropped.Write(want); err != nil {
		t.Fatal(err)
	}
	if err := dropped.Close(); err != nil {
		t.Error(err)
	}
	empty(t, p)
}

func TestConcurrentBodies(t *testing.T) {
	p := &Pool{Dir: t.TempDir(), Memory: 1 << 20}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 20 {
				want := content(1000*(i+1)*(n+1), uint64(i*20+n))
				body, err := p.Read(t.Context(), bytes.NewReader(want))
				if err != nil {
					t.Error(err)
					return
				}
				r, err := body.Open(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
					t.Errorf("body %d-%d came back altered: %v", i, n, err)
				}
				if err := body.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	empty(t, p)
}

// Whatever the pieces, the body is their sum.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("hello world"), 3, int64(5))
	f.Add(make([]byte, 3*slotSize), slotSize-1, int64(-1))
	f.Fuzz(func(t *testing.T, want []byte, piece int, perBody int64) {
		p := &Pool{Dir: t.TempDir(), PerBody: perBody}
		w := p.Create()
		defer w.Close()
		for rest := want; len(rest) > 0; {
			n := min(max(piece, 1+len(want)/100), len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		body, err := w.Commit()
		if err != nil {
			t.Fatal(err)
		}
		r, err := body.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes in pieces of %d came back as %d: %v", len(want), piece, len(got), err)
		}
		body.Close()
		empty(t, p)
	})
}
