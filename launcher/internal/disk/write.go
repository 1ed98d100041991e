package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/ezged/coldlauncher/launcher"
)

// BufferSize is a good length for the buffer of Pump.
const BufferSize = 64 << 10

// Pump copies r to w by way of buf and returns the number of bytes and their
// SHA-256 in hexadecimal, which is not computed twice where the engine does. A body
// that does not have size bytes, unless that is negative, is an error; no more than
// buf is read beyond it. Errors of w are returned as they are, those of r are
// wrapped.
func Pump(ctx context.Context, w io.Writer, r io.Reader, size int64, buf []byte) (n int64, sum string, err error) {
	own := sha256.New()
	_, hashed := launcher.SHA256(r)
	for {
		if ctx.Err() != nil {
			return n, "", context.Cause(ctx)
		}
		got, readErr := r.Read(buf)
		n += int64(got)
		if size >= 0 && n > size {
			return n, "", fmt.Errorf("longer than the %d bytes announced", size)
		}
		if !hashed {
			own.Write(buf[:got])
		}
		if got > 0 {
			if _, err := w.Write(buf[:got]); err != nil {
				return n, "", err
			}
		}
		launcher.Progress(ctx, int64(got))
		switch {
		case readErr == io.EOF && size >= 0 && n < size:
			return n, "", fmt.Errorf("read: %w after %d of %d bytes", io.ErrUnexpectedEOF, n, size)
		case readErr == io.EOF && hashed:
			sum, _ = launcher.SHA256(r)
			return n, sum, nil
		case readErr == io.EOF:
			return n, hex.EncodeToString(own.Sum(nil)), nil
		case readErr != nil:
			return n, "", fmt.Errorf("read: %w", readErr)
		}
	}
}

// WriteFile makes a new file that is durable but for its name.
func WriteFile(d Disk, name string, b []byte) error {
	f, err := d.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// WriteJSON makes a new file that holds v, for people too, and is durable but
// for its name.
func WriteJSON(d Disk, name string, v any) error {
	b, err := JSON(v)
	if err != nil {
		return err
	}
	return WriteFile(d, name, b)
}

// JSON returns v as people read it.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// Sweep removes what is in a folder. What cannot be removed costs space, and
// is not a reason to refuse a parcel.
func Sweep(d Disk, dir string) {
	entries, err := d.List(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		d.RemoveAll(path.Join(dir, e.Name()))
	}
}
