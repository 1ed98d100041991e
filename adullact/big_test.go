package adullact

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// writeBigPES writes a PES with attachments whose base64 has the length given,
// on one line or wrapped. What is packed does not compress, as documents do not.
func writeBigPES(t testing.TB, w io.Writer, attachments int, length int64, wrapped bool) {
	t.Helper()
	b := bufio.NewWriterSize(w, 1<<20)
	head, tail, _ := strings.Cut(pesOf("big", "<PES_PJ>|</PES_PJ>"), "|")
	b.WriteString(head)
	for i := range attachments {
		b.WriteString(`<PJ><Contenu><Fichier MIMEType="application/pdf">`)
		var out io.Writer = b
		if wrapped {
			out = &wrapper{w: b}
		}
		enc := base64.NewEncoder(base64.StdEncoding, out)
		z, err := gzip.NewWriterLevel(enc, gzip.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(z, rand.New(rand.NewSource(int64(i))), length*3/4); err != nil {
			t.Fatal(err)
		}
		z.Close()
		enc.Close()
		fmt.Fprintf(b, `</Fichier></Contenu><IdUnique V="PJ%d"/><NomPJ V="pj%d.pdf"/></PJ>`, i, i)
	}
	b.WriteString(tail)
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
}

// A wrapper breaks lines at 76 characters.
type wrapper struct {
	w   io.Writer
	col int
}

func (w *wrapper) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), 76-w.col)
		if _, err := w.w.Write(p[:k]); err != nil {
			return 0, err
		}
		p, w.col = p[k:], w.col+k
		if w.col == 76 {
			w.col = 0
			if _, err := io.WriteString(w.w, "\r\n"); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// bigPES returns a file of two attachments.
func bigPES(t testing.TB, length int64, wrapped bool) (*os.File, int64) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "big.xml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	writeBigPES(t, f, 2, length, wrapped)
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	return f, size
}

// peak returns the largest heap while fn runs, above what there was before.
func peak(fn func()) uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before := stats.HeapAlloc
	var top atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				top.Store(max(top.Load(), s.HeapAlloc))
			}
		}
	}()
	fn()
	close(stop)
	<-done
	return max(top.Load(), before) - before
}

// A PES of 200 MiB, with base64 of 100 MiB on one line or wrapped, is read in
// little memory, by the walk, the decoder and the files it opens.
func TestBigPES(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 400 MiB")
	}
	for _, wrapped := range []bool{false, true} {
		t.Run(formOfBig(wrapped), func(t *testing.T) {
			f, size := bigPES(t, bigLength, wrapped)
			var read int64
			used := peak(func() {
				var d Decoder
				err := d.WalkPES(t.Context(), io.NewSectionReader(f, 0, size), &PESVisitor{
					Content: func(_ *PESAttachment, r io.Reader) error {
						n, err := io.Copy(io.Discard, r)
						read += n
						return err
					},
				})
				if err != nil {
					t.Error(err)
				}
				envelopes, err := d.Decode(t.Context(), "big.xml", f, size)
				if err != nil {
					t.Error(err)
					return
				}
				for _, file := range envelopes[0].Files {
					r, err := file.Open(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					n, err := io.Copy(io.Discard, r)
					r.Close()
					if err != nil || n != file.Size {
						t.Errorf("%q: %d bytes, %v; want %d", file.Name, n, err, file.Size)
					}
				}
			})
			if want := int64(2 * bigLength * 3 / 4); read != want {
				t.Errorf("%d bytes were passed on, want %d", read, want)
			}
			if used > 64<<20 {
				t.Errorf("a PES of %d MiB took %d MiB of heap, want less than 64", size>>20, used>>20)
			}
			t.Logf("%d MiB: heap grew by %.1f MiB at most", size>>20, float64(used)/(1<<20))
		})
	}
}

// BenchmarkWalkPES reads a PES of 200 MiB with each attachment unwrapped, and tells how
// that compares, in the same run, with base64 and gunzip of the attachments
// alone (goal: no more than 1.5 times as long) and with encoding/xml in token
// mode (goal: at least 4 times as fast).
func BenchmarkWalkPES(b *testing.B) {
	for _, wrapped := range []bool{false, true} {
		b.Run(formOfBig(wrapped), func(b *testing.B) {
			f, size := bigPES(b, bigLength, wrapped)
			b.SetBytes(size)
			var walk, raw, token time.Duration
			for b.Loop() {
				walk += timed(b, func() error {
					return (&Decoder{}).WalkPES(b.Context(), io.NewSectionReader(f, 0, size), &PESVisitor{
						Content: func(_ *PESAttachment, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err },
					})
				})
				b.StopTimer()
				raw += timed(b, func() error { return rawCost(io.NewSectionReader(f, 0, size)) })
				token += timed(b, func() error { return tokenCost(io.NewSectionReader(f, 0, size)) })
				b.StartTimer()
			}
			b.ReportMetric(walk.Seconds()/raw.Seconds(), "x-raw")
			b.ReportMetric(token.Seconds()/walk.Seconds(), "x-faster-than-encoding/xml")
		})
	}
}

// BenchmarkDecodePES also hashes what is inside, and keeps what it says.
func BenchmarkDecodePES(b *testing.B) {
	for _, wrapped := range []bool{false, true} {
		b.Run(formOfBig(wrapped), func(b *testing.B) {
			f, size := bigPES(b, bigLength, wrapped)
			b.SetBytes(size)
			for b.Loop() {
				if _, err := (&Decoder{}).Decode(b.Context(), "big.xml", f, size); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func formOfBig(wrapped bool) string {
	if wrapped {
		return "wrapped"
	}
	return "line"
}

func timed(b *testing.B, fn func() error) time.Duration {
	b.Helper()
	start := time.Now()
	if err := fn(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// rawCost unwraps the attachments, told where they are.
func rawCost(r io.Reader) error {
	br := bufio.NewReaderSize(r, 64<<10)
	for range 2 {
		for {
			line, err := br.ReadSlice('>')
			if err != nil {
				return err
			}
			if strings.HasPrefix(string(line), "<Fichier") {
				break
			}
		}
		z, err := gzip.NewReader(bufio.NewReader(base64.NewDecoder(base64.StdEncoding, &untilTag{br})))
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, z); err != nil {
			return err
		}
	}
	return nil
}

// untilTag ends before the next tag.
type untilTag struct{ r *bufio.Reader }

func (u *untilTag) Read(p []byte) (int, error) {
	b, err := u.r.Peek(max(1, min(len(p), u.r.Buffered())))
	if err != nil {
		return 0, err
	}
	b = b[:min(len(b), len(p))]
	if i := bytes.IndexByte(b, '<'); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b)
	u.r.Discard(n)
	return n, nil
}

// tokenCost reads with encoding/xml in token mode, and unwraps the texts.
func tokenCost(r io.Reader) error {
	d := xml.NewDecoder(bufio.NewReaderSize(r, 64<<10))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	inside := false
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			inside = x.Name.Local == "Fichier"
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if !inside {
				continue
			}
			z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(string(x))))
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, z); err != nil {
				return err
			}
		}
	}
}
