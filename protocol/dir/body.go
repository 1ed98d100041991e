package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/ezged/coldlauncher/launcher"
)

// opener returns the function that opens a file as long as it is what it was.
func (o *offer) opener(e entry, info os.FileInfo) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		f, err := o.walk.openFile(e.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, o.walk.alive(launcher.Later(fmt.Errorf("%s is gone", show(e.path))))
		case err != nil:
			return nil, o.failed(fmt.Errorf("open %s: %w", show(e.path), err))
		}
		b := &body{file: f, ctx: ctx, entry: e, offer: o}
		if err := b.verify(info); err != nil {
			f.Close()
			return nil, err
		}
		return b, nil
	}
}

// openFile opens a file, in the folder that is open if there is one: the caller
// looks whether it is the file.
func (p *pass) openFile(path string) (*os.File, error) {
	dir, name := split(path)
	in := p.folders.find(dir)
	if in == nil {
		var err error
		if in, err = p.folders.enter(dir); err != nil {
			return nil, err
		}
	}
	defer in.release()
	return p.ops().openHeld(in, name, path)
}

// A body reads a file, and fails where the file changed meanwhile. It is also
// an io.ReaderAt.
type body struct {
	file  *os.File
	ctx   context.Context // of the Open that the reader belongs to
	entry entry
	offer *offer
	read  int64 // by Read
}

// verify fails if the open file is not what was listed.
func (b *body) verify(info os.FileInfo) error {
	now, err := b.file.Stat()
	if err != nil {
		return b.offer.failed(fmt.Errorf("look at %s: %w", show(b.entry.path), err))
	}
	if !b.entry.is(now) || info != nil && !os.SameFile(info, now) {
		return launcher.Later(fmt.Errorf("%s changed since it was listed", show(b.entry.path)))
	}
	return nil
}

func (b *body) Read(buf []byte) (int, error) {
	if b.read >= b.entry.size && b.entry.size > 0 { // some files of no size have a body
		return b.result(0, io.EOF) // unless it has grown
	}
	n, err := b.file.Read(buf)
	b.read += int64(n)
	return b.result(n, err)
}

func (b *body) ReadAt(buf []byte, off int64) (int, error) {
	n, err := b.file.ReadAt(buf, off)
	return b.result(n, err)
}

// result notes progress, and at the end looks whether what was read is still
// the file that was opened.
func (b *body) result(n int, err error) (int, error) {
	launcher.Progress(b.ctx, int64(n))
	switch {
	case errors.Is(err, io.EOF):
		if changed := b.verify(nil); changed != nil {
			return n, changed
		}
		return n, io.EOF
	case err != nil:
		return n, b.offer.failed(fmt.Errorf("read %s: %w", show(b.entry.path), err))
	}
	return n, nil
}

func (b *body) Close() error { return b.file.Close() }
