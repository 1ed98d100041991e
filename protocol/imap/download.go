package imap

import (
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// A download is the body of one mail on its way into the spool. What it adds
// is of the goroutine that fetches.
type download struct {
	flow.Download
	mail *mail

	step   step
	breaks int   // connections that broke while this mail alone was fetched
	before int64 // Got when the last of these broke
	total  int   // of all breaks
	other  int64 // length that came before and was in doubt; -1: none
	loose  bool  // the server's sizes are known to be inexact
	lonely bool  // no other FETCH is under way
}

// A step is how hard it is tried to get a mail that was not returned.
type step int

const (
	batched  step = iota // with others, by UID
	single               // alone, by UID
	bySeqNum             // alone, by sequence number
)

func newDownload(m *mail, pool *spool.Pool) *download {
	d := &download{mail: m, other: -1}
	d.Init(pool)
	return d
}

// end ends the download if what has arrived is the whole mail. A length that
// is not the one in the listing leaves that in doubt, for some servers make up
// a message in the place of one that is gone, until it comes a second time:
// others do not count exactly.
func (d *download) end() {
	switch size, got := d.mail.size, d.Got(); {
	case size < 0, got == size, got == d.other, d.loose && got >= size/2:
		d.Finish(d.Commit())
	default:
		d.other = got
	}
}

// receive appends a literal, or what is left of it, to the body. An error of the
// spool ends the download.
func (d *download) receive(l *literal) (int64, error) {
	n, kept, err := d.Receive(l, l.Size())
	if kept != nil {
		d.Finish(nil, kept)
		return n, kept
	}
	return n, err
}
