package mailtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
)

// Wrap returns a mail that carries a body under a name, for
// [launchertest.Origin]: WrappedName and Wrapped find them again.
//
// [launchertest.Origin]: https://pkg.go.dev/github.com/ezged/coldlauncher/launcher/launchertest#Origin
func Wrap(name string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Subject: %s\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n", name)
	text := base64.StdEncoding.EncodeToString(body)
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return b.Bytes()
}

// maxWrap is where the header of a wrapped mail has ended at the latest.
const maxWrap = 1000

// WrappedName returns the name in a mail of Wrap, of which the header is enough.
func WrappedName(mail []byte) string {
	_, rest, _ := strings.Cut(string(mail[:min(len(mail), maxWrap)]), "Subject: ")
	name, _, _ := strings.Cut(rest, "\r\n")
	return name
}

// NameOf returns the name in the first of docs, a mail of Wrap; or what went
// wrong.
func NameOf(_ *launcher.Parcel, docs []*launcher.Document) string {
	r, err := docs[0].Open(context.Background())
	if err != nil {
		return err.Error()
	}
	defer r.Close()
	head := make([]byte, maxWrap)
	n, _ := io.ReadFull(r, head)
	return WrappedName(head[:n])
}

// Wrapped returns a document with the body in the first of docs, a mail of
// Wrap.
func Wrapped(docs []*launcher.Document) *launcher.Document {
	d := *docs[0]
	d.Size = -1
	d.Open = func(ctx context.Context) (io.ReadCloser, error) {
		r, err := docs[0].Open(ctx)
		if err != nil {
			return nil, err
		}
		at, size := r.(io.ReaderAt), docs[0].Size
		head := make([]byte, min(size, maxWrap))
		if _, err := at.ReadAt(head, 0); err != nil && err != io.EOF {
			return nil, err
		}
		start := int64(bytes.Index(head, []byte("\r\n\r\n")) + 4)
		return struct {
			io.Reader
			io.Closer
		}{base64.NewDecoder(base64.StdEncoding, io.NewSectionReader(at, start, size-start)), r}, nil
	}
	return &d
}
