package imap

import (
	"fmt"
	"io"
	"sync"

	"github.com/ezged/coldlauncher/launcher/spool"
)

// A download is the body of one mail on its way into the spool.
type download struct {
	mail mail
	done chan struct{} // closed when body or err is set

	// Of the goroutine that fetches.
	w      *spool.Writer
	got    int64 // bytes in w
	step   step
	breaks int   // connections that broke while this mail alone was fetched
	before int64 // got when the last of these broke
	total  int   // of all breaks
	other  int64 // length that came before and was in doubt; -1: none
	loose  bool  // the server's sizes are known to be inexact

	mu        sync.Mutex
	body      *spool.Body
	err       error
	finished  bool
	abandoned bool // nobody wants it any more
}

// A step is how hard it is tried to get a mail that was not returned.
type step int

const (
	batched  step = iota // with others, by UID
	single               // alone, by UID
	bySeqNum             // alone, by sequence number
)

func newDownload(m mail, w *spool.Writer) *download {
	return &download{mail: m, w: w, done: make(chan struct{}), other: -1}
}

// restart forgets what has arrived.
func (d *download) restart(w *spool.Writer) {
	d.w.Close()
	d.w, d.got = w, 0
}

// end ends the download if what has arrived is the whole mail. A length that
// is not the one in the listing leaves that in doubt, for some servers make up
// a message in the place of one that is gone, until it comes a second time:
// others do not count exactly.
func (d *download) end() {
	size := d.mail.size
	switch {
	case size < 0, d.got == size, d.got == d.other, d.loose && d.got >= size/2:
		d.commit()
	default:
		d.other = d.got
	}
}

func (d *download) commit() {
	body, err := d.w.Commit()
	if err != nil {
		d.finish(nil, fmt.Errorf("keep: %w", err))
		return
	}
	d.finish(body, nil)
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

func (d *download) isFinished() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.finished
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

// receive appends what r yields to the body. An error of the spool ends the
// download.
func (d *download) receive(r io.Reader, buf []byte) (int64, error) {
	var n int64
	for {
		k, err := r.Read(buf)
		if k > 0 {
			n += int64(k)
			if _, werr := d.w.Write(buf[:k]); werr != nil {
				d.finish(nil, werr)
				return n, werr
			}
			d.got += int64(k)
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
