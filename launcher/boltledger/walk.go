package boltledger

import (
	"bytes"
	"context"
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
)

// walkPage is how many entries Walk reads at a time, and walkBytes the number
// of bytes after which it reads no further.
const (
	walkPage  = 256
	walkBytes = 1 << 20
)

// Walk implements [launcher.Ledger]. It reads no entries but the launcher's, a
// page at a time, and holds nothing of the ledger while fn runs: fn may take
// its time. If ctx is done, Walk ends with an error that wraps its cause.
func (l *Ledger) Walk(ctx context.Context, name string, fn func(launcher.Entry) error) error {
	var after string // the last ID seen
	for {
		var page []launcher.Entry
		err := l.view(ctx, func(t table) (err error) {
			page, err = t.page(name, after)
			return err
		})
		if err != nil {
			return fmt.Errorf("ledger %q: walk: %w", l.path, err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

// page returns the next entries of a launcher whose IDs follow after.
func (t table) page(name, after string) ([]launcher.Entry, error) {
	own := t.entries(name)
	if own == nil {
		return nil, nil
	}
	c := own.Cursor()
	k, v := c.Seek([]byte(after))
	if bytes.Equal(k, []byte(after)) && k != nil {
		k, v = c.Next()
	}
	r := newReader(name)
	var page []launcher.Entry
	for size := 0; k != nil && len(page) < walkPage && size < walkBytes; k, v = c.Next() {
		e, err := r.decode(k, v)
		if err != nil {
			return nil, err
		}
		page = append(page, e)
		size += len(v)
	}
	return page, nil
}
