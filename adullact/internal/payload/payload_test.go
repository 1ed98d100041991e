package payload

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func gzipped(t testing.TB, name, body string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Name = name
	io.WriteString(z, body)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zipped packs pairs of name and body.
func zipped(t testing.TB, method uint16, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// stored is a zip whose sizes stand before the data, as most producers write.
func stored(t testing.TB, name, body string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name, Method: zip.Store, CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(body))}
	h.CRC32 = crcOf(body)
	w, err := z.CreateRaw(h)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, body)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func wrap(s string, width int, sep string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + sep)
		s = s[width:]
	}
	return b.String() + s + sep
}

func TestOpen(t *testing.T) {
	body := strings.Repeat("%PDF-1.4 une pièce\n", 5000)
	pdf := encode(gzipped(t, "a.pdf", body))
	for _, test := range []struct {
		name, in   string
		form       Form
		want, file string
	}{
		{"gzip on one line", pdf, Gzip, body, "a.pdf"},
		{"gzip wrapped", wrap(pdf, 76, "\r\n"), Gzip, body, "a.pdf"},
		{"gzip wrapped and indented", "\n\t  " + wrap(pdf, 76, "\n\t    "), Gzip, body, "a.pdf"},
		{"gzip with blanks for line breaks", wrap(pdf, 64, " "), Gzip, body, "a.pdf"},
		{"gzip, three to a line", wrap(pdf, 3, "\n"), Gzip, body, "a.pdf"},
		{"gzip without padding", strings.TrimRight(pdf, "="), Gzip, body, "a.pdf"},
		{"gzip with more after it", encode(gzipped(t, "", body) + "garbage after the end"), Gzip, body, ""},
		{"gzip with one byte after it", encode(gzipped(t, "", body) + "\n"), Gzip, body, ""},
		{"gzip of two members", encode(gzipped(t, "", body) + gzipped(t, "", "more")), Gzip, body + "more", ""},
		{"gzip of nothing", encode(gzipped(t, "", "")), Gzip, "", ""},
		{"zip, deflated", encode(zipped(t, zip.Deflate, "é 1.pdf", body)), Zip, body, "é 1.pdf"},
		{"zip, stored", encode(stored(t, "a.pdf", body)), Zip, body, "a.pdf"},
		{"zip with a folder first", encode(zipped(t, zip.Deflate, "d/", "", "d/a", "x")), Zip, "x", "d/a"},
		{"the file itself", encode(body), Base64, body, ""},
		{"the file itself, blanks for line breaks", wrap(encode(body), 64, " "), Base64, body, ""},
		{"unknown bytes", encode("\x00\x01\x02\x03"), Base64, "\x00\x01\x02\x03", ""},
		{"empty", "", Empty, "", ""},
		{"blank", "    \n   ", Empty, "", ""},
		{"blank and long", strings.Repeat(" \n", 5000), Empty, "", ""},
		{"text", "Ceci est un test" + strings.Repeat("Ceci est un test", 5000), Text, "Ceci est un test" + strings.Repeat("Ceci est un test", 5000), ""},
		{"text with accents", "d\xe9j\xe0", Text, "d\xe9j\xe0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(test.in), iotest.HalfReader(strings.NewReader(test.in)), iotest.DataErrReader(strings.NewReader(test.in))} {
				p, err := Open(r)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(p)
				if err != nil || string(got) != test.want || p.Form != test.form || p.Name != test.file {
					t.Errorf("%s %q of %d bytes, %v; want %s %q of %d", p.Form, p.Name, len(got), err, test.form, test.file, len(test.want))
				}
			}
		})
	}
}

func TestCorrupt(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 5000)
	pdf := encode(gzipped(t, "", body))
	plain := []byte(stored(t, "a", body))
	plain[100] ^= 1
	locked := []byte(stored(t, "a", body))
	locked[6] |= 1
	for _, test := range []struct {
		name, in string
		is       error
	}{
		{"gzip cut off", pdf[:len(pdf)/2], ErrCorrupt},
		{"gzip cut in its header", encode("\x1f\x8b\x08"), ErrCorrupt},
		{"a character that base64 has not", pdf[:20] + "*" + pdf[20:], ErrCorrupt},
		{"base64 after padding", encode("%PDF") + encode("x"), ErrCorrupt},
		{"base64 of one character more", encode("%PDF-1")[:8] + "A", ErrCorrupt},
		{"zip with a wrong checksum", encode(string(plain)), ErrCorrupt},
		{"zip cut off", encode(string(plain[:20_000])), ErrCorrupt},
		{"zip with a password", encode(string(locked)), ErrEncrypted},
		{"zip of several", encode(zipped(t, zip.Deflate, "a", body, "b", "x")), ErrSeveral},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Open(strings.NewReader(test.in))
			if err == nil {
				_, err = io.Copy(io.Discard, p)
			}
			if !errors.Is(err, test.is) {
				t.Errorf("error %v, want %v", err, test.is)
			}
		})
	}
	for _, in := range []string{"QUI=QUJD", "QUI==", "QUI=\n=\n"} {
		_, err := io.ReadAll(NewDecoder(iotest.OneByteReader(strings.NewReader(in))))
		if errors.Is(err, ErrCorrupt) != (in == "QUI=QUJD") {
			t.Errorf("%q byte by byte: error %v; want one only for what follows the padding", in, err)
		}
	}
	broken := errors.New("broken")
	p, err := Open(io.MultiReader(strings.NewReader(pdf[:200]), iotest.ErrReader(broken)))
	if err == nil {
		_, err = io.Copy(io.Discard, p)
	}
	if !errors.Is(err, broken) {
		t.Errorf("error of the reader: %v, want it to be seen through", err)
	}
}

func TestIndexBlank(t *testing.T) {
	for n := range 40 {
		for at := 0; at <= n; at++ {
			for _, c := range []byte{' ', '\n', '\r', '\t'} {
				b := bytes.Repeat([]byte{'A'}, n)
				if at < n {
					b[at] = c
				}
				if got := indexBlank(b); got != at {
					t.Fatalf("blank %q at %d of %d: found at %d", c, at, n, got)
				}
			}
		}
	}
	odd := []byte("\x01\x80\xff\x00==/+ ")
	if got := indexBlank(odd); got != len(odd)-1 {
		t.Errorf("blank after odd bytes: found at %d, want %d", got, len(odd)-1)
	}
}

// The Decoder agrees with the standard library on everything that is base64.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("QUJDRA=="), 3)
	f.Add([]byte("QUJD RA\n="), 1)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		want, wantErr := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
			if strings.ContainsRune(blanks, r) {
				return -1
			}
			return r
		}, string(in)))
		got, err := io.ReadAll(NewDecoder(&stepReader{in, step&7 + 1}))
		if wantErr == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("decoded %q to %q, %v; the standard library to %q", in, got, err, want)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("error %v, want one that wraps ErrCorrupt", err)
		}
	})
}

type stepReader struct {
	b []byte
	n int
}

func (r *stepReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(r.n, len(r.b))])
	r.b = r.b[n:]
	return n, nil
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(encode(gzipped(f, "a", "b"))))
	f.Add([]byte(encode(zipped(f, zip.Deflate, "a", "b"))))
	f.Add([]byte(encode(stored(f, "a", "b"))))
	f.Add([]byte("Ceci est un test"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := Open(bytes.NewReader(in))
		if err != nil {
			return
		}
		first, err1 := io.ReadAll(io.LimitReader(p, 1<<20))
		again, err := OpenAs(p.Form, bytes.NewReader(in))
		if err != nil {
			t.Fatalf("opened as %s, then not again: %v", p.Form, err)
		}
		second, err2 := io.ReadAll(io.LimitReader(again, 1<<20))
		if !bytes.Equal(first, second) || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%s read twice: %d bytes, %v, then %d, %v", p.Form, len(first), err1, len(second), err2)
		}
	})
}

func crcOf(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }
