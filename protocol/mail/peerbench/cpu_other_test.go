//go:build !unix

package main

import "time"

var start = time.Now()

// processorTime is the time that has passed, where there is no better.
func processorTime() time.Duration { return time.Since(start) }
