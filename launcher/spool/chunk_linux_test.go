//go:build !race

package spool

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// flagsAt returns the flags of the mapping that has an address, as Linux tells
// them; ok is false if there is none.
func flagsAt(t *testing.T, address uintptr) (flags []string, ok bool) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip("mappings cannot be seen here: ", err)
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		}
		if rest, found := strings.CutPrefix(lines.Text(), "VmFlags:"); found && inside {
			return strings.Fields(rest), true
		}
	}
	return nil, false
}

// TestChunkIsMapped: a chunk begins where a large page can, is asked to be one,
// and is given back to the system once nobody refers to it.
func TestChunkIsMapped(t *testing.T) {
	c := newChunk()
	address := uintptr(unsafe.Pointer(unsafe.SliceData(c.bytes)))
	if address%chunkSize != 0 || len(c.bytes) != chunkSize || cap(c.bytes) != chunkSize {
		t.Errorf("chunk of %d bytes at %x", len(c.bytes), address)
	}
	c.bytes[0], c.bytes[chunkSize-1] = 1, 1
	runtime.GC()
	flags, ok := flagsAt(t, address)
	if !ok {
		t.Skip("flags of mappings cannot be seen here")
	}
	large := slices.Contains(flags, "hg")
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err == nil && !large {
		t.Errorf("flags %q, want hg among them", flags)
	}
	runtime.KeepAlive(c)
	mapped := func() bool { // and by no other that came there since
		flags, ok := flagsAt(t, address)
		return ok && slices.Contains(flags, "hg") == large
	}
	for deadline := time.Now().Add(10 * time.Second); mapped(); runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatal("the chunk is still mapped")
		}
	}
}

// TestAligned: wherever a mapping begins, what is taken of it begins at a multiple
// of its size.
func TestAligned(t *testing.T) {
	mapped := make([]byte, 3*chunkSize)
	for _, at := range []int{0, 4096, chunkSize / 2, chunkSize - 4096} {
		part := mapped[at:][:2*chunkSize]
		got := aligned(part)
		first := uintptr(unsafe.Pointer(unsafe.SliceData(got)))
		if first%chunkSize != 0 || len(got) != chunkSize || cap(got) != chunkSize || first < uintptr(unsafe.Pointer(&part[0])) {
			t.Errorf("from %d on: %d bytes at %x", at, len(got), first)
		}
		got[chunkSize-1] = 1
	}
}
