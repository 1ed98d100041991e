package launcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

var errAfterStore = errors.New("document opened after Store returned")

// A handover is what one call of the host's Store was given. It sees what the
// Sink reads, and takes everything back when the call has returned.
type handover struct {
	parcel Parcel

	mu    sync.Mutex
	over  bool
	docs  []handed
	asked atomic.Bool // for them
	open  []*reader
	bytes atomic.Int64
}

// handed is one document of a handover.
type handed struct {
	h    *handover
	doc  *Document
	seen Document // by the Sink
	file File
	err  error // of the last read that failed, if none reached the end since
}

// newHandover wraps a part of p.
func newHandover(p *Parcel, pt *part) *handover {
	h := &handover{docs: make([]handed, len(pt.docs))}
	h.parcel = Parcel{ID: pt.id, Origin: p.Origin, Time: p.Time, Job: pt.job, Meta: pt.meta(p), Documents: h.documents}
	for i, d := range pt.docs {
		hd := &h.docs[i]
		*hd = handed{h: h, doc: d, seen: *d, file: File{Name: d.Name, Size: -1}}
		hd.seen.Meta = maps.Clone(d.Meta)
		hd.seen.Open = hd.Open
	}
	return h
}

// documents implements Parcel.Documents.
func (h *handover) documents(context.Context) ([]*Document, error) {
	h.asked.Store(true)
	docs := make([]*Document, len(h.docs))
	for i := range docs {
		docs[i] = &h.docs[i].seen
	}
	return docs, nil
}

// end closes what the Sink left open, and returns what it read and the first
// error of a document that it could not read.
func (h *handover) end() (files []File, bytes int64, err error) {
	h.mu.Lock()
	h.over = true
	open := h.open
	h.open = nil
	h.mu.Unlock()
	for _, r := range open {
		r.close()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	files = make([]File, len(h.docs))
	for i := range h.docs {
		hd := &h.docs[i]
		files[i] = hd.file
		if hd.err != nil && hd.file.SHA256 == "" && err == nil {
			err = fmt.Errorf("read %q: %w", hd.doc.Name, hd.err)
		}
	}
	return files, h.bytes.Load(), err
}

// Open implements Document.Open.
func (hd *handed) Open(ctx context.Context) (io.ReadCloser, error) {
	h := hd.h
	h.mu.Lock()
	over, known := h.over, hd.file.SHA256 != ""
	h.mu.Unlock()
	if over {
		return nil, errAfterStore
	}
	rc, err := hd.open(ctx)
	if err != nil {
		hd.failed(err)
		return nil, err
	}
	r := &reader{hd: hd, rc: rc}
	if !known {
		r.sum = sha256.New()
	}
	if !h.opened(r) {
		rc.Close()
		return nil, errAfterStore
	}
	if at, ok := rc.(io.ReaderAt); ok {
		return &readerAt{r, at}, nil
	}
	return r, nil
}

// open calls the Source's Open, and contains its panics: the Sink may call it
// from a goroutine of its own, where nobody else would.
func (hd *handed) open(ctx context.Context) (rc io.ReadCloser, err error) {
	defer contain(&err, "open")
	return hd.doc.Open(ctx)
}

// opened takes r down to be closed in the end, unless the end has come.
func (h *handover) opened(r *reader) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return false
	}
	h.open = append(h.open, r)
	return true
}

func (hd *handed) failed(err error) {
	hd.h.mu.Lock()
	defer hd.h.mu.Unlock()
	hd.err = err
}

// SHA256 returns the SHA-256, in hexadecimal, of what was read so far from r, if r
// is what Document.Open returned to a Sink, and as it was: the engine hashes what
// the Sink reads. It does not where it has the hash of the document already; then,
// and for other readers, ok is false.
func SHA256(r io.Reader) (sum string, ok bool) {
	s, ok := r.(interface{ sumSoFar() (string, bool) })
	if !ok {
		return "", false
	}
	return s.sumSoFar()
}

func (r *reader) sumSoFar() (string, bool) {
	if r.sum == nil {
		return "", false
	}
	return hexSum(r.sum), true
}

// hexSum returns what h has come to, in hexadecimal.
func hexSum(h hash.Hash) string {
	var text [2 * sha256.Size]byte
	return string(hex.AppendEncode(text[:0], h.Sum(nil)))
}

// A reader reads a document for the Sink: it counts, hashes, and holds the
// body to the size that its Document has.
type reader struct {
	hd  *handed
	rc  io.ReadCloser
	sum hash.Hash // nil: another reader has reached the end

	n     int64
	whole bool  // it had all bytes announced, or all there are
	err   error // that ended the reading
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.read(p)
	r.n += int64(n)
	r.hd.h.bytes.Add(int64(n))
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	// A Sink that takes as many bytes as announced may never ask for the end.
	if size := r.hd.doc.Size; err != nil || size >= 0 && r.n >= size {
		err = r.end(err)
	}
	return n, err
}

func (r *reader) read(p []byte) (n int, err error) {
	defer contain(&err, "read")
	return r.rc.Read(p)
}

// end takes down how far the reading came, and returns the error for the Sink:
// nil if more may follow.
func (r *reader) end(err error) error {
	h := r.hd.h
	h.mu.Lock()
	defer h.mu.Unlock()
	size := r.hd.doc.Size
	switch {
	case size >= 0 && r.n > size:
		err = fmt.Errorf("body of %q is longer than its %d bytes", r.hd.doc.Name, size)
	case err == io.EOF && r.n < size:
		err = fmt.Errorf("body of %q ends after %d of %d bytes: %w", r.hd.doc.Name, r.n, size, io.ErrUnexpectedEOF)
	}
	r.err = err
	if err != nil && err != io.EOF {
		if r.whole {
			r.hd.file = File{Name: r.hd.doc.Name, Size: -1} // it was not whole
		}
		r.hd.err = err
		return err
	}
	if r.sum != nil && r.hd.file.SHA256 == "" {
		r.whole = true
		r.hd.file.Size = r.n
		r.hd.file.SHA256 = hexSum(r.sum)
	}
	r.hd.err = nil
	return err
}

func (r *reader) Close() error {
	h := r.hd.h
	h.mu.Lock()
	i := slices.Index(h.open, r)
	if i >= 0 {
		h.open = slices.Delete(h.open, i, i+1)
	}
	h.mu.Unlock()
	if i < 0 {
		return nil // closed before, or when Store returned
	}
	return r.close()
}

func (r *reader) close() (err error) {
	defer contain(&err, "close")
	return r.rc.Close()
}

// A readerAt is a reader of a body that can be read anywhere. What is read
// with ReadAt does not count as read to the end.
type readerAt struct {
	*reader
	at io.ReaderAt
}

func (r *readerAt) ReadAt(p []byte, off int64) (n int, err error) {
	defer contain(&err, "read")
	return r.at.ReadAt(p, off)
}
