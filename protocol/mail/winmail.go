package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
	"github.com/ezged/coldlauncher/protocol/mail/internal/tnef"
)

// The most of the text in winmail.dat that is decompressed, in bytes.
const (
	maxPackedRTF = 1 << 20
	maxRTF       = 8 << 20
)

// winmail adds the files in a winmail.dat, and that file itself if it could
// not be read to its end.
func (t *taker) winmail(ctx context.Context, m *message, l *leaf) error {
	c, err := t.decoded(ctx, m, l)
	if err != nil {
		return err
	}
	err = t.outlookItem(ctx, m, c, l.Path(), 0)
	if !errors.Is(err, tnef.ErrBroken) {
		return err
	}
	d, found, err := t.piece(ctx, l, m)
	if err != nil {
		return err
	}
	d.Role = "attachment"
	found.tnef = true
	found.put(d.Meta)
	m.found.merge(found)
	return t.add(d)
}

// outlookItem adds the files of an item and of the items inside it. With an
// error that wraps tnef.ErrBroken it has added those that it found.
func (t *taker) outlookItem(ctx context.Context, m *message, c content, path string, depth int) error {
	if m.depth+depth >= t.limits.Depth {
		return fmt.Errorf("more than %d items within one another: %w", t.limits.Depth, ErrLimit)
	}
	item, broken := tnef.Read(guarded{ctx, c.ReaderAt}, c.size, t.limits.Parts-t.parts)
	if errors.Is(broken, tnef.ErrMany) {
		return t.spendParts(len(item.Files) + 1)
	}
	if broken != nil && !errors.Is(broken, tnef.ErrBroken) {
		return broken
	}
	if err := t.spendParts(len(item.Files)); err != nil {
		return err
	}
	if err := t.rtf(ctx, m, c, item.RTF, path); err != nil {
		return err
	}
	for i, f := range item.Files {
		within := mime.Range{Off: f.Off, End: f.Off + f.Size}
		inner := fmt.Sprintf("%s/%d", path, i+1)
		var err error
		if f.Nested {
			err = t.outlookItem(ctx, m, c.section(within), inner, depth+1)
		} else {
			err = t.outlookFile(m, c, f, within, inner)
		}
		if errors.Is(err, tnef.ErrBroken) {
			broken = errors.Join(broken, err)
		} else if err != nil {
			return err
		}
	}
	return broken
}

// outlookFile adds one file of an item.
func (t *taker) outlookFile(m *message, c content, f tnef.File, within mime.Range, path string) error {
	d := t.newDocument(m, piece{from: c, within: within}, f.Size)
	d.Role, d.MediaType = "attachment", f.MediaType
	put(d.Meta, MetaPart, path)
	put(d.Meta, MetaContentID, f.ContentID)
	setName(d, f.Name, path, d.MediaType)
	return t.add(d)
}

// rtf adds the text of an item if texts are wanted.
func (t *taker) rtf(ctx context.Context, m *message, c content, at tnef.Range, path string) error {
	if !t.source.Body || at.Size == 0 {
		return nil
	}
	if at.Size > maxPackedRTF {
		return fmt.Errorf("text of %d bytes: %w", at.Size, tnef.ErrBroken)
	}
	packed := make([]byte, at.Size)
	if _, err := io.ReadFull(c.reader(ctx, mime.Range{Off: at.Off, End: at.Off + at.Size}), packed); err != nil {
		return err
	}
	text, err := tnef.DecompressRTF(packed, maxRTF)
	if err != nil {
		return err
	}
	body, err := t.spool(ctx, bytes.NewReader(text))
	if err != nil {
		return err
	}
	d := t.newDocument(m, piece{from: body, within: body.all()}, body.size)
	d.Name, d.Role, d.MediaType = "body.rtf", "body", "text/rtf"
	put(d.Meta, MetaPart, path)
	return t.add(d)
}
