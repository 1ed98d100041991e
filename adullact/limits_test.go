package adullact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// pesWith returns a PES with attachments.
func pesWith(bodies ...string) string {
	var all strings.Builder
	for i, b := range bodies {
		all.WriteString(pjOf(fmt.Sprint(i), fmt.Sprintf("%d.pdf", i), base64Of(gzipOf(b))))
	}
	return pesOf("p", "<PES_PJ>"+all.String()+"</PES_PJ>")
}

// actWith returns an archive of an act of one document.
func actWith(t *testing.T, body string) []byte {
	return tarOf(t, "a.xml", actOf("A", documentOf("a.pdf")), "a.pdf", body)
}

// fluxOf returns metadata in XML, n bytes long.
func fluxOf(n int) []byte {
	head, tail := `<flux><data name="x" value="`, `"/></flux>`
	return []byte(head + strings.Repeat("x", n-len(head)-len(tail)) + tail)
}

// packedZip returns a zip with one file of n zeros that take a given number of
// packed bytes, for what follows the end of the packed stream is passed over.
func packedZip(t *testing.T, n, packed int) []byte {
	t.Helper()
	zeros := make([]byte, n)
	var stream, out bytes.Buffer
	w, err := flate.NewWriter(&stream, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(zeros)
	w.Close()
	stream.Write(make([]byte, packed-stream.Len()))
	z := zip.NewWriter(&out)
	f, err := z.CreateRaw(&zip.FileHeader{
		Name: "zeros", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(zeros),
		CompressedSize64: uint64(packed), UncompressedSize64: uint64(n),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Write(stream.Bytes())
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packedTar returns a tar of 2 MiB that takes a given number of packed bytes,
// few enough to be read at once.
func packedTar(t *testing.T, packed int) []byte {
	t.Helper()
	const whole, frame = 2 << 20, 3 * 512 // header and end
	pack := func(pad int) []byte {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		z.Extra = make([]byte, pad)
		w := tar.NewWriter(z)
		if err := w.WriteHeader(&tar.Header{Name: "zeros", Typeflag: tar.TypeReg, Mode: 0o644, Size: whole - frame}); err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, whole-frame))
		w.Close()
		z.Close()
		return b.Bytes()
	}
	out := pack(packed - len(pack(1)) + 1)
	if len(out) != packed {
		t.Fatalf("%d bytes, want %d", len(out), packed)
	}
	return out
}

// Each limit lets pass what is as much as it, and stops one more with an error
// that names the limit and the place.
func TestLimits(t *testing.T) {
	depth := func(n int) string { return strings.Repeat("<x>", n) + strings.Repeat("</x>", n) }
	x := func(n int) string { return strings.Repeat("x", n) }
	inPES := func(part string) string { return pesOf("p", part) }
	zipped := func(n int) []byte { return packedZip(t, n, 32<<10) }
	for _, test := range []struct {
		limit    string
		limits   Limits
		at, over []byte
		file     string
		place    string
	}{
		{"Expanded", Limits{Expanded: 100}, zipOf(t, "a", x(50), "b", x(50)), zipOf(t, "a", x(50), "b", x(51)), "d.zip", "b"},
		{"Expanded", Limits{Expanded: 100}, tarOf(t, "a", x(100)), tarOf(t, "a", x(101)), "d.tar.gz", "a"},
		{"Expanded", Limits{Expanded: 100}, []byte(pesWith(x(100))), []byte(pesWith(x(101))), "p.xml", "p.xml"},
		{"Entries", Limits{Entries: 2}, zipOf(t, "a", "", "b", ""), zipOf(t, "a", "", "b", "", "c", ""), "d.zip", "d.zip"},
		{"Entries", Limits{Entries: 2}, tarOf(t, "a", "", "b", ""), tarOf(t, "a", "", "b", "", "c", ""), "d.tar.gz", "c"},
		{"Entries", Limits{Entries: 2}, []byte(pesWith("", "")), []byte(pesWith("", "", "")), "p.xml", "attachment 3"},
		{"Entries", Limits{Entries: 2}, []byte(pivotOf(invoiceOf("1"), invoiceOf("2"))), []byte(pivotOf(invoiceOf("1"), invoiceOf("2"), invoiceOf("3"))), "f.xml", "invoice 3"},
		{"Name", Limits{Name: 5}, zipOf(t, "12345", ""), zipOf(t, "123456", ""), "d.zip", "123456"},
		{"Name", Limits{Name: 5}, tarOf(t, "12345", ""), tarOf(t, "123456", ""), "d.tar.gz", "123456"},
		{"Depth", Limits{Depth: 20}, zipOf(t, "p.xml", inPES(depth(19))), zipOf(t, "p.xml", inPES(depth(20))), "d.zip", "p.xml"},
		{"Text", Limits{Text: 300}, zipOf(t, "p.xml", inPES("<Piece><BlocPiece><IdPce>"+x(300)+"</IdPce></BlocPiece></Piece>")), zipOf(t, "p.xml", inPES("<Piece><BlocPiece><IdPce>"+x(301)+"</IdPce></BlocPiece></Piece>")), "d.zip", "p.xml"},
		{"Text", Limits{Text: 300}, []byte(inPES(`<x a="` + x(294) + `"></x>`)), []byte(inPES(`<x a="` + x(295) + `"></x>`)), "p.xml", "p.xml"},
		{"Memory", Limits{Memory: 4000}, []byte(inPES(`<Piece><BlocPiece>` + strings.Repeat("<x/>", 30) + `</BlocPiece></Piece>`)), []byte(inPES(`<Piece><BlocPiece>` + strings.Repeat("<x/>", 31) + `</BlocPiece></Piece>`)), "p.xml", "p.xml"},
		{"Metadata", Limits{Metadata: 31}, []byte(`{"acte_nature":"1","x":"12345"}`), []byte(`{"acte_nature":"1","x":"123456"}`), "metadata.json", "metadata.json"},
		{"Metadata", Limits{Metadata: 30}, []byte("acte_nature: 1\nobjet: 1234567\n"), []byte("acte_nature: 1\nobjet: 12345678\n"), "metadata.txt", "metadata.txt"},
		{"Metadata", Limits{Metadata: 50}, fluxOf(50), fluxOf(51), "metadata.xml", "metadata.xml"},
		{"Actes", Limits{Actes: 1000}, actWith(t, x(1000)), actWith(t, x(1001)), "x.tar.gz", "a.pdf"},
		{"PES", Limits{PES: int64(len(pesOf("p")))}, []byte(pesOf("p")), []byte(pesOf("pp")), "p.xml", "p.xml"},
		{"Ratio", Limits{Ratio: 64}, zipped(2 << 20), zipped(2<<20 + 1), "d.zip", "zeros"},
		{"Ratio", Limits{Ratio: 512}, packedTar(t, 4096), packedTar(t, 4095), "d.tar.gz", "d.tar.gz"},
	} {
		t.Run(fmt.Sprintf("%s in %s", test.limit, test.file), func(t *testing.T) {
			d := &Decoder{Limits: test.limits}
			if len(test.at) > 0 {
				if _, err := decode(t, d, test.file, test.at); err != nil {
					t.Errorf("at the limit: %v", err)
				}
			}
			_, err := decode(t, d, test.file, test.over)
			var limit *LimitError
			if !errors.As(err, &limit) || limit.Limit != test.limit || !errors.Is(err, ErrTooLarge) {
				t.Fatalf("one over: error %v, want the limit %s", err, test.limit)
			}
			for _, s := range []string{test.limit, test.place, fmt.Sprint(limit.Max)} {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("one over: error %q, want it to say %q", err, s)
				}
			}
		})
	}
}

// An attachment over its limit is broken, with a warning that names the limit
// and the attachment, and the rest goes on.
func TestAttachmentLimits(t *testing.T) {
	pivot := func(n int) string {
		return pivotOf(invoiceOf("F1", pieceOf("01", "0.pdf", base64Of("%PDF"+strings.Repeat("x", n-4)))))
	}
	for _, test := range []struct {
		limit    string
		limits   Limits
		at, over string
	}{
		{"PESAttachment", Limits{PESAttachment: 100}, pesWith(strings.Repeat("x", 100)), pesWith(strings.Repeat("x", 101))},
		{"ChorusAttachment", Limits{ChorusAttachment: 100}, pivot(100), pivot(101)},
	} {
		for i, in := range []string{test.at, test.over} {
			out, err := decode(t, &Decoder{Limits: test.limits}, "x.xml", []byte(in))
			if err != nil {
				t.Fatal(err)
			}
			if f := out[0].Files[1]; f.Broken != (i == 1) {
				t.Errorf("%s, %d over: broken %v", test.limit, i, f.Broken)
			}
			says := func(w Warning) bool {
				return w.Code == WarnBroken && w.File == "0.pdf" && strings.Contains(w.Detail, "limit "+test.limit+" of 100")
			}
			if slices.ContainsFunc(out[0].Warnings, says) != (i == 1) {
				t.Errorf("%s, %d over: warnings %v", test.limit, i, out[0].Warnings)
			}
		}
	}
}

// Containers are opened twice and no deeper: one that lies deeper is a file as
// any other, with a warning.
func TestNested(t *testing.T) {
	act := string(tarOf(t, "a.xml", actOf("A", ""), "a.pdf", "%PDF"))
	two := zipOf(t, "a.tar.gz", act)
	three := zipOf(t, "b.zip", string(two))
	out, err := decode(t, &Decoder{}, "x.zip", two)
	if err != nil || out[0].Kind != KindActes {
		t.Errorf("two containers: kind %s, %v", out[0].Kind, err)
	}
	out, err = decode(t, &Decoder{}, "x.zip", three)
	if err != nil || out[0].Kind != KindUnknown {
		t.Fatalf("three containers: kind %s, %v; want the innermost left shut", out[0].Kind, err)
	}
	says := func(w Warning) bool {
		return w.Code == WarnNested && w.File == "a.tar.gz" && strings.Contains(w.Detail, "limit Nested of 2")
	}
	if !slices.ContainsFunc(out[0].Warnings, says) {
		t.Errorf("three containers: warnings %v, want one that names the limit and the file", out[0].Warnings)
	}
	if len(out[0].Files) != 1 || out[0].Files[0].Name != "b.zip" || body(t, &out[0].Files[0]) != string(two) {
		t.Errorf("three containers: files %v, want what is in the outermost, as it is", out[0].Files)
	}
	if out, err = decode(t, &Decoder{Limits: Limits{Nested: 3}}, "x.zip", three); err != nil || out[0].Kind != KindActes {
		t.Errorf("with another limit: kind %s, %v", out[0].Kind, err)
	}
}

// As many pieces, lines and lines of invoices are kept as Pieces says. What is
// more is counted, and a warning names the limit and the file.
func TestPieces(t *testing.T) {
	piece := func(lines int) string {
		return `<Piece><BlocPiece><InfoPce><IdPce V="1"/></InfoPce></BlocPiece>` +
			strings.Repeat(`<LigneDePiece><BlocLignePiece><InfoLignePce><IdLigne V="1"/><MtHT V="1"/></InfoLignePce></BlocLignePiece></LigneDePiece>`, lines) + `</Piece>`
	}
	pieces := func(n, lines int) string {
		return pesOf("p", `<PES_DepenseAller><Bordereau><BlocBordereau/>`+strings.Repeat(piece(lines), n)+`</Bordereau></PES_DepenseAller>`)
	}
	invoice := func(lines int) string {
		return pivotOf(strings.Replace(invoiceOf("F1"), "<Lignes/>", "<Lignes>"+strings.Repeat("<Ligne><NumeroLigne>1</NumeroLigne></Ligne>", lines)+"</Lignes>", 1))
	}
	for _, test := range []struct {
		name        string
		at, over    string
		kept, found func(e *Envelope) int
	}{
		{"pieces", pieces(5, 0), pieces(6, 0), func(e *Envelope) int { return len(e.Helios.Pieces) }, func(e *Envelope) int { return e.Helios.PieceCount }},
		{"lines", pieces(1, 5), pieces(1, 6), func(e *Envelope) int { return len(e.Helios.Pieces[0].Lines) }, func(e *Envelope) int { return e.Helios.LineCount }},
		{"lines of an invoice", invoice(5), invoice(6), func(e *Envelope) int { return len(e.Chorus.Lines) }, nil},
	} {
		for over, in := range []string{test.at, test.over} {
			out, err := decode(t, &Decoder{Limits: Limits{Pieces: 5}}, "x.xml", []byte(in))
			if err != nil {
				t.Fatal(err)
			}
			e := out[0]
			truncated := e.Helios != nil && e.Helios.Truncated || e.Chorus != nil && e.Chorus.Truncated
			if n := test.kept(e); n != 5 || truncated != (over == 1) {
				t.Errorf("%s, %d over: %d kept, truncated %v; want 5", test.name, over, n, truncated)
			}
			if test.found != nil && test.found(e) != 5+over {
				t.Errorf("%s, %d over: %d counted", test.name, over, test.found(e))
			}
			says := func(w Warning) bool {
				return w.Code == WarnTruncated && w.File == "x.xml" && strings.Contains(w.Detail, "limit Pieces of 5")
			}
			if slices.ContainsFunc(e.Warnings, says) != (over == 1) {
				t.Errorf("%s, %d over: warnings %v", test.name, over, e.Warnings)
			}
		}
	}
}

// The defaults are the ones that the field comments tell.
func TestDefaultLimits(t *testing.T) {
	want := Limits{
		Expanded: 512 << 20, Entries: 10_000, Name: 255, Depth: 256, Text: 1 << 20, Memory: 32 << 20, Metadata: 16 << 20, Actes: 150 << 20,
		PES: 256 << 20, PESAttachment: 150 << 20, ChorusAttachment: 120 << 20, Ratio: 200, Nested: 2, Pieces: 1_000,
	}
	if got := (Limits{}).effective(); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	none := Limits{Expanded: -1, Entries: -1, Name: -1, Depth: -1, Text: -1, Memory: -1, Metadata: -1, Actes: -1, PES: -1, PESAttachment: -1, ChorusAttachment: -1, Ratio: -1, Nested: -1, Pieces: -1}
	if _, err := decode(t, &Decoder{Limits: none}, "x.tar.gz", tarOf(t, "a.xml", actOf("A", ""), "b", strings.Repeat("\x00", 2<<20))); err != nil {
		t.Errorf("without limits: %v", err)
	}
}
