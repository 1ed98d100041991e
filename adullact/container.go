package adullact

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
)

// An archive is the doc of a member that holds others, in member.inner.
type archive struct{ zip bool }

// down opens one container more.
func (dec *decoding) down(m *member, read func() error) error {
	if dec.depth == dec.limits.Nested {
		m.note(WarnNested, "", "%v", &LimitError{Limit: "Nested", Max: int64(dec.limits.Nested)})
		return nil
	}
	dec.depth++
	defer func() { dec.depth-- }()
	return read()
}

// readTar looks at the files of a tar.
func (dec *decoding) readTar(m *member, r io.Reader, gzipped bool) error {
	return dec.down(m, func() error {
		err := dec.eachInTar(r, gzipped, func(i int, h *tar.Header, body io.Reader) error {
			return dec.tarEntry(m, i, h, body, gzipped)
		})
		if errors.Is(err, errNotTar) {
			return nil // a file that is packed, and nothing more
		}
		m.doc = &archive{}
		return err
	})
}

var errNotTar = errors.New("not a tar")

// eachInTar calls fn for each file of a tar, and reads it to its end.
func (dec *decoding) eachInTar(r io.Reader, gzipped bool, fn func(i int, h *tar.Header, body io.Reader) error) error {
	if gzipped {
		in := &counter{r: r}
		z, err := gzip.NewReader(bufio.NewReader(in))
		if err != nil {
			return malformed(err)
		}
		r = &ratioReader{r: z, in: in, max: dec.limits.Ratio}
	}
	tr := tar.NewReader(r)
	for i := 0; ; i++ {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if i == 0 && errors.Is(err, tar.ErrHeader) {
			return errNotTar
		}
		if err != nil {
			return malformed(err)
		}
		if err := fn(i, h, tr); err != nil {
			return malformed(err)
		}
	}
	_, err := io.Copy(io.Discard, r) // to the checksum of the gzip
	return malformed(err)
}

func (dec *decoding) tarEntry(m *member, i int, h *tar.Header, body io.Reader, gzipped bool) error {
	if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	if err := dec.enter(h.Name); err != nil {
		return err
	}
	child := newMember(plainName(h.Name))
	if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
		m.note(WarnNotRegular, "", "%q is no regular file", child.path)
		return nil
	}
	child.open = dec.openInTar(m, i, gzipped)
	return dec.entry(m, child, body, dec.Keep != nil && !isNoise(child.path))
}

// entry looks at a file of a container, which it keeps if it is not to be read
// in sequence again.
func (dec *decoding) entry(m, child *member, body io.Reader, keep bool) error {
	if isUnsafe(child.path) {
		m.note(WarnUnsafeName, "", "%q", child.path)
	}
	m.inner = append(m.inner, child)
	body = &spender{dec, body}
	if err := dec.lookInside(child, body, keep); err != nil {
		return fmt.Errorf("%q: %w", child.name, err)
	}
	return nil
}

func (dec *decoding) lookInside(m *member, body io.Reader, keep bool) error {
	if !keep {
		return dec.look(m, body, true)
	}
	at, size, err := dec.Keep(dec.ctx, body)
	if err != nil {
		return err
	}
	m.at, m.size, m.open, m.lasting = at, size, openAt(at, size), true
	return dec.look(m, io.NewSectionReader(at, 0, size), true)
}

// openInTar opens the i-th file of a tar by reading the tar from its start.
func (dec *decoding) openInTar(m *member, i int, gzipped bool) opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		outer, err := m.open(ctx)
		if err != nil {
			return nil, err
		}
		var r io.Reader = bufio.NewReader(outer)
		if gzipped {
			if r, err = gzip.NewReader(r); err != nil {
				outer.Close()
				return nil, err
			}
		}
		tr := tar.NewReader(r)
		for range i + 1 {
			if ctx.Err() != nil {
				outer.Close()
				return nil, context.Cause(ctx)
			}
			if _, err := tr.Next(); err != nil {
				outer.Close()
				return nil, malformed(err)
			}
		}
		return readCloser{tr, outer}, nil
	}
}

type readCloser struct {
	io.Reader
	io.Closer
}

// readZip looks at the files of a zip.
func (dec *decoding) readZip(m *member, r io.Reader) error {
	return dec.down(m, func() error {
		at, size, lasting, err := dec.anywhere(m, r)
		if err != nil || at == nil {
			return err
		}
		z, err := dec.openZip(at, size)
		if err != nil {
			return err
		}
		m.doc = &archive{zip: true}
		for i, f := range z.File {
			open := func(context.Context) (io.ReadCloser, error) { return f.Open() }
			if !lasting {
				open = dec.openInZip(m, i)
			}
			if err := dec.zipEntry(m, f, open); err != nil {
				return err
			}
		}
		return nil
	})
}

// anywhere returns a file so that it can be read in any place, and whether it
// stays so; nil if that would cost too much.
func (dec *decoding) anywhere(m *member, r io.Reader) (at io.ReaderAt, size int64, lasting bool, err error) {
	switch {
	case m.at != nil && m.lasting:
		return m.at, m.size, true, nil
	case dec.Keep != nil:
		at, size, err = dec.Keep(dec.ctx, r)
		return at, size, true, err
	case m.at != nil:
		return m.at, m.size, false, nil
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(dec.limits.Memory)+1))
	if err != nil {
		return nil, 0, false, err
	}
	if len(b) > dec.limits.Memory {
		m.note(WarnNested, "", "a zip inside another container: %v", &LimitError{Limit: "Memory", Max: int64(dec.limits.Memory)})
		return nil, 0, false, nil
	}
	return bytes.NewReader(b), int64(len(b)), true, nil
}

// openInZip opens the i-th file of a zip that is to be opened first.
func (dec *decoding) openInZip(m *member, i int) opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		outer, err := m.open(ctx)
		if err != nil {
			return nil, err
		}
		at, ok := outer.(io.ReaderAt)
		if !ok {
			outer.Close()
			return nil, errors.New("a zip that could be read in any place cannot any more")
		}
		z, err := dec.openZip(at, m.size)
		if err == nil && i < len(z.File) {
			var r io.ReadCloser
			if r, err = z.File[i].Open(); err == nil {
				return readCloser{r, outer}, nil
			}
		}
		outer.Close()
		return nil, cmp.Or(err, ErrMalformed)
	}
}

// openZip reads the directory of a zip, and no more of it than the limits
// allow.
func (dec *decoding) openZip(at io.ReaderAt, size int64) (*zip.Reader, error) {
	const perEntry = 46 + 256 // of a header and its extra field
	over := &LimitError{Limit: "Entries", Max: int64(dec.limits.Entries)}
	budget := &budgetAt{ReaderAt: at, left: 256<<10 + int64(dec.limits.Entries)*int64(perEntry+dec.limits.Name), over: over}
	z, err := zip.NewReader(budget, size)
	if err != nil {
		return nil, malformed(err)
	}
	if len(z.File) > dec.limits.Entries {
		return nil, over
	}
	budget.free = true
	return z, nil
}

func (dec *decoding) zipEntry(m *member, f *zip.File, open opener) error {
	if strings.HasSuffix(f.Name, "/") {
		return nil
	}
	if err := dec.enter(f.Name); err != nil {
		return err
	}
	child := newMember(plainName(f.Name))
	if f.Mode()&fs.ModeType != 0 {
		m.note(WarnNotRegular, "", "%q is no regular file", child.path)
		return nil
	}
	if f.Flags&1 != 0 {
		return fmt.Errorf("%q: %w", f.Name, ErrEncrypted)
	}
	child.open = open
	r, err := f.Open()
	if err != nil {
		return malformed(err)
	}
	defer r.Close()
	in := &fixed{int64(f.CompressedSize64)}
	return malformed(dec.entry(m, child, &ratioReader{r: r, in: in, max: dec.limits.Ratio}, false))
}

// folder looks at the files of a folder.
func (dec *decoding) folder(fsys fs.FS, dir string) ([]*member, error) {
	var out []*member
	err := fs.WalkDir(fsys, dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if err := dec.enter(e.Name()); err != nil {
			return err
		}
		rel := strings.TrimPrefix(p, dir+"/")
		if dir == "." {
			rel = p
		}
		if !e.Type().IsRegular() {
			dec.warn(WarnNotRegular, "", "", "%q is no regular file", rel)
			return nil
		}
		m := newMember(rel)
		m.size = -1
		m.open = func(context.Context) (io.ReadCloser, error) { return fsys.Open(p) }
		out = append(out, m)
		return dec.lookOpen(m)
	})
	return out, err
}

// lookOpen looks at a file that is to be opened first. m.size is its size, if
// that is known, and otherwise -1.
func (dec *decoding) lookOpen(m *member) error {
	r, err := m.open(dec.ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if m.size < 0 {
		m.size = sizeOf(r)
	}
	if at, ok := r.(io.ReaderAt); ok && m.size >= 0 {
		m.at = at
		defer func() { m.at = nil }()
	}
	if err := dec.look(m, &spender{dec, r}, true); err != nil {
		return fmt.Errorf("%q: %w", path.Base(m.path), err)
	}
	return nil
}

// sizeOf returns the size of an open file; -1 if it does not say.
func sizeOf(r io.Reader) int64 {
	if f, ok := r.(fs.File); ok {
		if info, err := f.Stat(); err == nil {
			return info.Size()
		}
	}
	return -1
}

// malformed marks errors of the archive packages.
func malformed(err error) error {
	switch {
	case err == nil:
		return nil
	case isFatal(err), errors.Is(err, ErrMalformed), errors.Is(err, ErrTruncated), errors.Is(err, ErrEncrypted):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, tar.ErrHeader),
		errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrAlgorithm), errors.Is(err, zip.ErrChecksum), errors.As(err, new(flate.CorruptInputError)):
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return err
}

// A spender counts against Limits.Expanded what is read.
type spender struct {
	dec *decoding
	r   io.Reader
}

func (s *spender) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if over := s.dec.spend(int64(n)); over != nil {
		return 0, over
	}
	return n, err
}

// A measure tells how many packed bytes there were so far.
type measure interface{ count() int64 }

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) count() int64 { return c.n }

type fixed struct{ n int64 }

func (f *fixed) count() int64 { return f.n }

// A ratioReader fails when much more comes out than went in.
type ratioReader struct {
	r   io.Reader
	in  measure
	max int
	out int64
}

func (r *ratioReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.out += int64(n)
	if r.out > ratioFloor && (r.out-1)/int64(r.max) >= r.in.count() {
		return 0, &LimitError{Limit: "Ratio", Max: int64(r.max)}
	}
	return n, err
}

// A budgetAt fails when more than some bytes were read, until it is free.
type budgetAt struct {
	io.ReaderAt
	left int64
	over error
	free bool
}

func (b *budgetAt) ReadAt(p []byte, off int64) (int, error) {
	if !b.free {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, b.over
		}
	}
	return b.ReaderAt.ReadAt(p, off)
}

// isCorrupt reports whether an attachment cannot be unwrapped, and it is not
// the reading that failed.
func isCorrupt(err error) bool {
	return errors.Is(err, payload.ErrCorrupt) || errors.Is(err, payload.ErrSeveral) || errors.Is(err, payload.ErrEncrypted)
}
