package adullact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// An enclosed file is one inside an XML file, once it was read.
type enclosed struct {
	form     string
	size     int64
	sum      string
	sniffed  string
	broken   error // why it cannot be unwrapped; nil: it can
	from, to int64
}

// readEnclosed reads the content of an element to its end. What is wrong with
// it is part of the result; the error is one of reading.
func (dec *decoding) readEnclosed(content *xmlscan.Content, limit int64, limitName string) (*enclosed, error) {
	r, form := dec.unwrap(content, limit, limitName)
	x := &enclosed{form: string(form), from: content.From}
	if err := x.read(dec, r); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return nil, err
	}
	x.to = content.To
	return x, nil
}

// read hashes the file.
func (x *enclosed) read(dec *decoding, r io.Reader) error {
	h := sha256.New()
	head := &headWriter{}
	n, err := io.Copy(io.MultiWriter(h, head), &spender{dec, r})
	switch {
	case err == nil:
	case errors.Is(err, payload.ErrSeveral):
		x.form = string(payload.Base64) // the zip is the file
		fallthrough
	case isOwn(err):
		x.broken = err
		return nil
	default:
		return err
	}
	if x.form != string(payload.Empty) {
		x.size, x.sum, x.sniffed = n, hex.EncodeToString(h.Sum(nil)), sniff(head.b)
	}
	return nil
}

// A headWriter keeps the first bytes.
type headWriter struct{ b []byte }

func (w *headWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p[:min(len(p), 1<<10-len(w.b))]...)
	return len(p), nil
}

// maxReread bounds how often a file that can be read in sequence only is read
// again for a broken attachment.
const maxReread = 16

// member makes a file of its own of what lies in parent.
func (dec *decoding) enclosedMember(parent *member, x *enclosed, name string) (*member, error) {
	m := newMember(name)
	m.of, m.form, m.size, m.sum, m.sniffed = parent.name, x.form, x.size, x.sum, x.sniffed
	if errors.Is(x.broken, payload.ErrSeveral) {
		m.note(WarnNotGzip, "", "%v", x.broken)
	} else if x.broken != nil {
		m.broken = true
	}
	m.open = openInside(parent, x, m.broken)
	if x.broken == nil {
		return m, nil
	}
	m.size, m.sum = -1, ""
	if parent.at == nil {
		if dec.rereads++; dec.rereads > maxReread {
			return m, nil
		}
	}
	return m, dec.measure(m)
}

// measure finds out about a file by reading it.
func (dec *decoding) measure(m *member) error {
	r, err := m.open(dec.ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	head := &headWriter{}
	if m.size, err = io.Copy(io.MultiWriter(h, head), r); err != nil {
		return err
	}
	m.sum, m.sniffed = hex.EncodeToString(h.Sum(nil)), sniff(head.b)
	return nil
}

// openInside opens a file inside an XML file.
func openInside(parent *member, x *enclosed, broken bool) opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		outer, err := parent.open(ctx)
		if err != nil {
			return nil, err
		}
		content, err := xmlscan.Range(outer, x.from, x.to)
		if err == nil && !broken {
			content, err = payload.OpenAs(payload.Form(x.form), content)
		}
		if err != nil {
			outer.Close()
			return nil, err
		}
		return readCloser{content, outer}, nil
	}
}

// enclosedName returns the name of a file inside an XML file, made up where it
// has none.
func enclosedName(name, prefix string, index int, sniffed string) string {
	if name != "" {
		return name
	}
	return fmt.Sprintf("%s-%d%s", prefix, index+1, extensionOf(sniffed))
}

// extensionOf returns the extension for a type that sniff tells.
func extensionOf(sniffed string) string {
	switch sniffed {
	case typePDF:
		return ".pdf"
	case typeXML:
		return ".xml"
	case typeZip:
		return ".zip"
	case typeText:
		return ".txt"
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	case "image/tiff":
		return ".tif"
	}
	return ""
}
