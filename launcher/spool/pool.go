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
	copies sync.Pool // *[copySize]byte
}

const copySize = 64 << 10

// Read reads r to its end and keeps what came. It reports to launcher.Progress
// and looks at ctx between two reads; it cannot interrupt one. The caller
// closes the Body. If r fails, or ctx is done, nothing is kept and the error
// wraps what r returned or the cause of ctx.
func (p *Pool) Read(ctx context.Context, r io.Reader) (*Body, error) {
	w := p.Create()
	defer w.Close()
	if _, err := w.ReadFrom(watched{ctx, r}); err != nil && w.Err() == nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return w.Commit()
}

// borrow lends a buffer, which is put into copies again.
func (p *Pool) borrow() *[copySize]byte {
	if buf, ok := p.copies.Get().(*[copySize]byte); ok {
		return buf
	}
	return new([copySize]byte)
}

// A watched reader is read under a context, and tells the engine that it
// advances.
type watched struct {
	ctx context.Context
	r   io.Reader
}

func (w watched) Read(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := w.r.Read(p)
	launcher.Progress(w.ctx, int64(n))
	return n, err
}

// perBody is how many bytes of memory one body may take.
func (p *Pool) perBody() int64 { return limit(p.PerBody, DefaultPerBody, 0) }

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
