package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// An attachment is a file to be sent.
type attachment struct {
	name, charset, mediaType string
	encoding                 string
	body                     []byte
}

// Whatever is attached comes out with the same bytes and the same name,
// whichever charset, encoding and form of name it is sent in.
func TestAttachmentsAreByteExact(t *testing.T) {
	charsets := []struct {
		name string
		encoding.Encoding
	}{
		{"utf-8", unicode.UTF8}, {"iso-8859-1", charmap.ISO8859_1}, {"windows-1252", charmap.Windows1252},
		{"iso-8859-15", charmap.ISO8859_15}, {"utf-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
	}
	random := rand.New(rand.NewPCG(3, 4))
	checked := 0
	for i := range 200 {
		for _, charset := range charsets {
			var sent []attachment
			for _, kind := range []string{"text/xml", "text/csv", "text/html", "text/plain", "application/pdf"} {
				body := makeUp(random, kind, charset.name, charset.Encoding)
				a := attachment{fmt.Sprintf("relevé n° %d (été).%s", i, kind[strings.Index(kind, "/")+1:]), charset.name, kind, "base64", body}
				switch i % 3 {
				case 1:
					a.encoding = "quoted-printable"
				case 2:
					if kind != "application/pdf" {
						a.encoding = "8bit"
					}
				}
				sent = append(sent, a)
			}
			docs, err := takeApart(t, &Source{}, "m.eml", compose(sent, i))
			if err != nil || len(docs) != len(sent) {
				t.Fatalf("mail %d in %s: %d documents, %v; want %d", i, charset.name, len(docs), err, len(sent))
			}
			for j, d := range docs {
				checked++
				if !bytes.Equal(d.body, sent[j].body) {
					t.Errorf("mail %d: %s in %s, %s: %d bytes differ from the %d that were sent", i, d.Name, charset.name, sent[j].encoding, len(d.body), len(sent[j].body))
				}
				if d.Name != sent[j].name || d.MediaType != sent[j].mediaType || d.Role != "attachment" {
					t.Errorf("mail %d: %q of type %q as %q, want %q of type %q as attachment", i, d.Name, d.MediaType, d.Role, sent[j].name, sent[j].mediaType)
				}
			}
		}
	}
	t.Logf("%d attachments", checked)
}

// makeUp makes up a file. Text has lines in CRLF, as quoted-printable and
// 8bit want it, and ends without one in half of the cases.
func makeUp(random *rand.Rand, kind, charset string, enc encoding.Encoding) []byte {
	if kind == "application/pdf" {
		b := make([]byte, 100+random.IntN(3000))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return append([]byte("%PDF-1.7\n"), b...)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "<?xml version=\"1.0\" encoding=%q?>", charset)
	for range random.IntN(60) {
		fmt.Fprintf(&s, "\r\n<montant devise='été'>%d;%s</montant>", random.IntN(9999), strings.Repeat("àé=_ ç", random.IntN(30))+".")
	}
	if random.IntN(2) == 0 {
		s.WriteString("\r\n")
	}
	b, err := enc.NewEncoder().Bytes([]byte(s.String()))
	if err != nil {
		panic(err)
	}
	return b
}

// compose writes a mail with attachments. variant chooses how names are sent.
func compose(files []attachment, variant int) []byte {
	var b bytes.Buffer
	b.WriteString("From: a@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n")
	b.WriteString("--=_b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n")
	for _, f := range files {
		fmt.Fprintf(&b, "--=_b\r\nContent-Type: %s; charset=%s\r\nContent-Transfer-Encoding: %s\r\nContent-Disposition: attachment;\r\n %s\r\n\r\n",
			f.mediaType, f.charset, f.encoding, nameField(f.name, variant))
		switch f.encoding {
		case "base64":
			s := base64.StdEncoding.EncodeToString(f.body)
			for ; len(s) > 76; s = s[76:] {
				b.WriteString(s[:76] + "\r\n")
			}
			b.WriteString(s)
		case "quoted-printable":
			w := quotedprintable.NewWriter(&b)
			w.Binary = true
			w.Write(f.body)
			w.Close()
		default:
			b.Write(f.body)
		}
		b.WriteString("\r\n")
	}
	b.WriteString("--=_b--\r\n")
	return b.Bytes()
}

// nameField writes a file name in one of the ways that mail programs have.
func nameField(name string, variant int) string {
	latin, _ := charmap.ISO8859_1.NewEncoder().String(name)
	switch variant % 5 {
	case 0:
		return "filename*=utf-8''" + percent(name)
	case 1:
		return "filename*=iso-8859-1''" + percent(latin)
	case 2:
		return `filename="=?utf-8?B?` + base64.StdEncoding.EncodeToString([]byte(name)) + `?="`
	case 3:
		return `filename="` + latin + `"`
	}
	p := percent(latin)
	return "filename*0*=windows-1252''" + p[:9] + ";\r\n filename*1*=" + p[9:]
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}
