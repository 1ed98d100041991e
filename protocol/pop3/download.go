package pop3

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// A download is the body of one mail on its way into the spool.
type download struct {
	mail mail
	most int64         // bytes that it may have; 0: no limit
	done chan struct{} // closed when body or err is set

	// Of the goroutine that fetches.
	w      *spool.Writer
	got    int64
	sum    hash.Hash // of a mail that is known by its content, else nil
	breaks int       // connections that broke on it
	land   func()    // ends the command

	mu        sync.Mutex
	body      *spool.Body
	err       error
	finished  bool
	abandoned bool // nobody wants it any more
}

func newDownload(m mail, w *spool.Writer, most int64) *download {
	d := &download{mail: m, most: most, w: w, done: make(chan struct{})}
	if m.uidl == "" {
		d.sum = sha256.New()
	}
	return d
}

// Write appends to the body.
func (d *download) Write(p []byte) (int, error) {
	d.got += int64(len(p))
	if d.most > 0 && d.got > d.most {
		return 0, tooLarge(d.got, d.most)
	}
	if d.sum != nil {
		d.sum.Write(p)
	}
	return d.w.Write(p)
}

func tooLarge(size, most int64) error {
	return launcher.Reject(fmt.Errorf("message of %d bytes or more is larger than %d", size, most))
}

// restart forgets what has arrived.
func (d *download) restart(w *spool.Writer) {
	d.w.Close()
	d.w, d.got = w, 0
	if d.sum != nil {
		d.sum.Reset()
	}
}

// commit ends the download with what has arrived.
func (d *download) commit() {
	body, err := d.w.Commit()
	switch {
	case err != nil:
		err = fmt.Errorf("keep: %w", err)
	case d.sum != nil && d.mail.hash != hex.EncodeToString(d.sum.Sum(nil)):
		body.Close()
		body, err = nil, launcher.Later(fmt.Errorf("message %d is not the one that it was", d.mail.number))
	}
	d.finish(body, err)
}

// finish ends the download.
func (d *download) finish(body *spool.Body, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.finished {
		return
	}
	d.w.Close()
	d.finished = true
	if d.abandoned && body != nil {
		body.Close()
		body = nil
	}
	d.body, d.err = body, err
	close(d.done)
}

// abandon frees what the download takes, at once or when it ends.
func (d *download) abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.abandoned = true
	if d.body != nil {
		d.body.Close()
		d.body = nil
	}
}

func (d *download) isAbandoned() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.abandoned
}
