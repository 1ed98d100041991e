package launchertest

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A sinkParcel makes the parcels of one ID that TestSink hands to a Sink, and
// sees what the Sink does with them.
type sinkParcel struct {
	id   string
	docs []*sinkDoc
	err  error  // what Documents returns
	meet func() // if not nil, called by Documents first

	mu     sync.Mutex
	opened int
	closed int
}

// A sinkDoc is one document of a sinkParcel.
type sinkDoc struct {
	name, dir string
	body      string
	unsized   bool
	openErr   error         // what Open returns
	readErr   error         // what Read returns instead of io.EOF
	readAfter int           // how much of the body is read before readErr
	wait      chan struct{} // not nil: after readAfter bytes Read waits for the end of the context, or for this
	waiting   func()        // called when it does
}

// newParcel returns a parcel with a document for each name, whose body no
// other document has.
func newParcel(id string, names ...string) *sinkParcel {
	p := &sinkParcel{id: id}
	for i, name := range names {
		p.docs = append(p.docs, &sinkDoc{name: launcher.CleanName(name), body: fmt.Sprintf("document %d of %s: %q", i, id, name)})
	}
	return p
}

// withBody gives the last document another body.
func (p *sinkParcel) withBody(body string) *sinkParcel {
	p.last().body = body
	return p
}

func (p *sinkParcel) last() *sinkDoc { return p.docs[len(p.docs)-1] }

// healthy returns the same parcel with all its documents readable.
func (p *sinkParcel) healthy() *sinkParcel {
	h := &sinkParcel{id: p.id}
	for _, d := range p.docs {
		h.docs = append(h.docs, &sinkDoc{name: d.name, dir: d.dir, body: d.body, unsized: d.unsized})
	}
	return h
}

// parcel returns a new Parcel, as a Sink gets it.
func (p *sinkParcel) parcel() *launcher.Parcel {
	docs := p.documents()
	return &launcher.Parcel{
		ID: p.id, Origin: "launchertest", Job: "87", Time: sinkTime, Meta: map[string]string{"mail.subject": "a subject"},
		Documents: func(context.Context) ([]*launcher.Document, error) {
			if p.meet != nil {
				p.meet()
			}
			return docs, p.err
		},
	}
}

var sinkTime = time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC)

func (p *sinkParcel) documents() []*launcher.Document {
	unit := &launcher.Unit{Key: "unit", Meta: map[string]string{"adullact.kind": "actes"}}
	var docs []*launcher.Document
	for _, d := range p.docs {
		doc := &launcher.Document{
			Name: d.name, Dir: d.dir, MediaType: "application/pdf", Size: int64(len(d.body)), Time: sinkTime,
			Role: "file", Group: strings.TrimPrefix(path.Ext(d.name), "."), Unit: unit,
			Meta: map[string]string{launcher.MetaName: d.name},
			Open: func(ctx context.Context) (io.ReadCloser, error) { return p.open(ctx, d) },
		}
		if d.unsized {
			doc.Size = -1
		}
		docs = append(docs, doc)
	}
	return docs
}

func (p *sinkParcel) open(ctx context.Context, d *sinkDoc) (io.ReadCloser, error) {
	if d.openErr != nil {
		return nil, d.openErr
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened++
	return &sinkReader{ctx: ctx, p: p, d: d, rest: d.body}, nil
}

// readers returns how many readers were opened and how many closed.
func (p *sinkParcel) readers() (opened, closed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened, p.closed
}

// A sinkReader reads as awkwardly as an io.Reader may: in pieces of changing
// length, and with the last piece and its end in one.
type sinkReader struct {
	ctx    context.Context
	p      *sinkParcel
	d      *sinkDoc
	rest   string
	read   int
	calls  int
	closed sync.Once
}

func (r *sinkReader) Read(b []byte) (int, error) {
	d := r.d
	r.calls++
	if d.readErr != nil || d.wait != nil {
		if left := d.readAfter - r.read; left <= 0 {
			return 0, r.fail()
		} else if len(b) > left {
			b = b[:left]
		}
	}
	if len(b) > 4093 && r.calls%3 == 0 {
		b = b[:4093]
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	r.read += n
	if r.rest == "" && d.readErr == nil && d.wait == nil {
		return n, io.EOF
	}
	return n, nil
}

func (r *sinkReader) fail() error {
	if r.d.wait == nil {
		return r.d.readErr
	}
	r.d.waiting()
	select {
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	case <-r.d.wait:
		return io.ErrClosedPipe
	}
}

func (r *sinkReader) Close() error {
	r.closed.Do(func() {
		r.p.mu.Lock()
		defer r.p.mu.Unlock()
		r.p.closed++
	})
	return nil
}
