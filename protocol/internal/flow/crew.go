package flow

import "sync"

// A Crew runs functions at the same time, each in a goroutine of its own, which
// runs another one after it: the stack is large enough by then.
type Crew struct {
	wg   sync.WaitGroup
	next chan func()
}

// NewCrew returns a Crew. The caller calls Wait, and no Go after it.
func NewCrew() *Crew { return &Crew{next: make(chan func())} }

// Go has f run, which begins at once.
func (c *Crew) Go(f func()) {
	select {
	case c.next <- f:
	default: // all are at work
		c.wg.Go(func() {
			for g, ok := f, true; ok; g, ok = <-c.next {
				g()
			}
		})
	}
}

// Wait waits until everything has returned.
func (c *Crew) Wait() {
	close(c.next)
	c.wg.Wait()
}
