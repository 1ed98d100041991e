package spool

import (
	"bytes"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"weak"
)

// chunksOf returns the chunks that bodies lie in, and how many of their blocks
// are part of none.
func chunksOf(bodies []*Body) (chunks map[*chunk]bool, others int) {
	chunks = map[*chunk]bool{}
	for _, body := range bodies {
		for _, b := range body.blocks {
			if b.chunk == nil {
				others++
			} else {
				chunks[b.chunk] = true
			}
		}
	}
	return chunks, others
}

const mega = 1 << 20

func megas(t *testing.T, p *Pool, n int, seed uint64) (bodies []*Body) {
	t.Helper()
	for i := range n {
		bodies = append(bodies, read(t, p, content(mega, seed+uint64(i))))
	}
	return bodies
}

func checkMega(t *testing.T, body *Body, seed uint64) {
	t.Helper()
	got, err := io.ReadAll(io.NewSectionReader(body, 0, mega))
	if err != nil || !bytes.Equal(got, content(mega, seed)) {
		t.Errorf("body %d is altered, or: %v", seed, err)
	}
}

// TestChunks: chunks are used once much is lent, again and again, and are there
// as long as anything lies in them.
func TestChunks(t *testing.T) {
	p := &Pool{Dir: t.TempDir()}
	bodies := megas(t, p, 6, 0)
	chunks, others := chunksOf(bodies)
	if len(chunks) != 3 || others != chunksFrom/largest {
		t.Errorf("%d chunks and %d other blocks, want 3 and %d", len(chunks), others, chunksFrom/largest)
	}
	runtime.GC()
	for i, body := range bodies[:5] {
		checkMega(t, body, uint64(i))
		body.Close()
	}
	runtime.GC()
	bodies = append(megas(t, p, 5, 10), bodies[5])
	again, others := chunksOf(bodies)
	for c := range again {
		if !chunks[c] {
			t.Error("a new chunk while there was room in another")
		}
	}
	if others != 0 {
		t.Errorf("%d blocks of no chunk were kept", others)
	}
	for i, body := range bodies[:5] {
		checkMega(t, body, 10+uint64(i))
		body.Close()
	}
	runtime.GC()
	checkMega(t, bodies[5], 5)
	bodies[5].Close()
	empty(t, p)
}

// TestChunksAreLetGo: once nothing is lent, the next bodies get the same chunks,
// unless a garbage collection took them, although the Pool is still there.
func TestChunksAreLetGo(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	p := &Pool{Dir: t.TempDir()}
	for round := range uint64(3) {
		refs := useChunks(t, p, round)
		if len(refs) == 0 {
			t.Fatal("no chunk was used")
		}
		if again := useChunks(t, p, round); !slices.Contains(again, refs[0]) {
			t.Error("another chunk after nothing was lent")
		}
		runtime.GC()
		for _, ref := range refs {
			if ref.Value() != nil {
				t.Error("a chunk is still there")
			}
		}
	}
	runtime.KeepAlive(p)
}

// TestLargeBlocksAreLentAgain: also those of no chunk, and a body that takes none
// of them does not hold on to them.
func TestLargeBlocksAreLentAgain(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	p := &Pool{Dir: t.TempDir()}
	small := read(t, p, content(1000, 1))
	text := content(largest, 2)
	first := heapBlock(t, p, text)
	if first.Value() == nil || heapBlock(t, p, text) != first {
		t.Error("another block, although one had come back")
	}
	runtime.GC()
	if first.Value() != nil {
		t.Error("the block is still there, although none of its size is lent")
	}
	refs := useChunks(t, p, 3)
	runtime.GC()
	if len(refs) == 0 || refs[0].Value() != nil {
		t.Error("a chunk is still there, although no block of one is lent")
	}
	if _, err := io.ReadAll(io.NewSectionReader(small, 0, small.Size())); err != nil {
		t.Error(err)
	}
	small.Close()
	empty(t, p)
}

// heapBlock returns the block of a body that is closed again.
func heapBlock(t *testing.T, p *Pool, text []byte) weak.Pointer[block] {
	t.Helper()
	body, err := p.Read(t.Context(), bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	b := body.blocks[0]
	if b.chunk != nil {
		t.Error("a chunk for so little")
	}
	return weak.Make(b)
}

// useChunks has bodies in chunks, and closes them.
func useChunks(t *testing.T, p *Pool, seed uint64) (refs []weak.Pointer[chunk]) {
	for i := range uint64(2) {
		body, err := p.Read(t.Context(), bytes.NewReader(content(mega, seed+i)))
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		defer checkMega(t, body, seed+i)
		for _, b := range body.blocks {
			if b.chunk != nil {
				refs = append(refs, weak.Make(b.chunk))
			}
		}
	}
	return refs
}

// TestChunksFitTheBudget: a whole chunk is only made where the budget has room
// for it.
func TestChunksFitTheBudget(t *testing.T) {
	text := content(mega, 1)
	for _, test := range []struct {
		budget int64
		want   int
	}{{mega, 0}, {chunkSize - 1, 0}, {chunkSize, 1}, {2*chunkSize - 1, 1}, {3 * chunkSize, 3}} {
		p := &Pool{Dir: t.TempDir(), Memory: test.budget}
		var bodies []*Body
		for range 8 {
			bodies = append(bodies, read(t, p, text))
		}
		if chunks, _ := chunksOf(bodies); len(chunks) != test.want {
			t.Errorf("budget of %d bytes: %d chunks, want %d", test.budget, len(chunks), test.want)
		}
		for _, body := range bodies {
			body.Close()
		}
		empty(t, p)
	}
}
