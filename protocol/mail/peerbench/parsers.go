package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"
	"github.com/jhillyerd/enmime/v2"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// A take is called with each file of a mail, whose body it reads to its end.
type take func(name string, body io.Reader) error

// A parser takes mails apart, one after another.
type parser struct {
	name  string
	parse func(mails [][]byte, fn take) error
}

// parsers are those that are compared, ours first.
var parsers = []parser{
	{"coldlauncher", ours},
	{"go-message", each(goMessage)},
	{"go-message, whole tree", each(goMessageTree)},
	{"enmime", each(enmimeParts)},
}

// each makes a parser of one that knows of a single mail.
func each(parse func(raw []byte, fn take) error) func([][]byte, take) error {
	return func(mails [][]byte, fn take) error {
		for _, raw := range mails {
			if err := parse(raw, fn); err != nil {
				return err
			}
		}
		return nil
	}
}

// origin is a Source of mails.
type origin [][]byte

func (mails origin) Poll(ctx context.Context, sink launcher.Sink) error {
	for i, raw := range mails {
		d := &launcher.Document{Name: "m.eml", MediaType: "message/rfc822", Size: int64(len(raw)),
			Open: func(context.Context) (io.ReadCloser, error) { return memory{bytes.NewReader(raw)}, nil }}
		err := sink.Store(ctx, &launcher.Parcel{ID: strconv.Itoa(i), Documents: func(context.Context) ([]*launcher.Document, error) {
			return []*launcher.Document{d}, nil
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// ours takes mails apart in one pass, as they are in a mailbox.
func ours(mails [][]byte, fn take) error {
	source := &mail.Source{From: origin(mails), Pictures: mail.Pictures{Shown: -1, Small: -1}}
	return source.Poll(context.Background(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		for _, d := range docs {
			body, err := d.Open(ctx)
			if err != nil {
				return err
			}
			if err := errors.Join(fn(d.Name, body), body.Close()); err != nil {
				return err
			}
		}
		return nil
	}))
}

// goMessage reads a mail as the documentation of go-message says.
func goMessage(raw []byte, fn take) error {
	r, err := gomail.CreateReader(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) {
		return err
	}
	readHeader(&r.Header)
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return err
		}
		h, ok := p.Header.(*gomail.AttachmentHeader)
		if !ok {
			continue
		}
		name, _ := h.Filename()
		if err := fn(name, p.Body); err != nil {
			return err
		}
	}
}

// readHeader reads what a collector tells of a mail, as ours and enmime do.
func readHeader(h *gomail.Header) {
	for _, field := range []string{"From", "To", "Cc"} {
		h.AddressList(field)
	}
	h.Subject()
	h.Date()
	h.MessageID()
}

// goMessageTree makes the best of go-message: each leaf that has a name or is
// no text, also in the mails inside.
func goMessageTree(raw []byte, fn take) error { return tree(bytes.NewReader(raw), fn, 0) }

func tree(r io.Reader, fn take, depth int) error {
	const maxDepth = 100
	if depth > maxDepth {
		return fmt.Errorf("more than %d mails within one another", maxDepth)
	}
	e, err := message.Read(r)
	if e == nil {
		return err
	}
	readHeader(&gomail.Header{Header: e.Header})
	return e.Walk(func(path []int, e *message.Entity, err error) error {
		if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return err
		}
		kind, params, _ := e.Header.ContentType()
		switch {
		case strings.HasPrefix(kind, "multipart/"):
			return nil
		case kind == "message/rfc822":
			return tree(e.Body, fn, depth+1)
		}
		disposition, given, _ := e.Header.ContentDisposition()
		name := given["filename"]
		if name == "" {
			name = params["name"]
		}
		if name == "" && disposition != "attachment" && (kind == "" || strings.HasPrefix(kind, "text/")) {
			return nil
		}
		return fn(name, e.Body)
	})
}

func enmimeParts(raw []byte, fn take) error {
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for _, parts := range [][]*enmime.Part{e.Attachments, e.Inlines, e.OtherParts} {
		for _, p := range parts {
			if err := fn(p.FileName, bytes.NewReader(p.Content)); err != nil {
				return err
			}
		}
	}
	return nil
}
