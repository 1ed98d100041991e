package pop3_test

import (
	"context"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// rawRetrieve asks for n mails at once and throws away what comes.
func rawRetrieve(b *testing.B, s *mailtest.MailServer, addr string, n int) {
	b.Helper()
	if err := mailtest.RawRetrieve(addr, s.TLS, "bench", n); err != nil {
		b.Fatal(err)
	}
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
		raw := func(b *testing.B) { rawRetrieve(b, server, way.addr, count) }
		b.Run(way.name+"/source", func(b *testing.B) {
			mailtest.Compare(b, bytes, raw, nil, func(b *testing.B) {
				if err := source.Poll(b.Context(), launcher.SinkFunc(mailtest.Drain)); err != nil {
					b.Fatal(err)
				}
			})
		})
		b.Run(way.name+"/launcher", func(b *testing.B) {
			mailtest.Compare(b, bytes, raw, nil, func(b *testing.B) {
				l := &launcher.Launcher{
					Name: "bench", Source: &mail.Source{From: source}, Sink: launcher.SinkFunc(mailtest.Drain),
					Observe: func(context.Context, launcher.Event) {},
				}
				if stats, err := l.Poll(b.Context()); err != nil || stats.Documents < count {
					b.Fatalf("%+v, %v, want a document of each mail at least", stats, err)
				}
			})
		})
	}
}
