package mail

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// drain takes a message apart and reads every document to its end, as a Sink
// does. It returns how many there were and the bytes in them.
func drain(t testing.TB, s *Source, d *launcher.Document) (docs int, size int64) {
	c := *s
	c.From = offer(d)
	err := c.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		found, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		for _, d := range found {
			r, err := d.Open(ctx)
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, r)
			r.Close()
			if err != nil {
				return err
			}
			docs, size = docs+1, size+n
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return docs, size
}

func BenchmarkSamples(b *testing.B) {
	paths, err := filepath.Glob(samples(b, "mail", "eml", "*.eml"))
	if err != nil {
		b.Fatal(err)
	}
	var mails []*launcher.Document
	var size int64
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		size += int64(len(raw))
		mails = append(mails, &launcher.Document{Name: filepath.Base(path), MediaType: "message/rfc822", Size: int64(len(raw)), Open: inMemory(raw)})
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range mails {
			drain(b, &Source{}, m)
		}
	}
	b.ReportMetric(float64(len(mails)*b.N)/b.Elapsed().Seconds(), "mails/s")
}

// Bytes are those of the attachment, decoded.
func BenchmarkAttachment25MB(b *testing.B) {
	const size = 25_000_000
	body := bytes.Repeat([]byte("0123456789"), size/10)
	raw := compose([]attachment{{"a.pdf", "utf-8", "application/pdf", "base64", body}}, 0)
	d := &launcher.Document{Name: "m.eml", Size: int64(len(raw)), Open: inMemory(raw)}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, n := drain(b, &Source{}, d); n != size {
			b.Fatalf("read %d bytes, want %d", n, size)
		}
	}
}

// bigMail is a mail with one attachment in base64 that exists only as far as
// it is read.
type bigMail struct {
	head, line, tail string
	lines            int64
}

const bigLine = 78 // of base64, with its line end

func newBigMail(attachment int64) bigMail {
	return bigMail{
		head:  "Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf; name=big.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		line:  base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 57)) + "\r\n",
		tail:  "--b--\r\n",
		lines: attachment / 57,
	}
}

func (m bigMail) size() int64 { return int64(len(m.head)) + m.lines*bigLine + int64(len(m.tail)) }

func (m bigMail) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := off + int64(n)
		body := at - int64(len(m.head))
		switch {
		case at < int64(len(m.head)):
			n += copy(p[n:], m.head[at:])
		case body < m.lines*bigLine:
			n += copy(p[n:], m.line[body%bigLine:])
		case body < m.lines*bigLine+int64(len(m.tail)):
			n += copy(p[n:], m.tail[body-m.lines*bigLine:])
		default:
			return n, io.EOF
		}
	}
	return n, nil
}

func (bigMail) Read([]byte) (int, error) { panic("read in order") }
func (bigMail) Close() error             { return nil }

// Memory must not depend on the size of what is attached.
func TestMemoryIsBounded(t *testing.T) {
	used := func(size int64) uint64 {
		m := newBigMail(size)
		d := &launcher.Document{Name: "big.eml", Size: m.size(), Open: func(context.Context) (io.ReadCloser, error) { return m, nil }}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		docs, n := drain(t, &Source{}, d)
		runtime.ReadMemStats(&after)
		if docs != 1 || n != m.lines*57 {
			t.Errorf("of %d bytes came %d documents with %d bytes", size, docs, n)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	used(1 << 20)
	small, big := used(1<<20), used(64<<20)
	if big > small+small/2+256<<10 {
		t.Errorf("an attachment of 64 MiB took %d bytes of memory all told, one of 1 MiB %d: want about the same", big, small)
	}
	t.Logf("1 MiB: %d bytes allocated in all; 64 MiB: %d", small, big)
}
