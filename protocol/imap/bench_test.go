package imap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// corpus returns n mails of about 150 KB on average, most of them small, each
// with one attachment.
func corpus(n int) [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var mails [][]byte
	for i := range n {
		size := 20 << 10
		if i%10 == 0 {
			size = 300<<10 + rnd.IntN(2<<20)
		}
		head := fmt.Sprintf("From: a@example.org\r\nSubject: %d\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: application/octet-stream; name=%[1]d.bin\r\nContent-Transfer-Encoding: base64\r\n"+
			"Content-Disposition: attachment\r\n\r\n", i)
		line := make([]byte, 72)
		var b strings.Builder
		b.WriteString(head)
		for b.Len() < size {
			for j := range line {
				line[j] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rnd.IntN(64)]
			}
			b.Write(line)
			b.WriteString("\r\n")
		}
		mails = append(mails, []byte(b.String()))
	}
	return mails
}

// rawFetch fetches everything with one command and throws it away.
func rawFetch(b *testing.B, s *mailtest.MailServer) int64 {
	config := s.TLS.Clone()
	config.ServerName = "localhost"
	c, err := tls.Dial("tcp", s.IMAPS, config)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	pass := mailtest.Password("bench")
	fmt.Fprintf(c, "a LOGIN bench {%d+}\r\n%s\r\nb EXAMINE INBOX\r\nc UID FETCH 1:* (BODY.PEEK[])\r\n", len(pass), pass)
	r := bufio.NewReaderSize(c, 64<<10)
	var total int64
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		total += int64(len(line))
		if strings.HasPrefix(line, "c ") {
			return total
		}
		if i := strings.LastIndexByte(line, '{'); i >= 0 && strings.HasPrefix(line, "* ") && strings.HasSuffix(line, "}\r\n") {
			var n int64
			fmt.Sscanf(line[i:], "{%d}", &n)
			k, err := io.CopyN(io.Discard, r, n)
			total += k
			if err != nil {
				b.Fatal(err)
			}
		}
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

// BenchmarkPass compares passes over 2,000 mails of 300 MB, each read to its
// end by the Sink, with one UID FETCH of everything thrown away: of the Source
// alone, and of a Launcher that hands over what is attached. The metric x-raw is
// the ratio of the two.
func BenchmarkPass(b *testing.B) {
	const count = 2000
	server := mailtest.Dovecot(b, "bench")
	mails := corpus(count)
	var bytes int64
	for _, m := range mails {
		bytes += int64(len(m))
	}
	server.Drop(b, "bench", mails...)
	mails = nil
	rawFetch(b, server) // Dovecot notes sizes at the first time
	source := sourceOf(server, "bench")
	source.ReadOnly = true
	b.Run("source", func(b *testing.B) {
		compare(b, server, bytes, func() error { return source.Poll(b.Context(), launcher.SinkFunc(drain)) })
	})
	b.Run("launcher, attachments", func(b *testing.B) {
		compare(b, server, bytes, func() error {
			l := &launcher.Launcher{
				Name: "bench", Source: &mail.Source{From: source}, Sink: launcher.SinkFunc(drain),
				Observe: func(context.Context, launcher.Event) {},
			}
			stats, err := l.Poll(b.Context())
			if err == nil && stats.Documents != count {
				err = fmt.Errorf("%d documents, want %d", stats.Documents, count)
			}
			return err
		})
	})
}

// compare measures pass and, in turn with it, rawFetch.
func compare(b *testing.B, server *mailtest.MailServer, bytes int64, pass func() error) {
	var ours, raw time.Duration
	b.SetBytes(bytes)
	for b.Loop() {
		b.StopTimer()
		begun := time.Now()
		rawFetch(b, server)
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
