package pop3

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// A download is the body of one mail on its way into the spool. What it adds
// is of the goroutine that fetches.
type download struct {
	flow.Download
	mail mail
	most int64 // bytes that it may have; 0: no limit

	sum    hash.Hash // of a mail that is known by its content, else nil
	breaks int       // connections that broke on it
	land   func()    // ends the command
}

func newDownload(m mail, pool *spool.Pool, most int64) *download {
	d := &download{mail: m, most: most}
	d.Init(pool)
	if m.uidl == "" {
		d.sum = sha256.New()
	}
	return d
}

// Write appends to the body.
func (d *download) Write(p []byte) (int, error) {
	if size := d.Got() + int64(len(p)); d.most > 0 && size > d.most {
		return 0, tooLarge(size, d.most)
	}
	if d.sum != nil {
		d.sum.Write(p)
	}
	return d.Download.Write(p)
}

func tooLarge(size, most int64) error {
	return launcher.Reject(fmt.Errorf("message of %d bytes or more is larger than %d", size, most))
}

// restart forgets what has arrived.
func (d *download) restart() {
	d.Restart()
	if d.sum != nil {
		d.sum.Reset()
	}
}

// end ends the download with what has arrived.
func (d *download) end() {
	body, err := d.Commit()
	if err == nil && d.sum != nil && d.mail.hash != hex.EncodeToString(d.sum.Sum(nil)) {
		body.Close()
		body, err = nil, launcher.Later(fmt.Errorf("message %d is not the one that it was", d.mail.number))
	}
	d.Finish(body, err)
}
