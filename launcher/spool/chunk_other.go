//go:build !linux || race

package spool

// newChunk returns a chunk in the heap, the only place that the race detector
// sees, and that all systems have.
func newChunk() *chunk { return &chunk{make([]byte, chunkSize)} }
