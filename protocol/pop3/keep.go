package pop3

import "github.com/ezged/coldlauncher/launcher/spool"

// keepBytes bounds what a pass keeps of the mails that had to be read to be told
// apart. Those that do not fit are read again when they are asked for.
const keepBytes = 16 << 20

// A keeper keeps mails; nil keeps none.
type keeper struct {
	pool *spool.Pool
	room int64
}

// A kept is a mail that is kept as long as there is room. It never fails.
type kept struct {
	k *keeper
	w *spool.Writer // nil: it is not kept
	n int64
}

func (k *keeper) begin() *kept {
	if k == nil {
		return &kept{}
	}
	return &kept{k: k, w: k.pool.Create()}
}

// Write implements io.Writer.
func (c *kept) Write(p []byte) (int, error) {
	if c.w == nil {
		return len(p), nil
	}
	c.n += int64(len(p))
	c.k.room -= int64(len(p))
	if c.k.room < 0 {
		c.drop()
	} else if _, err := c.w.Write(p); err != nil {
		c.drop()
	}
	return len(p), nil
}

func (c *kept) drop() {
	if c.w != nil {
		c.w.Close()
		c.k.room += c.n
		c.w = nil
	}
}

// body returns what was kept, or nil.
func (c *kept) body() *spool.Body {
	if c.w == nil {
		return nil
	}
	b, err := c.w.Commit()
	if err != nil {
		c.drop()
	}
	return b
}

// discard gives back what is kept of mails.
func discard(mails []mail) {
	for i := range mails {
		if b := mails[i].body; b != nil {
			b.Close()
		}
	}
}

// kept returns the size of what is kept of a mail; -1 is nothing.
func (m *mail) kept() int64 {
	if m.body == nil {
		return -1
	}
	return m.body.Size()
}
