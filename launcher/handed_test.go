package launcher_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// A Sink is told the hash of what it has read so far, by the first reader.
func TestSHA256(t *testing.T) {
	r := newRig()
	r.add("a")
	r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		var readers [2]io.ReadCloser
		for i := range readers {
			if readers[i], err = docs[0].Open(ctx); err != nil {
				return err
			}
			defer readers[i].Close()
		}
		read := ""
		for _, part := range []string{"", "body", " of a"} {
			read += part
			for i, rc := range readers {
				if _, err := io.CopyN(io.Discard, rc, int64(len(part))); err != nil {
					return err
				}
				if sum, ok := launcher.SHA256(rc); sum != sumOf(read) || !ok {
					t.Errorf("reader %d: %q, %v, want the hash of %q", i, sum, ok, read)
				}
			}
		}
		again, err := docs[0].Open(ctx)
		if err != nil {
			return err
		}
		defer again.Close()
		if sum, ok := launcher.SHA256(again); sum != "" || ok {
			t.Errorf("where the hash is known already: %q, %v, want none", sum, ok)
		}
		return nil
	})
	equal(t, "stored", r.poll(t).Stored, 1)
	if sum, ok := launcher.SHA256(strings.NewReader("a")); sum != "" || ok {
		t.Errorf("of another reader: %q, %v, want none", sum, ok)
	}
}
