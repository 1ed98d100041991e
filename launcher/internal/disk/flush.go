package disk

import (
	"errors"
	"sync"
)

// A Flush syncs files and folders at the same time, where what counts is that
// all of them are durable before something else is done. A file system commits
// once for those that wait together: hence syncs begin only when as many are
// due as run at once, or with Wait.
//
// Its zero value is ready for use, by one goroutine.
type Flush struct {
	// All, unless it is nil, makes durable what was started before it is called.
	// Wait calls it in the place of all syncs.
	All func() error

	due   []func() error
	wg    sync.WaitGroup
	slots chan struct{}

	mu  sync.Mutex
	err error
}

// atOnce is how many syncs run at once; as many files may be open besides.
const atOnce = 8

// File syncs f and closes it. It may return before that is done.
func (f *Flush) File(file File) {
	if f.All != nil {
		f.do(func() error { return errors.Join(file.Start(), file.Close()) })
		f.due = append(f.due[:0], f.All)
		return
	}
	f.add(func() error {
		err := file.Sync()
		return errors.Join(err, file.Close())
	})
}

// Dir makes the entries that dir has now durable. It may return before that is
// done.
func (f *Flush) Dir(d Disk, dir string) {
	if f.All != nil {
		f.due = append(f.due[:0], f.All)
		return
	}
	f.add(func() error { return d.Sync(dir) })
}

func (f *Flush) add(sync func() error) {
	if f.due = append(f.due, sync); len(f.due) == atOnce {
		f.start()
	}
}

// start begins what is due.
func (f *Flush) start() {
	if f.slots == nil {
		f.slots = make(chan struct{}, atOnce)
	}
	for _, sync := range f.due {
		f.slots <- struct{}{}
		f.wg.Go(func() {
			f.do(sync)
			<-f.slots
		})
	}
	f.due = f.due[:0]
}

func (f *Flush) do(sync func() error) {
	err := sync()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = errors.Join(f.err, err)
}

// Wait waits until all is done, and returns what failed. It may be called more
// than once.
func (f *Flush) Wait() error {
	if last := len(f.due) - 1; last >= 0 {
		sync := f.due[last]
		f.due = f.due[:last]
		f.start()
		f.do(sync)
	}
	f.wg.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// A Joint does something once for all who ask for it while it is being done for
// others: each is answered by a call that began after he asked.
//
// Its zero value is ready for use. It is safe for concurrent use.
type Joint struct {
	mu   sync.Mutex
	turn chan struct{} // holds one while a call is made
	next *call         // the one that begins next; nil: nobody waits for one
}

type call struct {
	made bool // as err, touched by who has the turn
	err  error
}

// Do returns what do returned, or what it returned to another who waited too.
// All who call Do must want the same to be done.
func (j *Joint) Do(do func() error) error {
	c := j.join()
	j.turn <- struct{}{}
	defer func() { <-j.turn }()
	if c.made {
		return c.err
	}
	j.mu.Lock()
	j.next = nil
	j.mu.Unlock()
	c.err = errors.New("the call panicked")
	c.made = true
	c.err = do()
	return c.err
}

func (j *Joint) join() *call {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.turn == nil {
		j.turn = make(chan struct{}, 1)
	}
	if j.next == nil {
		j.next = new(call)
	}
	return j.next
}
