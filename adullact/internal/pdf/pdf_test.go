package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func deflated(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func object(n int, dict, body string) string {
	return fmt.Sprintf("%d 0 obj\n<< %s /Length %d >>\nstream\r\n%s\nendstream\nendobj\n", n, dict, len(body), body)
}

func find(t testing.TB, r io.Reader) []string {
	t.Helper()
	var out []string
	f := NewFinder(r)
	for {
		s, err := f.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := f.Open(s)
		if err != nil {
			out = append(out, "error")
			continue
		}
		b, err := io.ReadAll(io.LimitReader(body, 1<<20))
		if err != nil {
			out = append(out, "error")
			continue
		}
		out = append(out, string(b))
	}
}

func TestFinder(t *testing.T) {
	page := object(1, "/Filter /FlateDecode", deflated(strings.Repeat("page stream endstream ", 9000)))
	raw := object(2, "/Filter /DCTDecode", strings.Repeat("stream\n", 30_000))
	for _, test := range []struct {
		name, in string
		want     []string
	}{
		{"none", "%PDF-1.7\n" + page + raw + "trailer\n%%EOF", nil},
		{"compressed", "%PDF-1.7\n" + page + raw + object(3, "/Type /EmbeddedFile /Filter /FlateDecode", deflated("<x/>")) + page, []string{"<x/>"}},
		{"not compressed", "%PDF-1.7\n" + object(3, "/Type/EmbeddedFile", "<y/>\n") + page, []string{"<y/>\n"}},
		{"known by its subtype", "%PDF-1.7\n" + object(3, "/Subtype /text#2Fxml", "<z/>"), []string{"<z/>"}},
		{"two", "%PDF-1.7\n" + object(3, "/Type/EmbeddedFile", "1") + raw + object(4, "/Type/EmbeddedFile", "2"), []string{"1", "2"}},
		{"empty", "%PDF-1.7\n" + object(3, "/Type/EmbeddedFile", ""), []string{""}},
		{"broken", "%PDF-1.7\n" + object(3, "/Type/EmbeddedFile /Filter /FlateDecode", "none") + object(4, "/Type/EmbeddedFile", "2"), []string{"error", "2"}},
		{"cut off", "%PDF-1.7\n3 0 obj\n<</Type/EmbeddedFile>>\nstream\nxy", []string{"error"}},
		{"nothing", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(test.in), iotest.HalfReader(strings.NewReader(test.in))} {
				if got := find(t, r); strings.Join(got, "|") != strings.Join(test.want, "|") || len(got) != len(test.want) {
					t.Errorf("found %.200q, want %q", got, test.want)
				}
			}
		})
	}
}

func TestOpenAt(t *testing.T) {
	in := "%PDF-1.7\n" + strings.Repeat(object(1, "", "page"), 5000) + object(3, "/Type /EmbeddedFile /Filter /FlateDecode", deflated("<x/>")) +
		object(4, "/Type/EmbeddedFile", "plain")
	f := NewFinder(strings.NewReader(in))
	for _, want := range []string{"<x/>", "plain"} {
		s, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		r, err := OpenAt(strings.NewReader(in[s.Offset:]), s)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != want || err != nil {
			t.Errorf("at %d: %q, %v; want %q", s.Offset, b, err, want)
		}
	}
}

func FuzzFinder(f *testing.F) {
	f.Add([]byte("%PDF-1.7\n" + object(3, "/Type /EmbeddedFile /Filter /FlateDecode", deflated("<x/>"))))
	f.Add([]byte("%PDF-1.7\n" + object(3, "/Type/EmbeddedFile", "<y/>")))
	f.Fuzz(func(t *testing.T, in []byte) {
		a := find(t, bytes.NewReader(in))
		b := find(t, iotest.OneByteReader(bytes.NewReader(in)))
		if strings.Join(a, "|") != strings.Join(b, "|") {
			t.Fatalf("read at once: %q, byte by byte: %q", a, b)
		}
	})
}
