package imap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// corpus returns n mails of about 150 KB on average, most of them small.
func corpus(n int) [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var mails [][]byte
	for i := range n {
		size := 20 << 10
		if i%10 == 0 {
			size = 300<<10 + rnd.IntN(2<<20)
		}
		head := fmt.Sprintf("From: a@example.org\r\nSubject: %d\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n", i)
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

// BenchmarkPass compares a pass over 2,000 mails of 300 MB, each read to its
// end by the Sink, with one UID FETCH of everything thrown away.
func BenchmarkPass(b *testing.B) {
	server := mailtest.Dovecot(b, "bench")
	mails := corpus(2000)
	var bytes int64
	for _, m := range mails {
		bytes += int64(len(m))
	}
	server.Drop(b, "bench", mails...)
	mails = nil
	rawFetch(b, server) // Dovecot notes sizes at the first time
	source := sourceOf(server, "bench")
	source.ReadOnly = true
	drain := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		r, err := docs[0].Open(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	})
	var raw, pass time.Duration
	b.SetBytes(bytes)
	for b.Loop() {
		begin := time.Now()
		rawFetch(b, server)
		raw += time.Since(begin)
		begin = time.Now()
		if err := source.Poll(b.Context(), drain); err != nil {
			b.Fatal(err)
		}
		pass += time.Since(begin)
	}
	b.ReportMetric(pass.Seconds()/float64(b.N), "pass-s/op")
	b.ReportMetric(raw.Seconds()/float64(b.N), "raw-s/op")
	b.ReportMetric(pass.Seconds()/raw.Seconds(), "pass/raw")
}
