package mime

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
)

func decode(t *testing.T, e Encoding, raw string) (string, []string) {
	t.Helper()
	r := new(Buffers).NewReader(e, strings.NewReader(raw), Range{End: int64(len(raw))})
	out, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("decoding %.40q: %v, want no error", raw, err)
	}
	m := new(Buffers).NewReader(e, strings.NewReader(raw), Range{End: int64(len(raw))})
	size, err := m.Measure()
	if err != nil || size != int64(len(out)) || m.Defects() != r.Defects() {
		t.Errorf("%.40q measures %d bytes, %v, with %v; decoded it is %d with %v", raw, size, err, m.Defects(), len(out), r.Defects())
	}
	return string(out), slices.Collect(r.Defects().Codes())
}

func TestDecode(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const footer = "_______________________________________________\nList mailing list\nlist@example.org\n"
	long := strings.Repeat("0123456789", 5000)
	tests := []struct {
		name     string
		encoding Encoding
		in, want string
		defects  string
	}{
		{"identity", Identity, "a=41\r\n\n\x00\xff", "a=41\r\n\n\x00\xff", ""},

		{"base64", Base64, "aGVsbG8=\r\n", "hello", ""},
		{"base64 without line end", Base64, "aGVsbG8=", "hello", ""},
		{"base64 in lines", Base64, "aGVs\r\nbG8s\r\nIHdv\r\ncmxk\r\n", "hello, world", ""},
		{"base64 in odd lines", Base64, "aGV\nsbG8s\nIHdvcm\nxk", "hello, world", ""},
		{"base64 in one line", Base64, b64(long), long, ""},
		{"base64 with blanks", Base64, " aGVs bG8s \r\n\r\n\tIHdvcmxk\n", "hello, world", "base64-junk"},
		{"base64 without padding", Base64, "aGVsbG8", "hello", "base64-padding"},
		{"base64 with half the padding", Base64, "aGVsbA=", "hell", ""},
		{"base64 with one character too many", Base64, "aGVsbG8sI", "hello,", "base64-padding"},
		{"base64 with foreign bytes", Base64, "aGV*sbG8s\x00IHdv!cmxk", "hello, world", "base64-junk"},
		{"base64 with foreign first line", Base64, "* *\naGVsbG8sIHdvcmxk", "hello, world", "base64-junk"},
		{"base64 joined after padding", Base64, "aGVsbG8=\r\nLCB3b3JsZA==\r\n", "hello, world", "base64-joined"},
		{"base64 joined in a line", Base64, "aGVsbG8=LCB3b3JsZA==", "hello, world", "base64-joined"},
		{"base64 and a footer after padding", Base64, "aGVsbG8=\n" + footer, "hello", "base64-trailer"},
		{"base64 and a footer without padding", Base64, "aGVsbG8s\n" + footer, "hello,", "base64-trailer"},
		{"base64 and text in its last line", Base64, "aGVsbG8=-- the end", "hello", "base64-trailer"},
		{"base64 that is no text", Base64, "%*&!", "", "base64-junk encoding-untrue"},
		{"base64 of accidents", Base64, strings.Repeat("> aGVsbG8sIHdvcmxkLCBoZWxsbywgd29ybGQs!\r\n", 9), strings.Repeat("hello, world, hello, world,", 9), "base64-junk"},
		{"base64 of nothing", Base64, "\r\n\r\n", "", ""},
		{"base64 of padding", Base64, "====", "", ""},

		{"quoted", QuotedPrintable, "a=3Db=C3=A9\r\n", "a=b\xc3\xa9\r\n", ""},
		{"quoted, lower case", QuotedPrintable, "=c3=a9", "\xc3\xa9", ""},
		{"quoted, soft line break", QuotedPrintable, "ab=\r\ncd=\nef", "abcdef", ""},
		{"quoted, soft line break with blanks", QuotedPrintable, "ab= \t\r\ncd", "abcd", ""},
		{"quoted, soft line break at the end", QuotedPrintable, "ab=", "ab", ""},
		{"quoted, blanks at the end of lines", QuotedPrintable, "ab \t\r\ncd \nef  ", "ab\r\ncd\nef", ""},
		{"quoted, blank kept by an escape", QuotedPrintable, "ab=20\r\n", "ab \r\n", ""},
		{"quoted, no escape", QuotedPrintable, "a=b=zz=4", "a=b=zz=4", "quoted-invalid"},
		{"quoted, raw bytes", QuotedPrintable, "\xe9\x00", "\xe9\x00", ""},
		{"quoted, long line", QuotedPrintable, strings.Repeat("=41b", 20_000), strings.Repeat("Ab", 20_000), ""},
		{"quoted, long line with a break", QuotedPrintable, long + "=\r\n" + long + "\r\n", long + long + "\r\n", ""},

		{"uuencoded", UUEncoded, "begin 644 a.txt\n%:&5L;&\\\n`\nend\n", "hello", ""},
		{"uuencoded, CRLF and text around", UUEncoded, "see:\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\nbye\r\n", "hello", ""},
		{"uuencoded, check sum", UUEncoded, "begin 644 a\n%:&5L;&\\X\n \nend", "hello", ""},
		{"uuencoded, blanks lost", UUEncoded, "begin 644 a\n#\n`\nend", "\x00\x00\x00", ""},
		{"uuencoded, no end", UUEncoded, "begin 644 a\n%:&5L;&\\\n", "hello", "uu-invalid"},
		{"uuencoded, no begin", UUEncoded, "%:&5L;&\\\n`\nend\n", "", "uu-invalid"},
		{"uuencoded, broken line", UUEncoded, "begin 644 a\n%:&5L;&\\\n#\x7f\x7f\x7f\x7f\n`\nend", "hello\x7d\xf7\xdf", "uu-invalid"},
	}
	for _, tt := range tests {
		got, defects := decode(t, tt.encoding, tt.in)
		if got != tt.want {
			t.Errorf("%s: decoded to %.60q (%d bytes), want %.60q (%d)", tt.name, got, len(got), tt.want, len(tt.want))
		}
		if s := strings.Join(defects, " "); s != tt.defects {
			t.Errorf("%s: defects %q, want %q", tt.name, s, tt.defects)
		}
	}
}

// A body that claims base64 and is not is known for what it is.
func TestUntrueBase64(t *testing.T) {
	for _, body := range []string{
		"<?xml version=\"1.0\"?>\n<a>text</a>\n", "<a>\n" + strings.Repeat("<montant devise='EUR'>12</montant>\r\n", 50),
		"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "Date;Libelle;Montant\n" + strings.Repeat("2026-05-04;Facture;12,50\n", 5),
		strings.Repeat("Bonjour, voici la facture de mai que vous attendiez. ", 20),
	} {
		if _, defects := decode(t, Base64, body); !slices.Contains(defects, "encoding-untrue") {
			t.Errorf("%.30q: defects %q, want encoding-untrue among them", body, defects)
		}
	}
}

// What other programs encode comes back as it was, wherever the lines fall on
// the edges of the windows.
func TestDecodeWhatOthersEncode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 2, 3, 57, 58, 1000, decodeSize - 1, decodeSize, 3*decodeSize + 7, 200_000} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(random.Uint32())
		}
		for name, encoded := range map[string]string{
			"base64 of 76": wrap(base64.StdEncoding.EncodeToString(want), 76), "base64 of 75": wrap(base64.StdEncoding.EncodeToString(want), 75),
			"base64 of 20000": wrap(base64.StdEncoding.EncodeToString(want), 20_000), "base64 in one line": base64.StdEncoding.EncodeToString(want),
		} {
			if got, defects := decode(t, Base64, encoded); got != string(want) || defects != nil {
				t.Errorf("%s, %d bytes: came back as %d bytes, defects %q", name, size, len(got), defects)
			}
		}
		var quoted bytes.Buffer
		w := quotedprintable.NewWriter(&quoted)
		w.Binary = true
		w.Write(want)
		w.Close()
		if got, defects := decode(t, QuotedPrintable, quoted.String()); got != string(want) || defects != nil {
			t.Errorf("quoted-printable, %d bytes: came back as %d bytes, defects %q", size, len(got), defects)
		}
		if got, defects := decode(t, UUEncoded, uuencode("a.bin", want)); got != string(want) || defects != nil {
			t.Errorf("uuencoded, %d bytes: came back as %d bytes, defects %q", size, len(got), defects)
		}
	}
}

// Blanks, escapes and line ends mean the same on the edge of the window.
func TestQuotedAtTheEdgeOfTheWindow(t *testing.T) {
	for pad := decodeSize - 12; pad < decodeSize+4; pad++ {
		x := strings.Repeat("x", pad)
		for in, want := range map[string]string{
			x + " \t \r\nb": x + "\r\nb", x + "=41= \r\nb": x + "Ab", x + "=\r\nb": x + "b", x + "  y": x + "  y", x + "=4": x + "=4", x + "\r\n": x + "\r\n",
		} {
			if got, _ := decode(t, QuotedPrintable, in); got != want {
				t.Errorf("%d bytes, then %q: decoded to %q at the end, want %q", pad, in[pad:], got[min(pad, len(got)):], want[pad:])
			}
		}
	}
}

func wrap(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	return b.String() + s + "\r\n"
}

// uuencode encodes b as POSIX says.
func uuencode(name string, b []byte) string {
	var out strings.Builder
	char := func(c byte) {
		if c &= 0x3f; c == 0 {
			out.WriteByte('`')
		} else {
			out.WriteByte(c + ' ')
		}
	}
	fmt.Fprintf(&out, "begin 644 %s\n", name)
	for len(b) > 0 {
		n := min(45, len(b))
		line := append(slices.Clone(b[:n]), 0, 0)
		b = b[n:]
		char(byte(n))
		for i := 0; i < n; i += 3 {
			char(line[i] >> 2)
			char(line[i]<<4 | line[i+1]>>4)
			char(line[i+1]<<2 | line[i+2]>>6)
			char(line[i+2])
		}
		out.WriteByte('\n')
	}
	out.WriteString("`\nend\n")
	return out.String()
}

func TestParseEncoding(t *testing.T) {
	tests := []struct {
		in    string
		want  Encoding
		known bool
	}{
		{"", Identity, true}, {"7bit", Identity, true}, {"8-bit", Identity, true}, {"7bit;", Identity, true}, {"BINARY", Identity, true},
		{"base64", Base64, true}, {"base64;", Base64, true}, {`"base64"`, Base64, true}, {" Base64 ", Base64, true}, {"base64 (RFC 2045)", Base64, true},
		{"quoted-printable", QuotedPrintable, true}, {"Quoted Printable", QuotedPrintable, true}, {"x-uuencode", UUEncoded, true}, {"uuencode", UUEncoded, true},
		{"x-gzip64", Identity, false}, {"text/html", Identity, false},
	}
	for _, tt := range tests {
		if got, known := parseEncoding(tt.in); got != tt.want || known != tt.known {
			t.Errorf("encoding %q is %v, known %v; want %v, %v", tt.in, got, known, tt.want, tt.known)
		}
	}
}

func TestFindUU(t *testing.T) {
	a, b := uuencode("a b.txt", []byte("hello")), uuencode("=?utf-8?Q?=C3=A9?=.bin", bytes.Repeat([]byte{1, 2, 3}, 100))
	tests := []struct {
		name, in string
		want     []string // names
	}{
		{"none", "begin with this\nbegin 644\nbegin 9 a\n", nil},
		{"one", "Dear all,\n\n" + a + "bye\n", []string{"a b.txt"}},
		{"two", "x\n" + a + "\n" + b, []string{"a b.txt", "é.bin"}},
		{"prose behind a begin", "begin 644 words\nthat are no data\n", nil},
		{"no end", strings.TrimSuffix(a, "`\nend\n"), []string{"a b.txt"}},
		{"no end, another follows", strings.TrimSuffix(a, "end\n") + b, []string{"a b.txt", "é.bin"}},
		{"text behind the data", strings.TrimSuffix(a, "`\nend\n") + "bye, all of you\n", []string{"a b.txt"}},
	}
	for _, tt := range tests {
		files, err := new(Buffers).FindUU(strings.NewReader(tt.in), 10)
		var names []string
		for _, f := range files {
			names = append(names, f.Name)
			got, _ := decode(t, UUEncoded, tt.in[f.Range.Off:f.Range.End])
			if f.Name == "a b.txt" && got != "hello" {
				t.Errorf("%s: %q holds %q, want hello", tt.name, f.Name, got)
			}
		}
		if err != nil || !slices.Equal(names, tt.want) {
			t.Errorf("%s: found %q, %v; want %q", tt.name, names, err, tt.want)
		}
	}
	if files, _ := new(Buffers).FindUU(strings.NewReader(strings.Repeat(a, 5)), 3); len(files) != 3 {
		t.Errorf("with limit 3: %d files", len(files))
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"aGVsbG8=\nx y\nAAAA", strings.Repeat(strings.Repeat("Zm9v", 19)+"\r\n", 20), "a=3D \r\nb=\n=", "begin 644 a\n%:&5L;&\\\nend\n", strings.Repeat("=", 20_000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for e := Identity; e <= UUEncoded; e++ {
			r := new(Buffers).NewReader(e, bytes.NewReader(raw), Range{End: int64(len(raw))})
			n, err := io.Copy(io.Discard, r)
			most := len(raw)
			if e == UUEncoded {
				most *= 63 // blanks lost at the ends of lines are zeroes
			}
			if err != nil || n > int64(most) {
				t.Errorf("encoding %d: %d bytes became %d, %v; want at most %d and no error", e, len(raw), n, err, most)
			}
			m := new(Buffers).NewReader(e, bytes.NewReader(raw), Range{End: int64(len(raw))})
			if size, err := m.Measure(); err != nil || size != n || m.Defects() != r.Defects() {
				t.Errorf("encoding %d: measured %d bytes, %v, with %v; decoded they are %d with %v", e, size, err, m.Defects(), n, r.Defects())
			}
		}
		sameInBlocks(t, string(raw))
		files, err := new(Buffers).FindUU(bytes.NewReader(raw), 5)
		for _, file := range files {
			if file.Range.Off >= file.Range.End || file.Range.End > int64(len(raw)) {
				t.Errorf("uuencoded file at %v of %d bytes", file.Range, len(raw))
			}
		}
		if err != nil || len(files) > 5 {
			t.Errorf("found %d uuencoded files, %v", len(files), err)
		}
	})
}

// Lines are decoded in blocks to what they are decoded to one by one, whatever
// stands among them, also where wide registers cannot be had.
func TestBlocksOfBase64(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	pieces := []string{"aGVs", "bG8s", "IHdvcmxk", "aGVsbG8sIHdvcmxkIQ==", "a", "=", "\n", "\r\n", "\r", " ", "!", "> ", "-- list\n", strings.Repeat("QUJD", 300), "\n\n", "aGVsbG8sIHdvcmxkLCBoZWxsbywgd29ybGQs\r\n"}
	mixed := func(i int) string {
		var body strings.Builder
		for range random.IntN(60) {
			body.WriteString(pieces[random.IntN(len(pieces))])
			if i%2 == 0 && random.IntN(2) == 0 {
				body.WriteString("\n")
			}
		}
		return body.String()
	}
	even := func(i int) string { // lines as programs write them, into which something got
		line := strings.Repeat("Zm9v+/8a", 20)[:4+4*random.IntN(30)] + []string{"\n", "\r\n"}[random.IntN(2)]
		body := []byte(strings.Repeat(line, 1+random.IntN(1000)))
		for range i % 3 {
			body[random.IntN(len(body))] = "=\r\n !-A\xff"[random.IntN(8)]
		}
		return string(body)
	}
	defer func(was bool) { wide = was }(wide)
	for _, wide = range []bool{false, wide} {
		for i := range 3000 {
			sameInBlocks(t, mixed(i))
			if i%5 == 0 {
				sameInBlocks(t, even(i))
			}
		}
	}
}

// Wide registers take every character of base64, and no other byte for one,
// wherever it stands.
func TestEvenLinesOfEveryByte(t *testing.T) {
	if !wide {
		t.Skip("there are none")
	}
	line := strings.Repeat("Zm9v", 24)
	var even []byte
	for at := range line {
		for c := range 256 {
			d := base64Decoder{even: even}
			changed := []byte(line)
			changed[at] = byte(c)
			text := line + "\r\n" + string(changed) + "\r\n" + line + "\r\n"
			want, err := base64.StdEncoding.DecodeString(line + string(changed) + line)
			size, data := len(text), 3*len(line)
			if !isBase64(byte(c)) || err != nil {
				want, size, data = nil, 0, 0
			}
			got, gotSize, gotData := d.evenLines(nil, []byte(text))
			even = d.even
			if !bytes.Equal(got, want) || gotSize != size || gotData != data {
				t.Fatalf("byte %#x at %d of a line: took %d bytes, %d characters, %q; want %d, %d, %q", c, at, gotSize, gotData, got, size, data, want)
			}
		}
	}
}

// sameInBlocks fails the test unless what base64 is decoded to, and with which
// defects, does not depend on whether it is taken in blocks.
func sameInBlocks(t *testing.T, body string) {
	t.Helper()
	oneByOne := new(Buffers).NewReader(Base64, strings.NewReader(body), Range{End: int64(len(body))})
	oneByOne.dec = unblocked{oneByOne.dec}
	want, err := io.ReadAll(oneByOne)
	if err != nil {
		t.Fatal(err)
	}
	got, defects := decode(t, Base64, body)
	if wanted := slices.Collect(oneByOne.Defects().Codes()); got != string(want) || !slices.Equal(defects, wanted) {
		t.Fatalf("%.400q: decoded in blocks to %d bytes with %q, line by line to %d with %q", body, len(got), defects, len(want), wanted)
	}
}

// unblocked is a decoder that takes one line after another.
type unblocked struct{ decoder }

func (unblocked) block(dst, text []byte) ([]byte, int) { return dst, 0 }
