package mail

import (
	"context"
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// newEnclosed returns the mail that the leaf l of m holds, which is all of
// from and whose root is part.
func (t *taker) newEnclosed(m *message, l *leaf, part *mime.Part, from content) message {
	inner := t.newMessage(part, from, m.unit.Key+"/"+l.Path())
	inner.depth = m.depth
	inner.name = "part-" + l.Path() + ".eml"
	if name := l.FileName(); name != "" {
		inner.name = messageName(launcher.CleanName(name))
	}
	put(inner.unit.Meta, MetaEnclosing, m.unit.Meta[MetaMessageID])
	return inner
}

// attachedMail adds the documents of a mail inside m that the parser did not
// descend into: it was encoded, which RFC 2046 forbids but some programs do, or
// is a mail by its name alone. One that is no mail after all is a file.
func (t *taker) attachedMail(ctx context.Context, m *message, l *leaf) error {
	if m.depth+1 >= t.limits.Depth {
		return fmt.Errorf("more than %d mails within one another: %w", t.limits.Depth, ErrLimit)
	}
	from, err := t.decoded(ctx, m, l)
	if err != nil {
		return err
	}
	root, err := t.parse(ctx, from, m.depth+1)
	if err != nil {
		return err
	}
	if root.Defects&mime.HeaderMissing != 0 {
		return t.file(ctx, m, l)
	}
	inner := t.newEnclosed(m, l, root, from)
	inner.depth++
	return t.message(ctx, &inner)
}
