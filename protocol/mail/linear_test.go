package mail_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// heads are what a seed is repeated behind, so that it is met as a header, as
// text, as parts and in an encoding.
var heads = []string{
	"", "Subject: s\n\n", "Content-Type: text/html\n\n", "Content-Type: multipart/mixed; boundary=b\n\n",
	"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n", "Content-Type: text/csv; name=a\nContent-Transfer-Encoding: quoted-printable\n\n",
}

// grown returns a mail of about size bytes made of one seed.
func grown(head, seed string, size int) []byte {
	return []byte(head + strings.Repeat(seed, size/len(seed)))
}

// metered counts the bytes that are read.
type metered struct {
	*bytes.Reader
	read *atomic.Int64
}

func (m metered) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.Reader.ReadAt(p, off)
	m.read.Add(int64(n))
	return n, err
}

func (metered) Close() error { return nil }

// takeAll takes a mail apart and reads all that is in it. It returns how many
// bytes were read of the mail and how many allocated.
func takeAll(t testing.TB, raw []byte) (read, allocated float64) {
	var before, after runtime.MemStats
	var bytesRead atomic.Int64
	origin := new(launchertest.Script)
	d := launchertest.File("m.eml", "")
	d.Size = int64(len(raw))
	d.Open = func(context.Context) (io.ReadCloser, error) { return metered{bytes.NewReader(raw), &bytesRead}, nil }
	origin.Add("1", d)
	s := &mail.Source{From: origin, Body: true, Limits: mail.Limits{Parts: 1 << 20, Header: 1 << 30, Line: 1 << 30}}
	runtime.ReadMemStats(&before)
	err := s.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if err := check(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	return float64(bytesRead.Load()), float64(after.TotalAlloc - before.TotalAlloc)
}

// What a mail costs is linear in its size, whatever it is made of. What is read
// and allocated tells, for it does not depend on the machine; the time is for
// the benchmark.
func TestCostIsLinear(t *testing.T) {
	const small, factor, most, fixed = 32 << 10, 4, 6, 256 << 10
	for _, head := range heads {
		for _, seed := range seeds {
			read, allocated := takeAll(t, grown(head, seed, small))
			readMore, allocatedMore := takeAll(t, grown(head, seed, factor*small))
			if readMore > most*read+fixed || allocatedMore > most*allocated+fixed {
				t.Errorf("%q and then %q, %d times as much of it: %.1f times as much read, %.1f times as much allocated, want about %d",
					head, seed, factor, readMore/read, allocatedMore/allocated, factor)
			}
		}
	}
}

// MB/s must not fall with the size.
func BenchmarkBySize(b *testing.B) {
	for i, seed := range seeds {
		for _, size := range []int{16 << 10, 64 << 10, 256 << 10} {
			b.Run(fmt.Sprintf("seed=%d/KiB=%d", i, size>>10), func(b *testing.B) {
				raw := grown("", seed, size)
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					takeAll(b, raw)
				}
			})
		}
	}
}
