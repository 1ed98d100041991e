package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ezged/coldlauncher/launcher/spool"
)

// A Download is the body of one mail on its way into the spool. Init comes
// first. Write, Receive, Got, Restart and Commit are for the goroutine that
// fetches.
type Download struct {
	pool  *spool.Pool
	w     *spool.Writer
	got   int64
	done  chan struct{} // closed when body or err is set
	ahead int64         // its part of Queue.ahead, which the lock of that guards

	mu        sync.Mutex
	body      *spool.Body
	err       error
	finished  bool
	abandoned bool // nobody wants it any more
}

// Init begins a Download of which nothing has arrived.
func (d *Download) Init(pool *spool.Pool) {
	d.pool, d.w, d.done = pool, pool.Create(), make(chan struct{})
}

// Write appends to the body. It fails where the spool does.
func (d *Download) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	d.got += int64(n)
	return n, err
}

// Receive appends what r yields to its end, size bytes or so. Where the spool
// fails that is told in kept, where r does in err.
func (d *Download) Receive(r io.Reader, size int64) (n int64, kept, err error) {
	d.w.Expect(size)
	n, err = d.w.ReadFrom(r)
	d.got += n
	if kept = d.w.Err(); kept != nil {
		err = nil
	}
	return n, kept, err
}

// Got returns how many bytes were written.
func (d *Download) Got() int64 { return d.got }

// Restart forgets what was written.
func (d *Download) Restart() {
	d.w.Close()
	d.w, d.got = d.pool.Create(), 0
}

// Commit returns what was written as a Body, which is then given to Finish.
func (d *Download) Commit() (*spool.Body, error) {
	body, err := d.w.Commit()
	if err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	return body, nil
}

// Finish ends the download with a body or an error, unless it has ended. A body
// that nobody wants is closed.
func (d *Download) Finish(body *spool.Body, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if body != nil && (d.finished || d.abandoned) {
		body.Close()
		body = nil
	}
	d.w.Close()
	if d.finished {
		return
	}
	d.finished, d.body, d.err = true, body, err
	close(d.done)
}

// Ended reports whether the download has ended, and with what error.
func (d *Download) Ended() (ended bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.finished, d.err
}

// Wait waits until the download has ended, or ctx is done. The body is the
// Download's until Abandon is called; from then on there is an error instead.
func (d *Download) Wait(ctx context.Context) (*spool.Body, error) {
	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.err != nil:
		return nil, fmt.Errorf("fetch: %w", d.err)
	case d.abandoned:
		return nil, errAbandoned
	}
	return d.body, nil
}

var errAbandoned = errors.New("the message is not kept any more: Store has returned")

// Abandon frees what the download takes, at once or when it ends.
func (d *Download) Abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.abandoned = true
	if d.body != nil {
		d.body.Close()
		d.body = nil
	}
}

func (d *Download) part() *int64 { return &d.ahead }

// Abandoned reports whether nobody wants the download any more.
func (d *Download) Abandoned() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.abandoned
}
