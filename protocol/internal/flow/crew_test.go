package flow

import (
	"bytes"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// TestCrew: what is begun while others are at work has a goroutine of its own,
// otherwise one that was there. Wait leaves none, or the bubble would not end.
func TestCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCrew()
		var mu sync.Mutex
		ran, in := 0, make(map[string]bool) // functions, and the goroutines that ran them
		run := func() {
			stack := make([]byte, 64)
			id, _, _ := bytes.Cut(stack[:runtime.Stack(stack, false)], []byte(" ["))
			mu.Lock()
			defer mu.Unlock()
			ran++
			in[string(id)] = true
		}
		for range 5 {
			release := make(chan struct{})
			for range 3 {
				c.Go(func() {
					run()
					<-release
				})
			}
			synctest.Wait()
			close(release)
			synctest.Wait()
		}
		if ran != 15 || len(in) != 3 {
			t.Errorf("%d functions ran in %d goroutines, want 15 in 3: as many as ran at a time", ran, len(in))
		}
		for range 3 {
			c.Go(run)
		}
		c.Wait()
		if ran != 18 {
			t.Errorf("after Wait %d functions have returned, want 18", ran)
		}
	})
}
