package spool

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// The limits of a Pool whose fields are zero.
const (
	DefaultPerBody = 2 << 20
	DefaultMemory  = 8 << 20
	DefaultMaxBody = 4 << 30
	DefaultMaxDisk = 16 << 30
)

// A Pool keeps bodies. Its zero value is ready for use; it is safe for
// concurrent use and must not be copied after first use. Its fields must not
// change then either. Sizes are in bytes.
type Pool struct {
	Dir     string // of the temporary file; "": os.TempDir()
	PerBody int64  // memory that one body may take; 0: 2 MiB; -1: none
	Memory  int64  // memory that all bodies may take at a time; 0: 8 MiB; -1: none
	MaxBody int64  // size of a body; 0: 4 GiB; -1: no limit
	MaxDisk int64  // size of the temporary file; 0: 16 GiB; -1: no limit

	memory memory
	disk   disk
	copies sync.Pool // *[copySize]byte, for Read
}

const copySize = 64 << 10

// Read reads r to its end and keeps what came. It reports to launcher.Progress
// and looks at ctx between two reads; it cannot interrupt one. The caller
// closes the Body. If r fails, or ctx is done, nothing is kept and the error
// wraps what r returned or the cause of ctx.
func (p *Pool) Read(ctx context.Context, r io.Reader) (*Body, error) {
	w := p.Create()
	defer w.Close()
	if err := p.copy(ctx, w, r); err != nil {
		return nil, err
	}
	return w.Commit()
}

func (p *Pool) copy(ctx context.Context, w *Writer, r io.Reader) error {
	buf, _ := p.copies.Get().(*[copySize]byte)
	if buf == nil {
		buf = new([copySize]byte)
	}
	defer p.copies.Put(buf)
	for idle := 0; ; {
		if ctx.Err() != nil {
			return fmt.Errorf("read body: %w", context.Cause(ctx))
		}
		n, err := r.Read(buf[:])
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		launcher.Progress(ctx, int64(n))
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read body: %w", err)
		case n > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return fmt.Errorf("read body: %w", io.ErrNoProgress)
			}
		}
	}
}

// limit returns a field's value, or its default if it is zero. A negative one
// is none.
func limit(field, zero, none int64) int64 {
	switch {
	case field == 0:
		return zero
	case field < 0:
		return none
	}
	return field
}
