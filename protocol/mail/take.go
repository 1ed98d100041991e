package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// A taker takes one document apart that is a message.
type taker struct {
	*pass
	held   *holder
	outer  map[string]string // Parcel.Meta
	origin *launcher.Document

	docs   []*launcher.Document // so far
	first  int                  // where those of this document begin
	parts  int                  // so far
	header int                  // bytes of headers so far
	bytes  int64                // of what was decoded so far
}

// documents adds what is in the message, the i-th document of its parcel.
func (t *taker) documents(ctx context.Context, i int) error {
	from, err := t.load(ctx)
	if err != nil {
		return err
	}
	key := "m" + strconv.Itoa(i)
	if t.origin.Unit != nil {
		key = t.origin.Unit.Key + "/" + key
	}
	timed, cancel := context.WithTimeoutCause(ctx, t.limits.Time, t.tooLong)
	defer cancel()
	root, err := t.parse(timed, from, 0)
	m := t.newMessage(root, from, key)
	m.name = messageName(t.origin.Name)
	if err == nil {
		err = t.message(timed, &m)
	}
	if errors.Is(err, ErrLimit) {
		m.found.limit = true
		err = t.whole(&m, err)
	}
	if err != nil {
		return fmt.Errorf("take apart %q: %w", t.origin.Name, err)
	}
	return nil
}

// parse parses a message that lies depth levels below the outermost.
func (t *taker) parse(ctx context.Context, from content, depth int) (*mime.Part, error) {
	root, err := t.buffers.Parse(guarded{ctx, from.ReaderAt}, from.size, mime.Limits{
		Depth:  t.limits.Depth - depth,
		Parts:  t.limits.Parts - t.parts,
		Header: t.limits.Header - t.header,
		Line:   t.limits.Line,
		Keep:   t.source.Keep,
		Fields: t.names,
	})
	for p := range root.Walk() {
		t.parts++
		t.header += int(p.Body.Off - p.All.Off)
	}
	return root, err
}

// A message is one that is being taken apart: the outermost, or one inside
// it.
type message struct {
	part   *mime.Part
	from   content
	within mime.Range // of the message, in from
	name   string     // as a document
	depth  int        // of messages that had to be decoded to get at it
	unit   *launcher.Unit
	found  warnings
	whole  bool // it is among the documents itself
}

// newMessage returns a mail that is all of from.
func (t *taker) newMessage(part *mime.Part, from content, key string) message {
	meta := make(map[string]string, len(part.Header))
	if t.origin.Unit != nil {
		maps.Copy(meta, t.origin.Unit.Meta)
	}
	putHeader(meta, part.Header, t.fields)
	hide(meta, t.outer)
	return message{part: part, from: from, within: mime.Range{End: from.size}, unit: &launcher.Unit{Key: key, Meta: meta}}
}

// message fills in the documents of m.
func (t *taker) message(ctx context.Context, m *message) error {
	if m.part.Defects&mime.HeaderMissing != 0 {
		m.found.defects |= m.part.Defects
		return t.whole(m, errors.New("it has no header"))
	}
	if t.source.Raw {
		t.addMessage(m)
	}
	leaves := m.leaves()
	if err := m.markShown(ctx, leaves); err != nil {
		return err
	}
	for i := range leaves {
		if err := t.leaf(ctx, m, &leaves[i]); err != nil {
			return err
		}
	}
	if err := t.checkDivided(ctx, m, leaves); err != nil {
		return err
	}
	m.found.put(m.unit.Meta)
	return nil
}

// checkDivided adds m itself if a part of it could not be divided, and so may
// hold documents that were not found.
func (t *taker) checkDivided(ctx context.Context, m *message, leaves []leaf) error {
	for _, l := range leaves {
		if l.Defects&(mime.BoundaryUnused|mime.BoundaryMissing|mime.Fragment) == 0 {
			continue
		}
		blank, err := m.from.isBlank(ctx, l.Body)
		if err != nil {
			return err
		}
		if blank {
			continue
		}
		why := fmt.Errorf("a %q in it cannot be divided", l.Type.Main)
		if t.source.Strict {
			return launcher.Reject(why)
		}
		put(m.unit.Meta, MetaWhole, why.Error())
		t.addMessage(m)
		return nil
	}
	return nil
}

// leaves returns the parts of m that are not divided any further and the
// messages inside it, in order.
func (m *message) leaves() []leaf {
	leaves := make([]leaf, 0, max(1, len(m.part.Parts)))
	return m.appendLeaves(leaves, m.part, nil)
}

func (m *message) appendLeaves(leaves []leaf, p, parent *mime.Part) []leaf {
	m.found.defects |= p.Defects
	if len(p.Parts) == 0 {
		return append(leaves, newLeaf(p, parent))
	}
	for _, child := range p.Parts {
		leaves = m.appendLeaves(leaves, child, p)
	}
	return leaves
}

// leaf adds what one leaf holds.
func (t *taker) leaf(ctx context.Context, m *message, l *leaf) error {
	switch {
	case l.Message != nil && l.Message.Defects&mime.HeaderMissing == 0:
		inner := t.newEnclosed(m, l, l.Message, m.from)
		inner.within = l.Message.All
		return t.message(ctx, &inner)
	case l.Message == nil && l.isMail() && !t.source.Keep:
		return t.attachedMail(ctx, m, l)
	case l.IsMultipart(), l.Defects&mime.Fragment != 0: // see checkDivided
		return nil
	case l.isTNEF():
		return t.winmail(ctx, m, l)
	}
	if l.isText() && l.Type.Main == "text/plain" {
		if err := t.uuencoded(ctx, m, l); err != nil {
			return err
		}
	}
	return t.file(ctx, m, l)
}

// file adds the file that a leaf is.
func (t *taker) file(ctx context.Context, m *message, l *leaf) error {
	role := l.role()
	if role == "body" && !t.source.Body || l.isResourceFork() {
		return nil
	}
	if role == "body" || l.isReference() || l.IsMessage() {
		if blank, err := m.from.isBlank(ctx, l.Body); blank || err != nil {
			return err
		}
	}
	d, found, err := t.piece(ctx, l, m)
	if err != nil {
		return err
	}
	if t.source.Pictures.isDecoration(l, d.Size) {
		return nil
	}
	d.Role = role
	found.put(d.Meta)
	m.found.merge(found)
	return t.add(d)
}

// piece makes a document of a leaf.
func (t *taker) piece(ctx context.Context, l *leaf, m *message) (*launcher.Document, warnings, error) {
	p := piece{m.from, l.Body, l.Encoding}
	size, defects, err := p.measure(ctx)
	if err != nil {
		return nil, warnings{}, err
	}
	if size == 0 && p.encoding != mime.Identity {
		blank, err := m.from.isBlank(ctx, l.Body)
		if err != nil {
			return nil, warnings{}, err
		}
		if !blank {
			defects = mime.EncodingUntrue
		}
	}
	if defects&mime.EncodingUntrue != 0 { // then hand over the bytes as they came
		p.encoding, size, defects = mime.Identity, l.Body.Size(), mime.EncodingUntrue
	}
	d := t.newDocument(m, p, size)
	d.MediaType = l.Declared
	path := l.Path()
	put(d.Meta, MetaPart, path)
	put(d.Meta, MetaCharset, strings.ToLower(mime.Text(l.Type.Charset)))
	put(d.Meta, MetaContentID, l.ContentID)
	put(d.Meta, MetaDescription, l.Description)
	mediaType := cmp.Or(l.Declared, l.Type.Main)
	switch {
	case l.isText():
		d.Name = "body" + extension(mediaType)
	case l.isReference():
		d.Name = partName(path, mediaType)
	default:
		setName(d, l.FileName(), path, mediaType)
	}
	return d, warnings{defects: l.Defects | defects}, nil
}

// newDocument makes a document of m, still without name, type and role.
func (t *taker) newDocument(m *message, p piece, size int64) *launcher.Document {
	meta := maps.Clone(t.origin.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	delete(meta, launcher.MetaName)
	return &launcher.Document{
		Dir: t.origin.Dir, Size: size, Time: t.origin.Time, Unit: m.unit, Meta: meta, Open: p.open,
	}
}

// add hands a document over, within the limits.
func (t *taker) add(d *launcher.Document) error {
	if err := t.spend(d.Size); err != nil {
		return err
	}
	t.docs = append(t.docs, d)
	return nil
}

// spend counts decoded bytes.
func (t *taker) spend(n int64) error {
	if t.bytes += n; t.bytes > t.limits.Size {
		return fmt.Errorf("more than %d bytes, decoded: %w", t.limits.Size, ErrLimit)
	}
	return nil
}

// spendParts counts parts that are not parts of MIME.
func (t *taker) spendParts(n int) error {
	if t.parts += n; t.parts > t.limits.Parts {
		return fmt.Errorf("more than %d parts: %w", t.limits.Parts, ErrLimit)
	}
	return nil
}

// decoded returns the body of a leaf of m, decoded, to be read in any place.
func (t *taker) decoded(ctx context.Context, m *message, l *leaf) (content, error) {
	if l.Encoding == mime.Identity {
		return m.from.section(l.Body), nil
	}
	r := piece{m.from, l.Body, l.Encoding}.read(ctx)
	defer r.Close()
	c, err := t.spool(ctx, r)
	if err != nil {
		return content{}, err
	}
	return c, t.spend(c.size)
}

// addMessage adds m itself as a document, once.
func (t *taker) addMessage(m *message) {
	if m.whole {
		return
	}
	m.whole = true
	d := t.newDocument(m, piece{from: m.from, within: m.within}, m.within.Size())
	d.Name, d.MediaType, d.Role = m.name, "message/rfc822", "message"
	t.docs = append(t.docs, d)
}

// whole makes m itself the only document, or rejects it.
func (t *taker) whole(m *message, why error) error {
	if t.source.Strict {
		return launcher.Reject(why)
	}
	t.docs, m.whole = t.docs[:t.first], false
	t.addMessage(m)
	put(m.unit.Meta, MetaWhole, why.Error())
	m.found.put(m.unit.Meta)
	return nil
}
