package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// TestReuse: however carelessly the documents of many mails are read at the same
// time, each is what it is, and nothing of another one shows up in it.
func TestReuse(t *testing.T) {
	rounds := 15
	if testing.Short() {
		rounds = 8
	}
	pool := &spool.Pool{Dir: t.TempDir(), Memory: 512 << 10, PerBody: 100_000}
	var wg sync.WaitGroup
	from := sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
		for worker := range uint64(6) {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(worker, 7))
				for n := range rounds {
					raw, sums := someMail(rnd)
					d := doc("a.eml", "", string(raw))
					if rnd.IntN(2) == 0 {
						d.Open = func(context.Context) (io.ReadCloser, error) {
							return io.NopCloser(io.MultiReader(bytes.NewReader(raw))), nil
						}
					}
					p := &launcher.Parcel{ID: fmt.Sprint(worker, n), Documents: func(context.Context) ([]*launcher.Document, error) {
						return []*launcher.Document{d}, nil
					}}
					if err := sink.Store(context.WithValue(ctx, reading{}, &careless{t, rnd, sums}), p); err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		return nil
	})
	err := (&Source{From: from, Spool: pool, Body: true}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		return ctx.Value(reading{}).(*careless).store(ctx, p)
	}))
	if err != nil {
		t.Error(err)
	}
}

// someMail returns a mail with attachments of all encodings, and their sums by
// name.
func someMail(rnd *rand.Rand) (raw []byte, sums map[string][sha256.Size]byte) {
	sums = make(map[string][sha256.Size]byte)
	var b bytes.Buffer
	fmt.Fprintf(&b, "Subject: %d\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", rnd.Uint64())
	for i := range 1 + rnd.IntN(6) {
		body := make([]byte, rnd.IntN(1<<rnd.IntN(18)))
		for k := range body {
			body[k] = "0123456789abcdef \n"[rnd.IntN(18)]
		}
		name := fmt.Sprintf("f%d.bin", i)
		sums[name] = sha256.Sum256(body)
		fmt.Fprintf(&b, "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%s\r\n", name)
		switch rnd.IntN(3) {
		case 0:
			b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
			text := base64.StdEncoding.EncodeToString(body)
			for len(text) > 76 {
				b.WriteString(text[:76] + "\r\n")
				text = text[76:]
			}
			b.WriteString(text)
		case 1:
			b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
			w := quotedprintable.NewWriter(&b)
			w.Binary = true
			w.Write(body)
			w.Close()
		case 2:
			b.WriteString("Content-Transfer-Encoding: binary\r\n\r\n")
			b.Write(body)
		}
		b.WriteString("\r\n")
	}
	b.WriteString("--b--\r\n")
	return b.Bytes(), sums
}

type reading struct{} // key of a careless

// A careless Sink reads documents in any way.
type careless struct {
	t    *testing.T
	rnd  *rand.Rand
	sums map[string][sha256.Size]byte
}

func (c *careless) store(ctx context.Context, p *launcher.Parcel) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	if c.rnd.IntN(4) == 0 {
		yields := c.rnd.IntN(200)
		wg.Go(func() {
			for range yields {
				os.Getpid()
			}
			cancel()
		})
	}
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	if len(docs) != len(c.sums) {
		c.t.Errorf("%d documents, want %d", len(docs), len(c.sums))
	}
	for _, d := range docs {
		for range 1 + c.rnd.IntN(3) {
			way, size := c.rnd.IntN(6), c.rnd.IntN(1<<c.rnd.IntN(17))
			wg.Go(func() { c.read(ctx, d, way, int64(size)) })
		}
	}
	return nil
}

func (c *careless) read(ctx context.Context, d *launcher.Document, way int, size int64) {
	r, err := d.Open(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.t.Errorf("%s: %v", d.Name, err)
		}
		return
	}
	switch way {
	case 0: // not closed, not read to its end
		io.CopyN(io.Discard, r, size)
		return
	case 1: // closed in the middle, twice, and read on
		io.CopyN(io.Discard, r, size)
		r.Close()
		r.Close()
		io.CopyN(io.Discard, r, size)
		return
	case 2: // closed while it is read
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { r.Close() })
		io.Copy(io.Discard, r)
		return
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.CopyBuffer(h, struct{ io.Reader }{r}, make([]byte, 1+size))
	var got [sha256.Size]byte
	h.Sum(got[:0])
	if err != nil || n != d.Size || got != c.sums[d.Name] {
		c.t.Errorf("%s: %d bytes of %d, %v, the right ones: %v", d.Name, n, d.Size, err, got == c.sums[d.Name])
	}
}

// TestNothingIsLentTooLate: what is done under a context that has ended gets an
// error instead of bytes, also where these lie in memory.
func TestNothingIsLentTooLate(t *testing.T) {
	body, err := new(spool.Pool).Read(t.Context(), strings.NewReader("Subject: s"))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	g := guarded{ctx, body}
	if lent := g.Lend(0, 7); string(lent) != "Subject" {
		t.Errorf("%q is lent, want Subject", lent)
	}
	g.Return()
	late := errors.New("too late")
	cancel(late)
	if lent := g.Lend(0, 7); lent != nil {
		t.Errorf("%q is lent, want nothing", lent)
	}
	if _, err := new(mime.Buffers).Parse(g, body.Size(), mime.Limits{Parts: 1}); !errors.Is(err, late) {
		t.Errorf("parsing: %v, want %v", err, late)
	}
}

// A dripping body is in memory, and yields 32 kB a minute all the same.
type dripping struct{ *bytes.Reader }

func (dripping) Close() error { return nil }
func (dripping) Return()      {}

func (s dripping) Lend(off int64, n int) []byte {
	time.Sleep(time.Minute)
	lent := make([]byte, min(n, 32<<10))
	got, _ := s.ReadAt(lent, off)
	return lent[:got]
}

// TestLentIsProgress: a message that is lent slowly, but steadily, does not count
// as one on which the pass stalls.
func TestLentIsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := []byte("Subject: s\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("Zm9v", 19)+"\n", 10_000))
		l := &launcher.Launcher{
			Name: "slow", Stall: 5 * time.Minute, Observe: func(context.Context, launcher.Event) {},
			Source: &Source{Body: true, Limits: Limits{Time: 24 * time.Hour}, From: offer(&launcher.Document{
				Name: "m.eml", MediaType: "message/rfc822", Size: int64(len(raw)),
				Open: func(context.Context) (io.ReadCloser, error) { return dripping{bytes.NewReader(raw)}, nil },
			})},
			Sink: launcher.SinkFunc(mailtest.Drain),
		}
		begun := time.Now()
		if stats, err := l.Poll(t.Context()); err != nil || stats.Stored != 1 {
			t.Errorf("%+v, %v; want the message stored", stats, err)
		}
		if took := time.Since(begun); took < 2*l.Stall {
			t.Fatalf("it took %v, want long enough to stall on", took)
		}
	})
}
