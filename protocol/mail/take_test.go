package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// multipart writes a mail of the given parts.
func multipart(kind string, parts ...string) string {
	return "Subject: s\nMessage-ID: <outer@example.org>\n" + inner(kind, "b", parts...)
}

// inner writes a multipart without further fields.
func inner(kind, boundary string, parts ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=%s\n\n", kind, boundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\n%s\n", boundary, p)
	}
	fmt.Fprintf(&b, "--%s--\n", boundary)
	return b.String()
}

// summary writes of each document its name, role and number of bytes.
func summary(docs []taken) string {
	var s []string
	for _, d := range docs {
		s = append(s, fmt.Sprintf("%s/%s/%d", d.Name, d.Role, d.Size))
	}
	return strings.Join(s, " ")
}

func picture(id, disposition string, size int) string {
	s := "Content-Type: image/png; name=p.png\n"
	if id != "" {
		s += "Content-ID: <" + id + ">\n"
	}
	if disposition != "" {
		s += "Content-Disposition: " + disposition + "\n"
	}
	return s + "\n" + strings.Repeat("x", size)
}

func TestWhatIsHandedOver(t *testing.T) {
	const (
		text = "Content-Type: text/plain\n\ntext"
		html = "Content-Type: text/html\n\n<img src=\"CID:logo%40example\">"
		pdf  = "Content-Type: application/pdf; name=a.pdf\n\n%PDF"
	)
	tests := []struct {
		name, in string
		source   Source
		want     string
	}{
		{"attachments alone", multipart("mixed", text, pdf), Source{}, "a.pdf/attachment/4"},
		{"body too", multipart("mixed", text, pdf), Source{Body: true}, "body.txt/body/4 a.pdf/attachment/4"},
		{"body in both forms", multipart("alternative", text, html), Source{Body: true}, "body.txt/body/4 body.html/body/30"},
		{"body without parts", "Subject: s\n\ntext", Source{Body: true}, "body.txt/body/4"},
		{"empty body", "Subject: s\n\n", Source{Body: true}, ""},
		{"mail itself", "Subject: s\n\ntext", Source{Raw: true}, "m.eml/message/16"},
		{"no attachment", multipart("mixed", text, html), Source{}, ""},
		{"document is the mail", "Subject: s\nContent-Type: application/pdf; name=a.pdf\n\n%PDF", Source{}, "a.pdf/attachment/4"},

		{"inline document", multipart("mixed", text, "Content-Type: application/pdf\nContent-Disposition: inline; filename=a.pdf\n\n%PDF"), Source{}, "a.pdf/inline/4"},
		{"inline text with a name", multipart("mixed", text, "Content-Type: text/plain\nContent-Disposition: inline; filename=a.txt\n\nxyz"), Source{}, "a.txt/inline/3"},
		{"attached text without a name", multipart("mixed", text, "Content-Type: text/plain\nContent-Disposition: attachment\n\nxyz"), Source{}, "part-2.txt/attachment/3"},
		{"calendar", multipart("alternative", text, "Content-Type: text/calendar; method=REQUEST\n\nBEGIN"), Source{}, "part-2.ics/attachment/5"},
		{"names may be the same", multipart("mixed", pdf, pdf, pdf), Source{}, "a.pdf/attachment/4 a.pdf/attachment/4 a.pdf/attachment/4"},
		{"type that is unknown", multipart("mixed", "Content-Type: application/x-foo\n\nxyz"), Source{}, "part-1.bin/attachment/3"},
		{"delivery report", multipart("report", text, "Content-Type: message/delivery-status\n\nAction: failed"), Source{}, ""},
		{"external body", multipart("mixed", "Content-Type: message/external-body; name=a.pdf; access-type=URL\n\nxyz"), Source{}, "part-1.eml/attachment/3"},
		{"S/MIME", "Subject: s\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nxyz", Source{}, "smime.p7m/sealed/3"},
		{"S/MIME signature", multipart("signed", text, pdf, "Content-Type: application/pkcs7-signature\n\nxyz"), Source{}, "a.pdf/attachment/4 part-3.p7s/signature/3"},
		{"OpenPGP", multipart("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream; name=e.asc\n\nxyz"),
			Source{}, "part-1.asc/sealed/10 e.asc/sealed/3"},

		{"resource fork", multipart("mixed", inner("appledouble", "c", "Content-Type: application/applefile; name=a.pdf\n\nx", pdf)), Source{}, "a.pdf/attachment/4"},
		{"mail by its name", multipart("mixed", "Content-Type: application/octet-stream; name=a.EML\n\nSubject: x\nContent-Type: text/csv; name=a.csv\n\na;b"), Source{}, "a.csv/attachment/3"},
		{"mail by its name, kept", multipart("mixed", "Content-Type: application/octet-stream; name=a.EML\n\nSubject: x\n\na"), Source{Keep: true}, "a.EML/attachment/13"},
		{"no mail but for its name", multipart("mixed", "Content-Type: application/octet-stream; name=a.eml\n\nabc"), Source{}, "a.eml/attachment/3"},
		{"picture of the text", multipart("related", html, picture("logo@example", "inline", 4096)), Source{}, ""},
		{"picture of the text, attached", multipart("related", html, picture("logo@example", "attachment", 4096)), Source{}, "p.png/attachment/4096"},
		{"picture of the text, large", multipart("related", html, picture("logo@example", "inline", 128<<10+1)), Source{}, "p.png/inline/131073"},
		{"picture of the text, just small", multipart("related", html, picture("logo@example", "inline", 128<<10)), Source{}, ""},
		{"picture of the text, own limit", multipart("related", html, picture("logo@example", "inline", 11)), Source{Pictures: Pictures{Shown: 10}}, "p.png/inline/11"},
		{"picture of the text, all wanted", multipart("related", html, picture("logo@example", "inline", 0)), Source{Pictures: Pictures{Shown: -1}}, "p.png/inline/0"},
		{"picture beside the text", multipart("mixed", text, picture("", "inline", 8<<10)), Source{}, ""},
		{"picture beside the text, large", multipart("mixed", text, picture("", "inline", 8<<10+1)), Source{}, "p.png/inline/8193"},
		{"picture beside the text, all wanted", multipart("mixed", text, picture("", "inline", 1)), Source{Pictures: Pictures{Small: -1}}, "p.png/inline/1"},
		{"picture with another Content-ID", multipart("mixed", html, picture("other", "", 100)), Source{}, "p.png/attachment/100"},
		{"picture in mixed that HTML shows", multipart("mixed", html, picture("logo@example", "", 100)), Source{}, ""},
		{"picture by Content-Location", multipart("related", html, "Content-Type: image/gif\nContent-Location: logo.gif\n\nx"), Source{}, ""},

		{"uuencoded in the text", "Subject: s\n\nsee\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\nbye\n", Source{Body: true}, "a.txt/attachment/5 body.txt/body/39"},
		{"uuencoded in encoded text", "Subject: s\nContent-Transfer-Encoding: quoted-printable\n\nbegin 644 =C3=A9.txt\n%:&5L;&\\\n`\nend\n", Source{}, "é.txt/attachment/5"},
		{"uuencoded part", multipart("mixed", "Content-Type: text/plain; name=a.txt\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 b.txt\n%:&5L;&\\\n`\nend"), Source{}, "a.txt/attachment/5"},
		{"XML that claims base64", multipart("mixed", "Content-Type: text/xml; name=a.xml\nContent-Transfer-Encoding: base64\n\n<?xml version=\"1.0\"?>\n<a/>"), Source{}, "a.xml/attachment/26"},
		{"not in the encoding it claims", multipart("mixed", "Content-Type: text/plain; name=a.txt\nContent-Transfer-Encoding: x-uuencode\n\nhello"), Source{}, "a.txt/attachment/5"},
	}
	for _, tt := range tests {
		docs, err := takeApart(t, &tt.source, "m", []byte(tt.in))
		if got := summary(docs); err != nil || got != tt.want {
			t.Errorf("%s: handed over %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ name, field, want, sent string }{
		{"plain", `filename="facture.pdf"`, "facture.pdf", ""},
		{"path", `filename="../../etc/passwd"`, "passwd", "../../etc/passwd"},
		{"path of Windows", `filename="C:\Users\x\scan.pdf"`, "scan.pdf", `C:\Users\x\scan.pdf`},
		{"decomposed", "filename=\"e\u0301te\u0301.pdf\"", "été.pdf", "e\u0301te\u0301.pdf"},
		{"control characters", `filename="=?utf-8?Q?a=0D=0A=00b.pdf?="`, "ab.pdf", "a\r\n\x00b.pdf"},
		{"reversed", "filename=\"invoice\u202efdp.exe\"", "invoicefdp.exe", "invoice\u202efdp.exe"},
		{"reserved", `filename="a:b?.pdf"`, "a_b_.pdf", "a:b?.pdf"},
		{"device", `filename="nul.txt"`, "_nul.txt", "nul.txt"},
		{"long", `filename="` + strings.Repeat("x", 300) + `.pdf"`, strings.Repeat("x", 196) + ".pdf", strings.Repeat("x", 300) + ".pdf"},
		{"longer than is kept", `filename="` + strings.Repeat("x", 3000) + `.pdf"`, strings.Repeat("x", 196) + ".pdf", strings.Repeat("x", 1024)},
		{"blank", `filename=" "`, "part-1.pdf", ""},
		{"none", `x=y`, "part-1.pdf", ""},
		{"dots", `filename="..."`, "unnamed", "..."},
	}
	for _, tt := range tests {
		in := multipart("mixed", "Content-Type: Application/PDF\nContent-Disposition: attachment; "+tt.field+"\n\n%PDF")
		docs, err := takeApart(t, &Source{}, "m.eml", []byte(in))
		if err != nil || len(docs) != 1 {
			t.Errorf("%s: %d documents, %v", tt.name, len(docs), err)
			continue
		}
		if d := docs[0]; d.Name != tt.want || d.Meta[launcher.MetaName] != tt.sent || d.MediaType != "application/pdf" {
			t.Errorf("%s: %s is %q, sent as %q, of type %q; want %q, sent as %q", tt.name, tt.field, d.Name, d.Meta[launcher.MetaName], d.MediaType, tt.want, tt.sent)
		}
	}
}

const deepest = "Subject: third\nMessage-ID: <3@example.org>\nContent-Type: application/pdf; name=c.pdf\n\n%PDF-c"

func TestMailsInMails(t *testing.T) {
	second := "Subject: second\nMessage-ID: <2@example.org>\n" + inner("mixed", "c",
		"Content-Type: application/pdf; name=b.pdf\n\n%PDF-b", "Content-Type: message/rfc822\n\n"+deepest)
	first := multipart("mixed", "Content-Type: application/pdf; name=a.pdf\n\n%PDF-a", "Content-Type: message/rfc822; name=\"fwd.eml\"\n\n"+second)
	docs, err := takeApart(t, &Source{Raw: true}, "m.eml", []byte(first))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ name, key, subject, enclosing, part string }{
		{"m.eml", "m1", "s", "", ""}, {"a.pdf", "m1", "s", "", "1"},
		{"fwd.eml", "m1/2", "second", "<outer@example.org>", ""}, {"b.pdf", "m1/2", "second", "<outer@example.org>", "2.1"},
		{"part-2.2.eml", "m1/2/2.2", "third", "<2@example.org>", ""}, {"c.pdf", "m1/2/2.2", "third", "<2@example.org>", "2.2.1"},
	}
	if len(docs) != len(want) {
		t.Fatalf("handed over %s, want %d documents", summary(docs), len(want))
	}
	for i, w := range want {
		d := docs[i]
		if d.Name != w.name || d.Unit.Key != w.key || d.Unit.Meta[MetaSubject] != w.subject || d.Unit.Meta[MetaEnclosing] != w.enclosing || d.Meta[MetaPart] != w.part {
			t.Errorf("document %d is %q of unit %q with %v, part %q; want %+v", i, d.Name, d.Unit.Key, d.Unit.Meta, d.Meta[MetaPart], w)
		}
	}
	if string(docs[2].body) != second || string(docs[4].body) != deepest {
		t.Error("the mails inside must be handed over byte for byte")
	}
	docs, err = takeApart(t, &Source{Keep: true}, "m.eml", []byte(first))
	if got := summary(docs); err != nil || got != fmt.Sprintf("a.pdf/attachment/6 fwd.eml/attachment/%d", len(second)) {
		t.Errorf("with Keep: %s, %v; want the mail inside whole", got, err)
	}
}

func TestEncodedMailsInMails(t *testing.T) {
	encoded := func(name, s string) string {
		return "Content-Type: message/rfc822; name=" + name + "\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(s))
	}
	twice := multipart("mixed", encoded("x.eml", multipart("mixed", encoded("y.eml", deepest))))
	docs, err := takeApart(t, &Source{}, "m.eml", []byte(twice))
	if got := summary(docs); err != nil || got != "c.pdf/attachment/6" || docs[0].Unit.Key != "m1/1/1" {
		t.Errorf("a mail encoded twice: %s, %v; want what is in it", got, err)
	}
	docs, err = takeApart(t, &Source{}, "m.eml", []byte(multipart("mixed", encoded("x.eml", "no mail at all"))))
	if got := summary(docs); err != nil || got != "x.eml/attachment/14" {
		t.Errorf("what is no mail once decoded: %s, %v; want it as a file", got, err)
	}
	docs, err = takeApart(t, &Source{}, "m.eml", []byte(multipart("mixed", "Content-Type: message/rfc822\n\n")))
	if got := summary(docs); err != nil || got != "" {
		t.Errorf("an empty mail inside: %s, %v; want nothing", got, err)
	}
}

func TestWhatCannotBeTakenApart(t *testing.T) {
	const pdf = "Content-Type: application/pdf; name=a.pdf\n\n%PDF"
	tests := []struct{ name, in, want, warnings string }{
		{"no header", "hello\n", "m.eml/message/6", "header-missing header-unseparated"},
		{"nothing", "", "m.eml/message/0", "header-missing"},
		{"no part in a multipart", "Content-Type: multipart/mixed; boundary=b\n\nhello\n", "m.eml/message/49", "boundary-unused"},
		{"no part in an inner multipart", multipart("mixed", pdf, "Content-Type: multipart/mixed; boundary=c\n\nhello"), "a.pdf/attachment/4 m.eml/message/%d", "boundary-unused"},
		{"fragment", "Content-Type: message/partial; id=x\n\nSubject: s\n", "m.eml/message/48", "fragment"},
		{"limit", strings.Repeat("Content-Type: message/rfc822\n\n", 101) + "x", "m.eml/message/%d", "limit-exceeded"},
	}
	for _, tt := range tests {
		want := tt.want
		if strings.Contains(want, "%d") {
			want = fmt.Sprintf(want, len(tt.in))
		}
		docs, err := takeApart(t, &Source{}, "m.eml", []byte(tt.in))
		if got := summary(docs); err != nil || got != want {
			t.Errorf("%s: handed over %s, %v; want %s", tt.name, got, err, want)
			continue
		}
		last := docs[len(docs)-1]
		if string(last.body) != tt.in {
			t.Errorf("%s: handed over %q, want the mail byte for byte", tt.name, last.body)
		}
		if meta := last.Unit.Meta; meta[MetaWarnings] != tt.warnings || meta[MetaWhole] == "" {
			t.Errorf("%s: warnings %q, reason %q; want %q and a reason", tt.name, meta[MetaWarnings], meta[MetaWhole], tt.warnings)
		}
		_, err = takeApart(t, &Source{Strict: true}, "m.eml", []byte(tt.in))
		if launcher.OutcomeOf(err) != launcher.SetAside || errors.Is(err, ErrLimit) != (tt.name == "limit") {
			t.Errorf("%s, strict: %v with outcome %v, want it rejected", tt.name, err, launcher.OutcomeOf(err))
		}
	}
}

// A mail that exceeds a limit is still known by its header.
func TestLimitKeepsTheHeader(t *testing.T) {
	docs, err := takeApart(t, &Source{Limits: Limits{Parts: 1}}, "m", []byte(multipart("mixed", "\nx")))
	if err != nil || summary(docs) != fmt.Sprintf("m.eml/message/%d", docs[0].Size) || docs[0].Unit.Meta[MetaSubject] != "s" {
		t.Errorf("%s, %v; want the mail whole with its subject", summary(docs), err)
	}
}

func TestLimits(t *testing.T) {
	pdf := func(n int) string {
		return multipart("mixed", "Content-Type: application/pdf; name=a.pdf\n\n"+strings.Repeat("x", n))
	}
	uu := func(n int) string {
		return "Subject: s\n\n" + strings.Repeat("begin 644 a.txt\n%:&5L;&\\\n`\nend\n", n)
	}
	mails := func(n int) string {
		s := deepest
		for range n {
			s = "Subject: x\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(s))
		}
		return s
	}
	tests := []struct {
		name   string
		make   func(n int) string
		at     int
		limits Limits
	}{
		{"bytes decoded", pdf, 500, Limits{Size: 500}},
		{"parts", func(n int) string {
			return multipart("mixed", strings.Split(strings.Repeat("Content-Type: application/pdf; name=a.pdf\n\nx|", n-1), "|")[:n-1]...)
		}, 5, Limits{Parts: 5}},
		{"depth of mails", func(n int) string { return strings.Repeat("Content-Type: message/rfc822\n\n", n) + deepest }, 5, Limits{Depth: 5}},
		{"bytes of headers", func(n int) string {
			const rest = "Content-Type: application/pdf; name=a.pdf\n"
			return "X: " + strings.Repeat("x", n-len(rest)-4) + "\n" + rest + "\nx"
		}, 500, Limits{Header: 500}},
		{"parts, uuencoded", uu, 4, Limits{Parts: 5}},
		{"depth of encoded mails", mails, 4, Limits{Depth: 5}},
		{"bytes of a field", func(n int) string { return "Subject: " + strings.Repeat("x", n-1) + "\n" + pdf(1) }, 500, Limits{Line: 500}},
	}
	for _, tt := range tests {
		for n, whole := range map[int]bool{tt.at: false, tt.at + 1: true} {
			docs, err := takeApart(t, &Source{Limits: tt.limits}, "m.eml", []byte(tt.make(n)))
			if err != nil || len(docs) == 0 {
				t.Errorf("%s: with %d: %d documents, %v", tt.name, n, len(docs), err)
				continue
			}
			if got := docs[0].Role == "message"; got != whole {
				t.Errorf("%s: limit %+v with %d: %s; handed over whole %v, want %v", tt.name, tt.limits, n, summary(docs), got, whole)
			}
		}
	}
}

// The headers of mails that must be decoded first count as well.
func TestHeaderLimitCountsAllMails(t *testing.T) {
	inside := "X: " + strings.Repeat("y", 500) + "\n" + deepest
	in := multipart("mixed", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString([]byte(inside)))
	headers := strings.Index(in, "\n\n") + strings.Index(inside, "\n\n")
	for limit, want := range map[int]string{headers: "message", headers + 100: "attachment"} {
		docs, err := takeApart(t, &Source{Limits: Limits{Header: limit}}, "m.eml", []byte(in))
		if err != nil || len(docs) != 1 || docs[0].Role != want {
			t.Errorf("headers of some %d bytes, limit %d: %s, %v; want one %s", headers+70, limit, summary(docs), err, want)
		}
	}
}

// Twenty thousand multiparts within one another are refused at once.
func TestDeathByNesting(t *testing.T) {
	var in strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&in, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	start := time.Now()
	docs, err := takeApart(t, &Source{}, "m.eml", []byte(in.String()))
	if err != nil || summary(docs) != fmt.Sprintf("m.eml/message/%d", in.Len()) {
		t.Errorf("handed over %s, %v; want the mail whole", summary(docs), err)
	}
	if took := time.Since(start); took > 30*time.Second { // what is not linear takes longer, anywhere
		t.Errorf("it took %v", took)
	}
}

func TestWarnings(t *testing.T) {
	in := multipart("mixed",
		"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\naGVs*bG8",
		"junk\nContent-Type: text/csv; name=b.csv\nContent-Transfer-Encoding: rot13\n\nx",
		"Content-Type: text/plain; name=c.txt\n\nfine")
	docs, err := takeApart(t, &Source{}, "m.eml", []byte(in))
	if err != nil || len(docs) != 3 {
		t.Fatalf("%s, %v", summary(docs), err)
	}
	for i, want := range []string{"base64-junk base64-padding", "encoding-unknown header-junk", ""} {
		if got := docs[i].Meta[MetaWarnings]; got != want {
			t.Errorf("%s: warnings %q, want %q", docs[i].Name, got, want)
		}
	}
	if got, want := docs[0].Unit.Meta[MetaWarnings], "base64-junk base64-padding encoding-unknown header-junk"; got != want {
		t.Errorf("the mail: warnings %q, want %q", got, want)
	}
}
