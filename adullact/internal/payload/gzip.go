package payload

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// A gunzip reads the members of a gzip, and passes over what follows them.
type gunzip struct {
	z    *gzip.Reader
	src  *Decoder
	done bool
}

func newGunzip(src *Decoder) (*gunzip, error) {
	z, err := gzip.NewReader(src)
	if err != nil {
		return nil, corrupt("gzip", err)
	}
	z.Multistream(false)
	return &gunzip{z: z, src: src}, nil
}

func (g *gunzip) name() string { return g.z.Name }

// Read implements [io.Reader].
func (g *gunzip) Read(p []byte) (int, error) {
	for !g.done {
		n, err := g.z.Read(p)
		if err == nil || n > 0 {
			return n, nil
		}
		if err != io.EOF {
			return 0, corrupt("gzip", err)
		}
		err = g.z.Reset(g.src)
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF, errors.Is(err, gzip.ErrHeader):
			g.done = true
		case err != nil:
			return 0, corrupt("gzip", err)
		}
		g.z.Multistream(false)
	}
	return 0, io.EOF
}

// corrupt wraps an error of a decompressor. The cause is kept: it may be one
// of reading.
func corrupt(what string, err error) error {
	if errors.Is(err, ErrCorrupt) {
		return err
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%s: %w: %w", what, ErrCorrupt, err)
}
