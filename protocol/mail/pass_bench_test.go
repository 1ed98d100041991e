package mail

import (
	"bytes"
	"context"
	"runtime"
	"strconv"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// mailbox is a Source that spools mails one by one, as IMAP and POP3 do.
type mailbox [][]byte

func (m mailbox) Poll(ctx context.Context, sink launcher.Sink) error {
	var pool spool.Pool
	for i, raw := range m {
		if err := m.offer(ctx, sink, &pool, strconv.Itoa(i), raw); err != nil {
			return err
		}
	}
	return nil
}

func (mailbox) offer(ctx context.Context, sink launcher.Sink, pool *spool.Pool, id string, raw []byte) error {
	body, err := pool.Read(ctx, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	defer body.Close()
	d := &launcher.Document{Name: "m.eml", MediaType: "message/rfc822", Size: body.Size(), Open: body.Open}
	return sink.Store(ctx, &launcher.Parcel{ID: id, Documents: func(context.Context) ([]*launcher.Document, error) {
		return []*launcher.Document{d}, nil
	}})
}

// BenchmarkPass is a pass of a Launcher over 400 mails of 150 kB on the average
// that spools, takes apart, decodes and hashes, without a server. The metric
// allocated/mail-B is what it allocates for each byte of mail.
func BenchmarkPass(b *testing.B) {
	var mails mailbox
	size := 0
	for m := range mailtest.Corpus(400) {
		mails = append(mails, m)
		size += len(m)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		l := &launcher.Launcher{
			Name: "bench", Source: &Source{From: mails}, Sink: launcher.SinkFunc(mailtest.Drain),
			Observe: func(context.Context, launcher.Event) {},
		}
		if stats, err := l.Poll(b.Context()); err != nil || stats.Documents != 460 {
			b.Fatalf("%+v, %v, want 460 documents", stats, err)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N*size), "allocated/mail-B")
}
