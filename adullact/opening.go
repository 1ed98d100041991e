package adullact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// An opening is one parcel while its envelopes are opened and stored.
type opening struct {
	*Source
	pool   *spool.Pool
	parcel *launcher.Parcel

	mu   sync.Mutex
	open []io.Closer
	keys map[string]int // units so far, by key
}

// close closes what documents read from. Errors do not matter: nothing was
// written but to the spool, whose contents are given up.
func (o *opening) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.open {
		c.Close()
	}
	o.open = nil
}

func (o *opening) hold(c io.Closer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = append(o.open, c)
}

// documents implements Parcel.Documents.
func (o *opening) documents(ctx context.Context) ([]*launcher.Document, error) {
	docs, err := o.parcel.Documents(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.superseded(docs); err != nil {
		return nil, err
	}
	if lack := o.seen.lack(o.parcel.ID); lack != nil {
		return nil, o.wait(o.age(docs...), lack)
	}
	o.keys = make(map[string]int)
	var out []*launcher.Document
	for _, set := range o.sets(docs) {
		opened, err := o.set(ctx, set)
		if err != nil {
			return nil, err
		}
		out = append(out, opened...)
	}
	return out, nil
}

// sets returns the documents that are to be looked at together: those of a
// deposit. Documents of different Units stay apart.
func (o *opening) sets(docs []*launcher.Document) [][]*launcher.Document {
	var out [][]*launcher.Document
	for i := 0; i < len(docs); {
		j := i + 1
		for j < len(docs) && docs[j].Unit == docs[i].Unit {
			j++
		}
		group := docs[i:j]
		i = j
		if o.isDeposit(group) {
			out = append(out, group)
			continue
		}
		for k := range group {
			out = append(out, group[k:k+1])
		}
	}
	return out
}

// isDeposit reports whether documents are the files of one deposit: they have
// metadata or an end marker, or a directory offers them as one parcel.
func (o *opening) isDeposit(docs []*launcher.Document) bool {
	if isFile(docs[0]) && (len(docs) > 1 || o.drop != nil && docs[0].Dir != "") {
		return true
	}
	if len(docs) == 1 {
		return o.drop != nil && o.Decoder.isMetadataName(docs[0].Name)
	}
	for _, d := range docs {
		if o.Decoder.isMetadataName(d.Name) || o.Decoder.isMarker(d.Name) {
			return true
		}
	}
	return false
}

// isFile reports whether a document comes from a directory, where it may still
// be arriving.
func isFile(d *launcher.Document) bool { return d.Role == "file" }

// set opens the documents of a deposit, or a single one.
func (o *opening) set(ctx context.Context, docs []*launcher.Document) ([]*launcher.Document, error) {
	if o.isDeposit(docs) {
		return o.deposit(ctx, docs)
	}
	return o.single(ctx, docs[0])
}

// decoder returns the Decoder with a place to keep what is unpacked.
func (o *opening) decoder() *Decoder {
	d := o.Decoder
	d.Keep = func(ctx context.Context, r io.Reader) (io.ReaderAt, int64, error) {
		body, err := o.pool.Read(ctx, r)
		if err != nil {
			return nil, 0, err
		}
		o.hold(body)
		return body, body.Size(), nil
	}
	return &d
}

// deposit opens the files of a deposit, if it is ready.
func (o *opening) deposit(ctx context.Context, docs []*launcher.Document) ([]*launcher.Document, error) {
	top, certain := topOf(docs), true
	if isFile(docs[0]) {
		marked, err := o.ready(ctx, top, docs)
		if err != nil {
			return nil, err
		}
		certain = marked
	}
	dec := o.decoder().begin(ctx)
	var members []*member
	for _, d := range docs {
		m := newMember(pathIn(top, d))
		m.size, m.open, m.origin = d.Size, d.Open, d
		if err := dec.enter(m.name); err != nil {
			return nil, launcher.Reject(err)
		}
		if err := dec.lookOpen(m); err != nil {
			return nil, o.depositError(err)
		}
		if !certain && errors.Is(m.err, ErrTruncated) {
			return nil, o.lacks(o.age(docs...), fmt.Errorf("%q cannot be read to its end: %w", d.Name, m.err))
		}
		members = append(members, m)
	}
	layer, name := LayerFolder, path.Base(top)
	if top == "" {
		layer, name = LayerLoose, stem(docs[0].Name)
	}
	envelopes, err := dec.deposit(name, layer, members)
	if err != nil {
		return nil, o.depositError(err)
	}
	if areUnknown(envelopes) && !o.Unknown {
		return docs, nil
	}
	return o.handOver(envelopes, docs[0]), nil
}

// depositError marks an error about the content of a deposit.
func (o *opening) depositError(err error) error {
	if isContent(err) {
		return launcher.Reject(err)
	}
	return err
}

// isContent reports whether an error is about what was read, and not about the
// reading.
func isContent(err error) bool {
	var syntax *SyntaxError
	return errors.Is(err, ErrTruncated) || errors.Is(err, ErrDoctype) || errors.Is(err, ErrTooLarge) ||
		errors.Is(err, ErrEncrypted) || errors.Is(err, ErrMalformed) || errors.As(err, &syntax)
}

// topOf returns the folder that all documents lie in or below.
func topOf(docs []*launcher.Document) string {
	top := docs[0].Dir
	for _, d := range docs {
		for top != "" && d.Dir != top && !strings.HasPrefix(d.Dir, top+"/") {
			top = strings.TrimPrefix(path.Dir("/"+top), "/")
		}
	}
	return top
}

// pathIn returns the path of a document below a folder. The name is the one at
// the origin.
func pathIn(top string, d *launcher.Document) string {
	name := d.Name
	if original := d.Meta[launcher.MetaName]; original != "" {
		name = original
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(d.Dir, top), "/")
	return path.Join(rel, baseName(name))
}

// areUnknown reports whether envelopes are of no known kind, and nothing says
// what they are.
func areUnknown(envelopes []*Envelope) bool {
	for _, e := range envelopes {
		if e.Kind != KindUnknown || len(e.Meta.Entries) > 0 {
			return false
		}
	}
	return true
}

// single opens one document.
func (o *opening) single(ctx context.Context, d *launcher.Document) ([]*launcher.Document, error) {
	kind, err := o.typeOf(ctx, d)
	if err != nil {
		return nil, err
	}
	if isFile(d) {
		if err := o.readyAlone(d, kind); err != nil {
			return nil, err
		}
	}
	switch kind {
	case typeXML, typePDF, typeZip, typeGzip, typeTar:
	default:
		if !o.Unknown && !(o.Decoder.isMetadataName(d.Name) && kind == typeJSON) {
			return []*launcher.Document{d}, nil
		}
	}
	envelopes, err := o.decode(ctx, d)
	if err != nil {
		return o.failed(d, kind, err)
	}
	if err := o.lonely(d, envelopes); err != nil {
		return nil, err
	}
	if areUnknown(envelopes) && !o.Unknown {
		return []*launcher.Document{d}, nil
	}
	docs := o.handOver(envelopes, d)
	if o.Raw && (kind == typeZip || kind == typeGzip || kind == typeTar) {
		raw := *d
		raw.Role, raw.Group, raw.Unit = string(RoleTransport), docs[0].Group, docs[0].Unit
		docs = append(docs, &raw)
	}
	return docs, nil
}

// typeOf tells the type of a document by its first bytes.
func (o *opening) typeOf(ctx context.Context, d *launcher.Document) (string, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return "", err
	}
	defer r.Close()
	head := &headWriter{}
	if _, err := io.CopyN(head, r, 1<<10); err != nil && err != io.EOF {
		return "", fmt.Errorf("read %q: %w", d.Name, err)
	}
	return sniff(head.b), nil
}

// decode opens a document as an envelope.
func (o *opening) decode(ctx context.Context, d *launcher.Document) ([]*Envelope, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	name := d.Name
	if at, ok := r.(io.ReaderAt); ok && d.Size >= 0 {
		o.hold(r)
		return o.decoder().Decode(ctx, name, at, d.Size)
	}
	defer r.Close()
	body, err := o.pool.Read(ctx, r)
	if err != nil {
		return nil, err
	}
	o.hold(body)
	return o.decoder().Decode(ctx, name, body, body.Size())
}

// failed tells what becomes of a document that could not be opened.
func (o *opening) failed(d *launcher.Document, kind string, err error) ([]*launcher.Document, error) {
	if !isContent(err) {
		return nil, err
	}
	container := kind == typeZip || kind == typeGzip || kind == typeTar
	if isFile(d) && (errors.Is(err, ErrTruncated) || container && errors.Is(err, ErrMalformed)) {
		return nil, o.lacks(o.age(d), fmt.Errorf("it cannot be read to its end: %w", err))
	}
	if o.Strict {
		return nil, launcher.Reject(err)
	}
	whole := *d
	whole.Meta = make(map[string]string, len(d.Meta)+1)
	for k, v := range d.Meta {
		whole.Meta[k] = v
	}
	whole.Meta[MetaError] = err.Error()
	return []*launcher.Document{&whole}, nil
}

// readAll reads a small document.
func readAll(ctx context.Context, d *launcher.Document, limit int64) ([]byte, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(r, limit+1)); err != nil {
		return nil, fmt.Errorf("read %q: %w", d.Name, err)
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("%q: %w", d.Name, &LimitError{Limit: "Metadata", Max: limit})
	}
	return b.Bytes(), nil
}
