package filter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/ezged/coldlauncher/launcher"
)

// MediaType returns a Filter that wants the documents that were declared at
// their origin to be of one of the types, such as "application/pdf" or
// "image/*". Case and parameters mean nothing. A declaration is a claim: see
// [Sniff]. A document for which nothing was declared is not wanted.
func MediaType(types ...string) launcher.Filter { return mediaType(bareTypes(types)) }

type mediaType []string

func (m mediaType) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	declared := bareType(d.MediaType)
	for _, want := range m {
		if declared != "" && typeMatches(want, declared) {
			return true, nil
		}
	}
	return false, nil
}

func (m mediaType) cost() cost     { return cheap }
func (m mediaType) String() string { return "declared type " + strings.Join(m, ", ") }

// Sniff returns a Filter that wants the documents whose content looks like one
// of the types, such as "application/pdf" or "image/*", whatever their name
// and declared type. The most precise type counts, under any of its names: an
// XML file is "text/xml" and "application/xml", but not "text/plain".
//
// It opens each document and reads at most 3 KiB.
func Sniff(types ...string) launcher.Filter { return sniff(bareTypes(types)) }

type sniff []string

const (
	sniffed = 3 << 10
	// What mimetype looks at. It takes less for a whole file, and JSON that
	// ends in its middle for no JSON.
	sniffable = 4 << 10
)

func (s sniff) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	found, err := detect(ctx, d)
	if err != nil {
		return false, err
	}
	for _, want := range s {
		if found.Is(want) || typeMatches(want, bareType(found.String())) {
			return true, nil
		}
	}
	return false, nil
}

// detect finds the type of d from the beginning of its body.
func detect(ctx context.Context, d *launcher.Document) (*mimetype.MIME, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", clip(d.Name), err)
	}
	defer r.Close()
	head := make([]byte, sniffed, sniffable)
	n, err := io.ReadFull(r, head)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		head = head[:n]
	case err != nil:
		return nil, fmt.Errorf("read %q: %w", clip(d.Name), err)
	default: // there may be more
		head = append(head, bytes.Repeat([]byte(" "), sniffable-sniffed)...)
	}
	return mimetype.Detect(head), nil
}

func (s sniff) cost() cost     { return body }
func (s sniff) String() string { return "content " + strings.Join(s, ", ") }

func bareTypes(types []string) []string {
	bare := make([]string, len(types))
	for i, t := range types {
		bare[i] = bareType(t)
	}
	return bare
}

// bareType takes a media type without its parameters, which need not be well
// formed.
func bareType(t string) string {
	t, _, _ = strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// typeMatches compares two bare types. want may be "image/*" or "*/*".
func typeMatches(want, got string) bool {
	if kind, ok := strings.CutSuffix(want, "/*"); ok {
		gotKind, _, _ := strings.Cut(got, "/")
		return kind == "*" || kind == gotKind
	}
	return want == got
}
