package imap_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// Mails to measure with, and what is attached to them.
const (
	benchMails       = 2000
	benchAttachments = benchMails * 23 / 20
)

// rawFetch fetches everything in INBOX with one command and throws it away.
func rawFetch(b *testing.B, addr string, config *tls.Config) {
	b.Helper()
	if _, err := mailtest.RawFetch(addr, config, "bench"); err != nil {
		b.Fatal(err)
	}
}

// bench starts a server with the mails of the corpus, and returns their size.
func bench(b *testing.B) (server *mailtest.MailServer, size int64) {
	server = mailtest.Dovecot(b, "bench")
	size = refill(b, server)
	rawFetch(b, server.IMAPS, server.TLS) // Dovecot notes sizes at the first time
	return server, size
}

func refill(b *testing.B, server *mailtest.MailServer) (size int64) {
	b.Helper()
	for m := range mailtest.Corpus(benchMails) {
		server.Drop(b, "bench", m)
		size += int64(len(m))
	}
	return size
}

// BenchmarkPass compares passes over 2,000 mails of 300 MB with one UID FETCH of
// everything over the same way, thrown away, in turn with it: of a Launcher that
// takes apart, decodes and hashes what is attached and hands it to a Sink that
// reads it and keeps nothing, and of the Source alone. The metric x-raw is the
// ratio of the medians, and x-bytes what came over a link by what the mails are.
func BenchmarkPass(b *testing.B) {
	server, size := bench(b)
	for _, way := range []struct {
		name  string
		plain bool
		link  *mailtest.Link
		how   imap.Compress
	}{
		{"TLS", false, nil, imap.CompressIfSlow},
		{"plaintext", true, nil, imap.CompressIfSlow},
		{"30 ms", false, &mailtest.Link{RoundTrip: 30 * time.Millisecond}, imap.CompressIfSlow},
		{"100 Mbit-s and 30 ms", false, &mailtest.Link{RoundTrip: 30 * time.Millisecond, Rate: 100e6 / 8}, imap.CompressNever},
		{"100 Mbit-s and 30 ms, compressed if slow", false, &mailtest.Link{RoundTrip: 30 * time.Millisecond, Rate: 100e6 / 8}, imap.CompressIfSlow},
	} {
		source := sourceOf(server, "bench")
		source.ReadOnly, source.Compress = true, way.how
		config := server.TLS
		if way.plain {
			source.Addr, source.Security, config = server.IMAP, dial.Plaintext, nil
		}
		raw := func(b *testing.B) { rawFetch(b, source.Addr, config) }
		b.Run(way.name, func(b *testing.B) {
			if way.link != nil {
				source.Addr = way.link.Start(b, source.Addr)
			}
			mailtest.Compare(b, size, raw, nil, func(b *testing.B) {
				if way.link == nil {
					attached(b, source)
					return
				}
				_, before := way.link.Bytes()
				attached(b, source)
				_, after := way.link.Bytes()
				b.ReportMetric(float64(after-before)/float64(size), "x-bytes")
			})
		})
		if way.link == nil {
			b.Run(way.name+", Source alone", func(b *testing.B) {
				mailtest.Compare(b, size, raw, nil, func(b *testing.B) {
					if err := source.Poll(b.Context(), launcher.SinkFunc(mailtest.Drain)); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}

// attached makes a pass that hands over what is attached.
func attached(b *testing.B, source *imap.Source) {
	l := &launcher.Launcher{
		Name: "bench", Source: &mail.Source{From: source}, Sink: launcher.SinkFunc(mailtest.Drain),
		Observe: func(context.Context, launcher.Event) {},
	}
	stats, err := l.Poll(b.Context())
	if err != nil || stats.Documents != benchAttachments {
		b.Fatalf("%+v, %v, want %d documents", stats, err, benchAttachments)
	}
}

// BenchmarkMail is what a pass allocates for a mail, whatever its bytes.
func BenchmarkMail(b *testing.B) {
	server, _ := bench(b)
	source := sourceOf(server, "bench")
	source.ReadOnly, source.Addr, source.Security = true, server.IMAP, dial.Plaintext
	perMail(b, "attached", func(b *testing.B) { attached(b, source) })
	perMail(b, "Source alone", func(b *testing.B) {
		if err := source.Poll(b.Context(), launcher.SinkFunc(mailtest.Drain)); err != nil {
			b.Fatal(err)
		}
	})
}

func perMail(b *testing.B, name string, pass func(b *testing.B)) {
	b.Run(name, func(b *testing.B) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for b.Loop() {
			pass(b)
		}
		runtime.ReadMemStats(&after)
		mails := float64(b.N) * benchMails
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/mails, "allocs/mail")
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/mails, "B/mail")
	})
}

// BenchmarkJob is the complete job: what is attached goes into a folder Sink with
// a durable ledger, and the mails move to EZGED_OK.
func BenchmarkJob(b *testing.B) {
	server, size := bench(b)
	for _, parallel := range []int{1, 4} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			full := true
			raw := func(b *testing.B) { rawFetch(b, server.IMAPS, server.TLS) }
			fill := func(b *testing.B) {
				if !full {
					refill(b, server)
					rawFetch(b, server.IMAPS, server.TLS)
				}
				full = false
			}
			mailtest.Compare(b, size, raw, fill, func(b *testing.B) { job(b, server, parallel) })
			refill(b, server)
			rawFetch(b, server.IMAPS, server.TLS)
		})
	}
}

func job(b *testing.B, server *mailtest.MailServer, parallel int) {
	dir, err := os.MkdirTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	ledger, err := boltledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		b.Fatal(err)
	}
	defer ledger.Close()
	source := sourceOf(server, "bench")
	source.Done = "EZGED_OK"
	l := &launcher.Launcher{
		Name: "bench", Source: &mail.Source{From: source}, Sink: &folder.Sink{Path: filepath.Join(dir, "out")},
		Ledger: ledger, Parallel: parallel, Observe: func(context.Context, launcher.Event) {},
	}
	stats, err := l.Poll(b.Context())
	if err != nil || stats.Documents != benchAttachments {
		b.Fatalf("%+v, %v, want %d documents", stats, err, benchAttachments)
	}
}
