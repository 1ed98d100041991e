package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// rawRetrieve asks for n mails at once and throws away what comes.
func rawRetrieve(b *testing.B, s *mailtest.MailServer, addr string, n int) {
	b.Helper()
	if err := mailtest.RawRetrieve(addr, s.TLS, "bench", n); err != nil {
		b.Fatal(err)
	}
}

// drain is a Sink that reads everything and keeps nothing.
func drain(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	for _, d := range docs {
		r, err := d.Open(ctx)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkPass compares passes over 2,000 mails of 300 MB on Dovecot, over
// TLS, with pipelined RETR thrown away: of the Source alone, and of a Launcher
// that hands over what is attached; on loopback, and over a link of 30 ms. The
// metric x-raw is the ratio of the two.
func BenchmarkPass(b *testing.B) {
	const count = 2000
	server := mailtest.Dovecot(b, "bench")
	var bytes int64
	for m := range mailtest.Corpus(count) {
		bytes += int64(len(m))
		server.Drop(b, "bench", m)
	}
	far := (&mailtest.Link{RoundTrip: 30 * time.Millisecond}).Start(b, server.POP3S)
	rawRetrieve(b, server, server.POP3S, count) // Dovecot notes sizes at the first time
	for _, way := range []struct{ name, addr string }{{"loopback", server.POP3S}, {"30ms", far}} {
		source := sourceOf(server, "bench")
		source.Addr = way.addr
		b.Run(way.name+"/source", func(b *testing.B) {
			compare(b, server, source, count, bytes, func() error { return source.Poll(b.Context(), launcher.SinkFunc(drain)) })
		})
		b.Run(way.name+"/launcher", func(b *testing.B) {
			compare(b, server, source, count, bytes, func() error {
				l := &launcher.Launcher{
					Name: "bench", Source: &mail.Source{From: source}, Sink: launcher.SinkFunc(drain),
					Observe: func(context.Context, launcher.Event) {},
				}
				stats, err := l.Poll(b.Context())
				if err == nil && stats.Documents < count {
					err = fmt.Errorf("%d documents, want one of each mail at least", stats.Documents)
				}
				return err
			})
		})
	}
}

// compare measures pass and, in turn with it, rawRetrieve.
func compare(b *testing.B, server *mailtest.MailServer, source *pop3.Source, count int, bytes int64, pass func() error) {
	var ours, raw time.Duration
	b.SetBytes(bytes)
	for b.Loop() {
		b.StopTimer()
		begun := time.Now()
		rawRetrieve(b, server, source.Addr, count)
		raw += time.Since(begun)
		b.StartTimer()
		begun = time.Now()
		if err := pass(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(begun)
	}
	b.ReportMetric(raw.Seconds()/float64(b.N), "raw-s/op")
	b.ReportMetric(ours.Seconds()/raw.Seconds(), "x-raw")
}
