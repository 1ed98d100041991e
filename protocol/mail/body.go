package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// A content is bytes that documents are ranges of.
type content struct {
	io.ReaderAt
	size    int64
	buffers *mime.Buffers // to decode it with
}

// section returns a range of c as a content of its own.
func (c content) section(within mime.Range) content {
	return content{within.Reader(c.ReaderAt), within.Size(), c.buffers}
}

// all is the range of everything in c.
func (c content) all() mime.Range { return mime.Range{End: c.size} }

// reader returns a reader of a range of c under a context.
func (c content) reader(ctx context.Context, within mime.Range) *guardedReader {
	return &guardedReader{guarded{ctx, c.ReaderAt}, within}
}

// load opens the message so that it can be read in any place, until the parcel
// is stored.
func (t *taker) load(ctx context.Context) (content, error) {
	d := t.origin
	r, err := d.Open(ctx)
	if err != nil {
		return content{}, err
	}
	if at, ok := r.(io.ReaderAt); ok && d.Size >= 0 {
		if err := t.held.add(r); err != nil {
			return content{}, err
		}
		var more [1]byte
		if n, _ := at.ReadAt(more[:], d.Size); n > 0 {
			return content{}, fmt.Errorf("read %q: more than %d bytes", d.Name, d.Size)
		}
		return content{at, d.Size, t.buffers}, nil
	}
	defer r.Close()
	c, err := t.spool(ctx, r)
	if err == nil && d.Size >= 0 && c.size != d.Size {
		return content{}, fmt.Errorf("read %q: %d bytes, not %d", d.Name, c.size, d.Size)
	}
	return c, err
}

// spool keeps what r yields until the parcel is stored.
func (t *taker) spool(ctx context.Context, r io.Reader) (content, error) {
	body, err := t.pool.Read(ctx, r)
	if err != nil {
		return content{}, err
	}
	if err := t.held.add(body); err != nil {
		return content{}, err
	}
	return content{body, body.Size(), t.buffers}, nil
}

// A guarded content is read under a context, and tells the engine that it
// advances.
type guarded struct {
	ctx context.Context // of the one call that reads
	at  io.ReaderAt
}

func (g guarded) ReadAt(p []byte, off int64) (int, error) {
	if g.ctx.Err() != nil {
		return 0, context.Cause(g.ctx)
	}
	n, err := g.at.ReadAt(p, off)
	launcher.Progress(g.ctx, int64(n))
	return n, err
}

// Lend implements mime.Lender, for contents that do.
func (g guarded) Lend(off int64, n int) []byte {
	lender, ok := g.at.(mime.Lender)
	if !ok || g.ctx.Err() != nil {
		return nil
	}
	text := lender.Lend(off, n)
	launcher.Progress(g.ctx, int64(len(text)))
	return text
}

// Return implements mime.Lender.
func (g guarded) Return() { g.at.(mime.Lender).Return() }

// A guardedReader reads a range of what is guarded.
type guardedReader struct {
	from guarded
	rest mime.Range
}

func (r *guardedReader) Read(p []byte) (int, error) {
	if r.rest.Size() <= 0 {
		return 0, io.EOF
	}
	n, err := r.from.ReadAt(p[:min(int64(len(p)), r.rest.Size())], r.rest.Off)
	r.rest.Off += int64(n)
	return n, err
}

func (*guardedReader) Close() error { return nil }

// A piece is a document inside a content.
type piece struct {
	from     content
	within   mime.Range
	encoding mime.Encoding
}

// read returns a reader of the piece, decoded, while it is taken apart.
func (p piece) read(ctx context.Context) io.ReadCloser {
	if p.encoding == mime.Identity {
		return p.from.reader(ctx, p.within)
	}
	return p.decode(guarded{ctx, p.from.ReaderAt})
}

// open implements Document.Open.
func (p piece) open(ctx context.Context) (io.ReadCloser, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if p.encoding == mime.Identity {
		return sectionBody{p.within.Reader(p.from.ReaderAt)}, nil
	}
	return p.decode(p.from.ReaderAt), nil
}

func (p piece) decode(from io.ReaderAt) *decodedBody {
	return &decodedBody{buffers: p.from.buffers, r: p.from.buffers.NewReader(p.encoding, from, p.within)}
}

// A sectionBody is the reader of a document that is not encoded. What it reads
// from is closed when the parcel is stored.
type sectionBody struct{ *io.SectionReader }

func (sectionBody) Close() error { return nil }

// A decodedBody is the reader of a document that is encoded. What it reads with
// serves another document once it is closed, so that a Sink must not get at it
// afterwards, not even with a Read under way.
type decodedBody struct {
	mu      sync.Mutex
	buffers *mime.Buffers
	r       *mime.Reader // nil: closed
}

func (b *decodedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, fmt.Errorf("read body: %w", os.ErrClosed)
	}
	return b.r.Read(p)
}

func (b *decodedBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r != nil {
		b.buffers.GiveBack(b.r)
		b.r = nil
	}
	return nil
}

// measure reads a piece once to learn how much it holds and what is wrong with
// its encoding.
func (p piece) measure(ctx context.Context) (size int64, found mime.Defects, err error) {
	if p.encoding == mime.Identity {
		return p.within.Size(), 0, nil
	}
	r := p.from.buffers.NewReader(p.encoding, guarded{ctx, p.from.ReaderAt}, p.within)
	defer p.from.buffers.GiveBack(r)
	size, err = r.Measure()
	return size, r.Defects(), err
}

// isBlank reports whether a range holds nothing but blanks and line ends.
func (c content) isBlank(ctx context.Context, within mime.Range) (bool, error) {
	r := c.reader(ctx, within)
	var buf [512]byte
	for {
		n, err := r.Read(buf[:])
		for _, b := range buf[:n] {
			if b > ' ' {
				return false, nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, err
		}
	}
}
