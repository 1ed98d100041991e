package mail

import (
	"context"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// relayed are fields that servers put before a mail on its way.
var relayed = strings.Repeat("Received: from mx.example.net (mx.example.net [192.0.2.7])\r\n"+
	"\tby mail.example.org (Postfix) with ESMTPS id 4XyZ12ab3CdE\r\n"+
	"\tfor <cold@example.org>; Mon,  2 Mar 2026 10:00:01 +0100 (CET)\r\n", 3) +
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=mail;\r\n" +
	"\tb=" + strings.Repeat("0123456789abcdef", 16) + "\r\n" +
	"X-Mailer: Example 1.0\r\nX-Spam-Score: 0.1\r\nX-Spam-Flag: NO\r\nReturn-Path: <sender@example.org>\r\n"

// BenchmarkTakeApart takes a mail of 20 kB with one attachment apart and reads
// none of its documents: that is what a mail costs beside its bytes.
func BenchmarkTakeApart(b *testing.B) {
	var letter string
	for m := range mailtest.Corpus(4) { // those before have two attachments
		letter = string(m)
	}
	for _, mail := range []struct{ name, text string }{{"letter", letter}, {"relayed", relayed + letter}} {
		b.Run(mail.name, func(b *testing.B) {
			d := &launcher.Document{Name: "m.eml", MediaType: "message/rfc822", Size: int64(len(mail.text)), Open: inMemory([]byte(mail.text))}
			s := &Source{From: sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
				for b.Loop() {
					if err := offer(d).Poll(ctx, sink); err != nil {
						return err
					}
				}
				return nil
			})}
			b.ReportAllocs()
			err := s.Poll(b.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				if docs, err := p.Documents(ctx); err != nil || len(docs) != 1 {
					b.Errorf("%d documents, %v, want one", len(docs), err)
				}
				return nil
			}))
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
