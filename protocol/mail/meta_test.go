package mail

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

func TestMeta(t *testing.T) {
	in := strings.Join([]string{
		"Received: from a by b; Mon, 4 May 2026 10:00:05 +0200",
		"Received: from x by a; Mon, 4 May 2026 09:59:59 +0200",
		"From: =?iso-8859-1?Q?Ren=E9e_Dupont?= <renee@example.org>",
		"Sender: office@example.org",
		"Reply-To: r@example.org",
		"To: a@example.org,",
		"\tb@example.org",
		"Cc: c@example.org",
		"Subject: =?utf-8?Q?Relev=C3=A9?=\r\n =?utf-8?Q?_de_mai=0A?=",
		"Date: Mon, 4 May 2026 09:59:58 +0200 (CEST)",
		"Message-ID: <1@example.org>",
		"In-Reply-To: <0@example.org>",
		"References: <0@example.org>",
		"List-Id: Factures <factures.example.org>",
		"Auto-Submitted: auto-generated",
		"X-Priority: 1",
		"Content-Type: multipart/mixed; boundary=b",
		"", "--b",
		"Content-Type: text/csv; name=a.csv; charset=ISO-8859-15",
		"Content-ID: <part1@example.org>",
		"Content-Description: =?utf-8?Q?d=C3=A9tail?=",
		"", "a;b",
		"--b--", "",
	}, "\r\n")
	docs, err := takeApart(t, &Source{Headers: []string{"X-Priority", "X-None"}}, "m.eml", []byte(in))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%s, %v", summary(docs), err)
	}
	want := map[string]string{
		"mail.from": "Renée Dupont <renee@example.org>", "mail.sender": "office@example.org", "mail.reply-to": "r@example.org",
		"mail.to": "a@example.org, b@example.org", "mail.cc": "c@example.org", "mail.subject": "Relevé de mai",
		"mail.date": "2026-05-04T09:59:58+02:00", "mail.received": "2026-05-04T10:00:05+02:00", "mail.message-id": "<1@example.org>",
		"mail.in-reply-to": "<0@example.org>", "mail.references": "<0@example.org>", "mail.list-id": "Factures <factures.example.org>",
		"mail.auto": "auto-generated", "mail.header.x-priority": "1",
	}
	if got := docs[0].Unit.Meta; !maps.Equal(got, want) {
		t.Errorf("unit has\n%v\nwant\n%v", got, want)
	}
	want = map[string]string{
		"mail.part": "1", "mail.charset": "iso-8859-15", "mail.content-id": "part1@example.org", "mail.description": "détail",
	}
	if got := docs[0].Meta; !maps.Equal(got, want) {
		t.Errorf("document has\n%v\nwant\n%v", got, want)
	}
}

func TestDates(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Mon, 4 May 2026 09:59:58 +0200", "2026-05-04T09:59:58+02:00"},
		{"4 May 2026 09:59 +0000", "2026-05-04T09:59:00Z"},
		{"Mon, 04 May 26 09:59:58 GMT", "2026-05-04T09:59:58Z"},
		{"Mon,  4 May 2026\t09:59:58 +0200 (CEST)", "2026-05-04T09:59:58+02:00"},
		{"2026-05-04T09:59:58+02:00", "2026-05-04T09:59:58+02:00"},
		{"2026-05-04 09:59:58 +0200", "2026-05-04T09:59:58+02:00"},
		{"Mon, 4 May 2026 09:59:58 +0200 (" + strings.Repeat("x", maxDate) + ")", ""},
		{"yesterday", ""},
		{"Fri, 10 Jul 2015 20:12:33 GMT", "2015-07-10T20:12:33Z"},
		{"10 Jul 2015 20:12:33 GMT (envelope-from <a@example.org>)", "2015-07-10T20:12:33Z"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := date(tt.in); got != tt.want {
			t.Errorf("date %q reads as %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestLongValuesAreCut(t *testing.T) {
	in := "Subject: " + strings.Repeat("é", 5000) + "\nContent-Type: application/pdf; name=a.pdf\n\n%PDF"
	docs, err := takeApart(t, &Source{}, "m.eml", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if got := docs[0].Unit.Meta[MetaSubject]; got != strings.Repeat("é", maxValue/2) {
		t.Errorf("a subject of 10,000 bytes became one of %d, want %d and whole characters", len(got), maxValue)
	}
}

// What a mail does not say is not taken from the parcel that it came in.
func TestParcelsMetaDoesNotShineThrough(t *testing.T) {
	in := multipart("mixed", "Content-Type: message/rfc822\n\nFrom: in@example.org\nContent-Type: application/pdf; name=a.pdf\n\n%PDF")
	from := sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
		return sink.Store(ctx, &launcher.Parcel{
			ID: "1", Meta: map[string]string{MetaSubject: "outer", MetaFrom: "out@example.org", "imap.uid": "7"},
			Documents: func(context.Context) ([]*launcher.Document, error) {
				return []*launcher.Document{doc("m.eml", "", in)}, nil
			},
		})
	})
	err := (&Source{From: from}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		meta := maps.Clone(p.Meta)
		maps.Copy(meta, docs[0].Unit.Meta) // as the engine does
		if meta[MetaSubject] != "" || meta[MetaFrom] != "in@example.org" || meta["imap.uid"] != "7" {
			t.Errorf("the mail inside is handed over with %v, want nothing of the outer mail's header", meta)
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}
