package mail

import (
	"context"
	"fmt"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// uuencoded adds the files that stand uuencoded inside a text, as mail had
// them before MIME. The text itself stays as it is.
func (t *taker) uuencoded(ctx context.Context, m *message, l *leaf) error {
	text := piece{m.from, l.Body, l.Encoding}.read(ctx)
	defer text.Close()
	files, err := t.buffers.FindUU(text, t.limits.Parts-t.parts+1)
	if err != nil || len(files) == 0 {
		return err
	}
	if err := t.spendParts(len(files)); err != nil {
		return err
	}
	c, err := t.decoded(ctx, m, l)
	if err != nil {
		return err
	}
	for i, f := range files {
		p := piece{c, f.Range, mime.UUEncoded}
		size, defects, err := p.measure(ctx)
		if err != nil {
			return err
		}
		path := fmt.Sprintf("%s/%d", l.Path(), i+1)
		found := warnings{defects: defects}
		m.found.merge(found)
		d := t.newDocument(m, p, size)
		d.Role = "attachment"
		put(d.Meta, MetaPart, path)
		found.put(d.Meta)
		setName(d, f.Name, path, d.MediaType)
		if err := t.add(d); err != nil {
			return err
		}
	}
	return nil
}
