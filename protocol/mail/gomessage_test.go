package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"maps"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/ezged/coldlauncher/launcher"
)

// A written mail is one that go-message writes: a writer that knows nothing of
// this package.
type written struct {
	from, sender, replyTo, to, cc []*gomail.Address

	subject, id           string
	inReplyTo, references []string
	date                  time.Time
	text, html            string
	files                 []file
}

// A file is what is attached.
type file struct {
	name, mediaType string
	encoding        string // "": base64
	body            []byte
	as              string // name that it is to come out with; "": as it is
}

// The names of files are written in two ways.
var nameForms = []struct {
	name        string
	disposition func(filename string) string
}{
	{"RFC 2047", func(filename string) string {
		var h gomail.AttachmentHeader
		h.SetFilename(filename)
		return h.Get("Content-Disposition")
	}},
	{"RFC 2231", func(filename string) string {
		return mime.FormatMediaType("attachment", map[string]string{"filename": filename})
	}},
}

// write writes m.
func (m written) write(t *testing.T, disposition func(string) string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gomail.CreateWriter(&out, m.header())
	check(t, err)
	in, err := w.CreateInline()
	check(t, err)
	for _, form := range []struct{ mediaType, body string }{{"text/plain", m.text}, {"text/html", m.html}} {
		if form.body == "" {
			continue
		}
		var h gomail.InlineHeader
		h.SetContentType(form.mediaType, map[string]string{"charset": "utf-8"})
		part, err := in.CreatePart(h)
		check(t, err)
		fill(t, part, []byte(form.body))
	}
	check(t, in.Close())
	for _, f := range m.files {
		var h gomail.AttachmentHeader
		h.SetContentType(f.mediaType, nil)
		h.Set("Content-Disposition", disposition(f.name))
		if f.encoding != "" {
			h.Set("Content-Transfer-Encoding", f.encoding)
		}
		part, err := w.CreateAttachment(h)
		check(t, err)
		fill(t, part, f.body)
	}
	check(t, w.Close())
	return out.Bytes()
}

func (m written) header() gomail.Header {
	var h gomail.Header
	for field, list := range m.addresses() {
		h.SetAddressList(field, list)
	}
	if m.subject != "" {
		h.SetSubject(m.subject)
	}
	h.SetDate(m.date)
	h.SetMessageID(m.id)
	h.SetMsgIDList("In-Reply-To", m.inReplyTo)
	h.SetMsgIDList("References", m.references)
	return h
}

// addresses returns the address lists of m, by field.
func (m written) addresses() map[string][]*gomail.Address {
	return map[string][]*gomail.Address{"From": m.from, "Sender": m.sender, "Reply-To": m.replyTo, "To": m.to, "Cc": m.cc}
}

func fill(t *testing.T, w io.WriteCloser, body []byte) {
	t.Helper()
	_, err := w.Write(body)
	check(t, err)
	check(t, w.Close())
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkMeta checks that meta says what m says, and nothing else.
func (m written) checkMeta(t *testing.T, meta map[string]string) {
	t.Helper()
	rest := maps.Clone(meta)
	for field, want := range m.addresses() {
		key := "mail." + strings.ToLower(field)
		if got, err := readAddresses(rest[key]); err != nil || !slices.Equal(got, values(want)) {
			t.Errorf("%s is %q, read as %v, %v; want the addresses that were written, %v", key, rest[key], got, err, values(want))
		}
		delete(rest, key)
	}
	want := map[string]string{}
	put(want, MetaSubject, m.subject)
	put(want, MetaMessageID, ids([]string{m.id}))
	put(want, MetaInReplyTo, ids(m.inReplyTo))
	put(want, MetaReferences, ids(m.references))
	if !m.date.IsZero() {
		put(want, MetaDate, m.date.Format(time.RFC3339))
	}
	if !maps.Equal(rest, want) {
		t.Errorf("besides addresses, the metadata are\n%v\nwant what was written, and no warning:\n%v", rest, want)
	}
}

// readAddresses reads a list of addresses in UTF-8.
func readAddresses(s string) ([]netmail.Address, error) {
	if s == "" {
		return nil, nil
	}
	list, err := netmail.ParseAddressList(s)
	return values(list), err
}

func values(list []*netmail.Address) []netmail.Address {
	var out []netmail.Address
	for _, a := range list {
		out = append(out, *a)
	}
	return out
}

// ids writes identifiers as a header has them.
func ids(list []string) string {
	if len(list) == 0 || list[0] == "" {
		return ""
	}
	return "<" + strings.Join(list, "> <") + ">"
}

// checkFiles checks that docs are the files that were attached.
func checkFiles(t *testing.T, docs []taken, files []file) {
	t.Helper()
	if len(docs) != len(files) {
		t.Fatalf("%s, want the %d files that were attached and nothing else", summary(docs), len(files))
	}
	for i, d := range docs {
		f := files[i]
		sent := ""
		if f.as == "" {
			f.as = f.name
		} else {
			sent = f.name
		}
		if d.Name != f.as || d.Meta[launcher.MetaName] != sent {
			t.Errorf("%q came out as %q with %q as its name of old, want %q and %q", f.name, d.Name, d.Meta[launcher.MetaName], f.as, sent)
		}
		if !bytes.Equal(d.body, f.body) {
			t.Errorf("%q came out with %d bytes, want exactly the %d that were attached", f.name, len(d.body), len(f.body))
		}
		if d.Role != "attachment" || d.MediaType != f.mediaType || d.Meta[MetaWarnings] != "" {
			t.Errorf("%q came out as %s of type %s, warnings %q; want an attachment of type %s and none", f.name, d.Role, d.MediaType, d.Meta[MetaWarnings], f.mediaType)
		}
	}
}

var sentAt = time.Date(2026, 5, 4, 9, 59, 58, 0, time.FixedZone("", 2*60*60))

// Whatever go-message writes comes out as it went in: the files with their
// bytes and names, the header in the metadata.
func TestGoMessageWrites(t *testing.T) {
	renee := []*gomail.Address{{Name: "Renée Dupont", Address: "renee@example.org"}}
	tests := []struct {
		name string
		written
	}{
		{"nothing but an address", written{from: renee, text: "Bonjour", files: []file{{name: "a.pdf", mediaType: "application/pdf", body: noise(10)}}}},
		{"every field, with accents", written{
			from: renee, sender: []*gomail.Address{{Address: "secretariat@example.org"}},
			replyTo: []*gomail.Address{{Name: "Comptabilité", Address: "compta@example.org"}},
			to: []*gomail.Address{
				{Name: "Émile Zola", Address: "emile@example.org"}, {Address: "plain@example.org"},
				{Name: "François d'Hôtel", Address: "f.hotel+factures@example.org"},
			},
			cc:      []*gomail.Address{{Name: "Mairie de Saint-Étienne", Address: "mairie@example.org"}},
			subject: "Relevé n° 5 : état des dépenses", id: "1.été@example.org", date: sentAt,
			inReplyTo: []string{"0@example.org"}, references: []string{"0@example.org"},
			text: "Voici le relevé.\r\n", html: "<p>Voici le relevé.</p>",
			files: []file{{name: "relevé n° 5 (été).pdf", mediaType: "application/pdf", body: noise(5000)}},
		}},
		{"what separates addresses, in names", written{
			from: []*gomail.Address{{Name: "Dupont, Renée", Address: "renee@example.org"}},
			to: []*gomail.Address{
				{Name: `Anne "Nanou" Légier`, Address: "anne@example.org"}, {Name: "Été <faux@example.org>", Address: "vrai@example.org"},
				{Name: "Ville: services; équipes", Address: "ville@example.org"}, {Name: "plain, ASCII", Address: "p@example.org"},
				{Name: `back\slash`, Address: "b@example.org"}, {Name: "50 % (moitié)", Address: "moitie@example.org"},
			},
			text: "x", files: []file{{name: `a;b="c".csv`, mediaType: "text/csv", as: `a;b=_c_.csv`, body: []byte("a;b\r\n")}},
		}},
		{"what takes many lines", written{
			from: renee, to: many(60, func(i int) *gomail.Address {
				return &gomail.Address{Name: strings.Repeat("É", i) + "lu", Address: "elu@example.org"}
			}),
			subject: strings.Repeat("délibération du conseil ", 30) + "fin", id: strings.Repeat("long.", 60) + "@example.org", date: sentAt,
			references: many(60, func(i int) string { return strings.Repeat("x", i) + "y@example.org" }), text: "x",
			files: []file{{name: strings.Repeat("très long ", 15) + "nom.pdf", mediaType: "application/pdf", body: noise(100)}},
		}},
		{"names in other scripts", written{from: renee, subject: "請求書 📎 счёт", text: "x", files: []file{
			{name: "счёт-фактура.pdf", mediaType: "application/pdf", body: noise(77)},
			{name: "請求書.pdf", mediaType: "application/pdf", body: noise(78)},
			{name: "📎 facture €.pdf", mediaType: "application/pdf", body: noise(79)},
			{name: "releve\u0301.pdf", as: "relevé.pdf", mediaType: "application/pdf", body: noise(80)},
			{name: "../../dépôt/état.pdf", as: "état.pdf", mediaType: "application/pdf", body: noise(81)},
			{name: "a.pdf", mediaType: "application/pdf", body: noise(82)},
			{name: "a.pdf", mediaType: "application/pdf", body: noise(83)},
		}}},
		{"encodings", written{from: renee, text: "x", files: []file{
			{name: "empty.bin", mediaType: "application/octet-stream", body: []byte{}},
			{name: "one.bin", mediaType: "application/octet-stream", body: []byte{0}},
			{name: "line.bin", mediaType: "application/octet-stream", body: noise(57)},
			{name: "large.bin", mediaType: "application/octet-stream", body: noise(1 << 20)},
			{name: "quoted.csv", mediaType: "text/csv", encoding: "quoted-printable", body: []byte("été;=C3 \r\n.\r\nFrom x\t\r\n" + strings.Repeat("long;é=", 500))},
			{name: "crlf.csv", mediaType: "text/csv", encoding: "quoted-printable", body: []byte("a\r\n\r\n\r\n")},
			{name: "plain.txt", mediaType: "text/plain", encoding: "7bit", body: []byte("a\r\n--b\r\n\r\n.\r\n")},
			{name: "utf8.xml", mediaType: "text/xml", encoding: "8bit", body: []byte("<é/>\r\n")},
			{name: "bytes.bin", mediaType: "application/octet-stream", encoding: "binary", body: append([]byte("\x00\r\n\xff--\n\r"), noise(3000)...)},
		}}},
		{"charsets that only the file itself declares", written{from: renee, text: "x", files: []file{
			{name: "latin.xml", mediaType: "application/xml", body: encode(charmap.ISO8859_15, "<?xml version='1.0' encoding='ISO-8859-15'?><é>€</é>")},
			{name: "utf16.xml", mediaType: "text/xml", body: encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "<?xml version='1.0' encoding='UTF-16'?><é>€</é>")},
			{name: "bom.csv", mediaType: "text/csv", body: []byte("\xef\xbb\xbfété;1\r\n")},
			{name: "windows.csv", mediaType: "text/csv", encoding: "quoted-printable", body: encode(charmap.Windows1252, "été;5 €\r\n")},
		}}},
	}
	for _, tt := range tests {
		for _, form := range nameForms {
			t.Run(tt.name+", names by "+form.name, func(t *testing.T) {
				docs, err := takeApart(t, &Source{}, "m.eml", tt.write(t, form.disposition))
				if err != nil {
					t.Fatal(err)
				}
				checkFiles(t, docs, tt.files)
				tt.checkMeta(t, docs[0].Unit.Meta)
			})
		}
	}
}

// many returns what each makes of 0 to n-1.
func many[T any](n int, each func(i int) T) []T {
	var out []T
	for i := range n {
		out = append(out, each(i))
	}
	return out
}

// noise returns n bytes of every value.
func noise(n int) []byte {
	random := rand.NewChaCha8([32]byte{byte(n)})
	out := make([]byte, n)
	random.Read(out)
	return out
}

func encode(e encoding.Encoding, s string) []byte {
	out, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return out
}

// Both forms of the text are handed over, as they were written, if asked for.
func TestGoMessageWritesText(t *testing.T) {
	m := written{text: "Voici le relevé.\r\n\r\n-- \r\nRenée", html: "<p>" + strings.Repeat("état ", 300) + "</p>\r\n"}
	docs, err := takeApart(t, &Source{Body: true}, "m.eml", m.write(t, nil))
	if err != nil || len(docs) != 2 {
		t.Fatalf("%s, %v; want the text in its two forms", summary(docs), err)
	}
	for i, want := range []string{m.text, m.html} {
		if string(docs[i].body) != want || docs[i].Role != "body" || docs[i].Meta[MetaCharset] != "utf-8" {
			t.Errorf("form %d is %q as %s in %q, want the text that was written, as body in utf-8:\n%q", i+1, docs[i].body, docs[i].Role, docs[i].Meta[MetaCharset], want)
		}
	}
}

// A mail that is attached gives up its own files under its own metadata,
// whatever it is encoded in, and stays whole if asked to.
func TestGoMessageWritesMailsInMails(t *testing.T) {
	inner := written{
		from: []*gomail.Address{{Name: "Émile", Address: "emile@example.org"}}, subject: "Pièce jointe", id: "inner@example.org", text: "x",
		files: []file{{name: "état.pdf", mediaType: "application/pdf", body: noise(3000)}},
	}
	raw := inner.write(t, nameForms[0].disposition)
	for _, encoding := range []string{"7bit", "8bit", "base64", "quoted-printable"} {
		outer := written{
			subject: "Transféré", id: "outer@example.org", text: "x",
			files: []file{
				{name: "avant.pdf", mediaType: "application/pdf", body: noise(30)},
				{name: "message d'été.eml", mediaType: "message/rfc822", encoding: encoding, body: raw},
				{name: "après.pdf", mediaType: "application/pdf", body: noise(31)},
			},
		}
		sent := outer.write(t, nameForms[1].disposition)
		t.Run(encoding, func(t *testing.T) {
			docs, err := takeApart(t, &Source{}, "m.eml", sent)
			if err != nil {
				t.Fatal(err)
			}
			checkFiles(t, docs, []file{outer.files[0], inner.files[0], outer.files[2]})
			outer.checkMeta(t, docs[0].Unit.Meta)
			meta := maps.Clone(docs[1].Unit.Meta)
			if meta[MetaEnclosing] != "<outer@example.org>" || docs[2].Unit != docs[0].Unit {
				t.Errorf("the mail inside has %q around it, want the outer one; and the file behind it is the outer one's: %v", meta[MetaEnclosing], docs[2].Unit == docs[0].Unit)
			}
			delete(meta, MetaEnclosing)
			inner.checkMeta(t, meta)
		})
		t.Run(encoding+", kept whole", func(t *testing.T) {
			docs, err := takeApart(t, &Source{Keep: true}, "m.eml", sent)
			if err != nil || len(docs) != 3 {
				t.Fatalf("%s, %v; want three files", summary(docs), err)
			}
			if !bytes.Equal(docs[1].body, raw) || docs[1].Name != "message d'été.eml" {
				t.Errorf("%q came out with %d bytes, want the mail of %d bytes as it was attached", docs[1].Name, len(docs[1].body), len(raw))
			}
		})
	}
}

// A file keeps its bytes whatever charset its type declares. The mail writer
// refuses any but UTF-8, so the parts are written one level below it.
func TestGoMessageWritesCharsets(t *testing.T) {
	const text = "état;5\r\nété;6\r\n"
	charsets := []struct {
		name string
		body []byte
	}{
		{"utf-8", []byte(text)},
		{"iso-8859-1", encode(charmap.ISO8859_1, text)},
		{"ISO-8859-15", encode(charmap.ISO8859_15, text+"€")},
		{"windows-1252", encode(charmap.Windows1252, text+"€")},
		{"utf-16", encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), text)},
		{"shift_jis", encode(japanese.ShiftJIS, "請求書;5\r\n")},
		{"x-unheard-of", []byte(text)},
		{"us-ascii", []byte(text)}, // untrue
	}
	encodings := []struct {
		name   string
		writer func(io.Writer) io.WriteCloser
	}{
		{"base64", func(w io.Writer) io.WriteCloser { return base64.NewEncoder(base64.StdEncoding, w) }},
		{"quoted-printable", func(w io.Writer) io.WriteCloser {
			q := quotedprintable.NewWriter(w)
			q.Binary = true
			return q
		}},
	}
	for _, e := range encodings {
		t.Run(e.name, func(t *testing.T) {
			var out bytes.Buffer
			mw := textproto.NewMultipartWriter(&out)
			var h gomail.Header
			h.SetContentType("multipart/mixed", map[string]string{"boundary": mw.Boundary()})
			check(t, textproto.WriteHeader(&out, h.Header.Header))
			var files []file
			for _, c := range charsets {
				f := file{name: "état " + c.name + ".csv", mediaType: "text/csv", body: c.body}
				var h gomail.AttachmentHeader
				h.SetContentType(f.mediaType, map[string]string{"charset": c.name})
				h.SetFilename(f.name)
				h.Set("Content-Transfer-Encoding", e.name)
				part, err := mw.CreatePart(h.Header.Header)
				check(t, err)
				fill(t, e.writer(part), f.body)
				files = append(files, f)
			}
			check(t, mw.Close())
			docs, err := takeApart(t, &Source{}, "m.eml", out.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			checkFiles(t, docs, files)
			for i, d := range docs {
				if want := strings.ToLower(charsets[i].name); d.Meta[MetaCharset] != want {
					t.Errorf("%q declares the charset %q, want %q as it was sent", d.Name, d.Meta[MetaCharset], want)
				}
			}
		})
	}
}
