package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
)

// maxCID is the longest reference to a Content-ID that is looked for, in
// bytes.
const maxCID = 1 << 10

// markShown marks those leaves of m that HTML in m refers to.
func (m *message) markShown(ctx context.Context, leaves []leaf) error {
	pictures := map[string]*leaf{}
	for i := range leaves {
		l := &leaves[i]
		if !l.isPicture() {
			continue
		}
		if l.ContentID != "" {
			pictures[strings.ToLower(l.ContentID)] = l
		}
		l.shown = l.related && l.Location != "" // RFC 2557
	}
	if len(pictures) == 0 {
		return nil
	}
	for _, l := range leaves {
		if l.Type.Main != "text/html" {
			continue
		}
		html := piece{m.from, l.Body, l.Encoding}.read(ctx)
		err := eachCID(html, func(id string) {
			if picture := pictures[id]; picture != nil {
				picture.shown = true
			}
		})
		if err := errors.Join(err, html.Close()); err != nil {
			return err
		}
	}
	return nil
}

// eachCID calls fn for each Content-ID that HTML refers to, as RFC 2392 says,
// in lower case. It holds no more than a small window of the HTML.
func eachCID(html io.Reader, fn func(id string)) error {
	buf := make([]byte, 0, 32<<10)
	for {
		n, err := html.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if !end && len(buf) < cap(buf) {
			continue
		}
		done := scanCIDs(buf, end, fn)
		buf = append(buf[:0], buf[done:]...)
		if end {
			return nil
		}
	}
}

// scanCIDs finds the references in buf and returns how much of it is done
// with: all but what a reference that goes on behind buf may begin with.
func scanCIDs(buf []byte, end bool, fn func(id string)) int {
	limit := len(buf)
	if !end {
		limit -= maxCID
	}
	at := 0
	for {
		i := bytes.IndexByte(buf[at:], ':')
		if i < 0 || at+i >= limit {
			return max(limit-4, 0) // "cid:" may straddle it
		}
		at += i + 1
		if at < 4 || !strings.EqualFold(string(buf[at-4:at-1]), "cid") {
			continue
		}
		token := buf[at:min(at+maxCID, len(buf))]
		if n := bytes.IndexAny(token, "\"'<>) \t\r\n&\\"); n >= 0 {
			token = token[:n]
		}
		id, err := url.PathUnescape(string(token))
		if err != nil {
			id = string(token)
		}
		fn(strings.ToLower(id))
	}
}
