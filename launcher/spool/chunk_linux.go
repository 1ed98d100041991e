//go:build !race

package spool

import (
	"runtime"
	"syscall"
	"unsafe"
)

// newChunk returns a chunk outside the heap: in it, as much garbage again would
// gather before the next collection. It is unmapped once nobody refers to it.
func newChunk() *chunk {
	mapped, err := syscall.Mmap(-1, 0, 2*chunkSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return &chunk{make([]byte, chunkSize)}
	}
	c := &chunk{aligned(mapped)}
	_ = syscall.Madvise(c.bytes, syscall.MADV_HUGEPAGE) // it is as good without, if slower
	runtime.AddCleanup(c, func(mapped []byte) { _ = syscall.Munmap(mapped) }, mapped)
	return c
}

// aligned returns the part of mapped, of twice the size of a chunk, that can be one
// page: that begins at a multiple of its size. The rest is never touched, and
// takes nothing but addresses.
func aligned(mapped []byte) []byte {
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(mapped))) % chunkSize
	return mapped[skip : skip+chunkSize : skip+chunkSize]
}
