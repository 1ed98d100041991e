//go:build !linux || race

package spool

// newChunk returns a chunk in the heap: there the race detector sees it.
func newChunk() *chunk { return &chunk{make([]byte, chunkSize)} }
