package adullact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// keepInMemory is a Keep for tests.
func keepInMemory(_ context.Context, r io.Reader) (io.ReaderAt, int64, error) {
	b, err := io.ReadAll(r)
	return bytes.NewReader(b), int64(len(b)), err
}

// What unpacks to very much more than it is does not get far.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 2<<20)
	for name, in := range map[string][]byte{
		"zip": zipOf(t, "a", zeros), "tar.gz": tarOf(t, "a", zeros), "gzip in zip": zipOf(t, "a.tar.gz", string(tarOf(t, "a", zeros))),
	} {
		_, err := decode(t, &Decoder{}, "x", in)
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Limit != "Ratio" {
			t.Errorf("%s: error %v, want the limit Ratio", name, err)
		}
	}
	for name, in := range map[string]string{
		"PES":   pesOf("p", `<PES_PJ>`+pjOf("1", "a", base64Of(gzipOf(zeros)))+`</PES_PJ>`),
		"pivot": pivotOf(invoiceOf("F1", pieceOf("01", "a", base64Of(zipOf(t, "a", zeros))))),
	} {
		if e := decodeOne(t, "x.xml", in); !e.Files[1].Broken || !strings.Contains(e.Warnings[0].Detail, "Ratio") {
			t.Errorf("%s: warnings %v, want a broken attachment", name, e.Warnings)
		}
	}
	if _, err := decode(t, &Decoder{Limits: Limits{Ratio: 100_000}}, "x", zipOf(t, "a", zeros)); err != nil {
		t.Errorf("with another limit: %v", err)
	}
}

// What is kept of a file is bounded, whatever it holds.
func TestKeptIsBounded(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	piece := `<Piece><BlocPiece><InfoPce><IdPce V="1"/><Obj V="` + long + `"/></InfoPce></BlocPiece></Piece>`
	d := &Decoder{Limits: Limits{Memory: 100_000}}
	out, err := decode(t, d, "p.xml", []byte(pesOf("p", strings.Repeat(piece, 50))))
	if err != nil || !out[0].Helios.Truncated || len(out[0].Helios.Pieces) > 10 || out[0].Helios.PieceCount != 50 {
		t.Errorf("PES: %v, %d pieces kept; want no more than 10 of 50", err, len(out[0].Helios.Pieces))
	}
	_, err = decode(t, d, "p.xml", []byte(pivotOf(strings.Split(strings.Repeat(invoiceOf(long)+"|", 12), "|")[:12]...)))
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Limit != "Memory" {
		t.Errorf("pivot: error %v, want the limit Memory", err)
	}
	_, err = decode(t, &Decoder{Limits: Limits{Entries: 10}}, "p.xml", []byte(pesOf("p", strings.Repeat("<PJ><Contenu/></PJ>", 11))))
	if !errors.As(err, &limit) || limit.Limit != "Entries" {
		t.Errorf("empty attachments: error %v, want the limit Entries", err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for range 2 * maxNotes {
		if err := w.WriteHeader(&tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	out, err = decode(t, &Decoder{Limits: Limits{Ratio: -1}}, "x.tar.gz", b.Bytes())
	if err != nil || len(out[0].Warnings) != maxNotes {
		t.Errorf("warnings: %v, %d; want %d", err, len(out[0].Warnings), maxNotes)
	}
}

// Names lead nowhere, whatever they hold.
func TestUnsafeNames(t *testing.T) {
	for name, want := range map[string]string{
		"../../etc/passwd": "passwd", `..\..\boot.ini`: "boot.ini", "/abs/a.pdf": "a.pdf", `C:\x\a.pdf`: "a.pdf", "..": "unnamed", "a/..": "unnamed",
		"a\x00b.pdf": "ab.pdf", "...": "unnamed", "plain.pdf": "plain.pdf", `dir\sub/a.pdf`: "a.pdf",
	} {
		if got := baseName(name); got != want {
			t.Errorf("base of %q is %q, want %q", name, got, want)
		}
	}
	out, err := decode(t, &Decoder{}, "x.tar.gz", tarOf(t, "../../evil.xml", actOf("A", ""), `..\x.pdf`, "%PDF"))
	if err != nil || !strings.Contains(codes(out[0]), "unsafe-name") || out[0].Files[0].Name != "evil.xml" {
		t.Errorf("%v, warnings %q; want a warning and the base name", err, codes(out[0]))
	}
}

// Links and devices in an archive or folder are left out.
func TestNotRegular(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range []tar.Header{
		{Name: "link.pdf", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, {Name: "hard.pdf", Typeflag: tar.TypeLink, Linkname: "a"},
		{Name: "dev", Typeflag: tar.TypeChar}, {Name: "fifo", Typeflag: tar.TypeFifo}, {Name: "dir/", Typeflag: tar.TypeDir}, {Name: "a.pdf", Typeflag: tar.TypeReg},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	out, err := decode(t, &Decoder{}, "x.tar.gz", b.Bytes())
	if err != nil || len(out[0].Files) != 1 || strings.Count(fmt.Sprint(out[0].Warnings), "not-regular") != 4 {
		t.Errorf("%v: %d files, warnings %v; want one file and four warnings", err, len(out[0].Files), out[0].Warnings)
	}
	b.Reset()
	zw := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "link"}
	h.SetMode(fs.ModeSymlink | 0o777)
	f, _ := zw.CreateHeader(h)
	io.WriteString(f, "/etc/passwd")
	zw.Close()
	if out, err = decode(t, &Decoder{}, "x.zip", b.Bytes()); err != nil || len(out[0].Files) != 0 || codes(out[0]) != "not-regular" {
		t.Errorf("link in a zip: %v, want it left out", err)
	}
	fsys := fstest.MapFS{"d/a.pdf": {Data: []byte("%PDF")}, "d/link": {Data: []byte("x"), Mode: fs.ModeSymlink}}
	out, err = (&Decoder{}).DecodeFS(t.Context(), fsys, "d")
	if err != nil || len(out[0].Files) != 1 || codes(out[0]) != "not-regular" {
		t.Errorf("link in a folder: %v, want it left out", err)
	}
}

// Inputs that are cut, encrypted, or declare a document type have typed errors.
func TestTypedErrors(t *testing.T) {
	whole := tarOf(t, "a.xml", actOf("A", ""), "a.pdf", strings.Repeat("%PDF", 1000))
	locked := zipOf(t, "a.pdf", "%PDF")
	i := bytes.Index(locked, []byte("PK\x01\x02"))
	locked[6] |= 1
	locked[i+8] |= 1
	corrupt := bytes.Clone(whole)
	corrupt[len(corrupt)-8] ^= 0xff
	for _, test := range []struct {
		name string
		in   []byte
		is   error
	}{
		{"a tar.gz that is cut", whole[:len(whole)-20], ErrTruncated},
		{"a tar.gz without its end", whole[:len(whole)-4], ErrTruncated},
		{"a tar.gz with a wrong checksum", corrupt, ErrMalformed},
		{"a zip that is cut", zipOf(t, "a", "b")[:40], ErrMalformed},
		{"a zip with a password", locked, ErrEncrypted},
		{"a message that is cut", []byte(actOf("A", "")[:200]), ErrTruncated},
		{"a message with a document type", []byte(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + actOf("A", "")), ErrDoctype},
		{"metadata that is cut", []byte(`{"acte_nature":"1",`), ErrTruncated},
	} {
		name := "x"
		if strings.HasPrefix(test.name, "metadata") {
			name = "metadata.json"
		}
		if _, err := decode(t, &Decoder{}, name, test.in); !errors.Is(err, test.is) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.is)
		}
	}
}

// An end of the context ends the work.
func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutdown")
	cancel(why)
	in := tarOf(t, "a.xml", actOf("A", ""))
	if _, err := (&Decoder{}).Decode(ctx, "x.tar.gz", bytes.NewReader(in), int64(len(in))); !errors.Is(err, why) {
		t.Errorf("error %v, want the cause of the context", err)
	}
}

// A directory of a zip that promises little and holds much is not read far.
func TestZipDirectory(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 70_000 {
		if _, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%05d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	_, err := decode(t, &Decoder{Limits: Limits{Entries: 100}}, "x.zip", b.Bytes())
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Limit != "Entries" {
		t.Errorf("error %v, want the limit Entries", err)
	}
}

// The limit on the directory of a zip does not concern its files.
func TestZipLargerThanItsDirectory(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "a", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 1<<20))
	z.Close()
	out, err := decode(t, &Decoder{Limits: Limits{Entries: 1, Name: 10}}, "x.zip", b.Bytes())
	if err != nil || len(body(t, &out[0].Files[0])) != 1<<20 {
		t.Errorf("error %v, want the file", err)
	}
}

// Names of a zip that says nothing about them are read as DOS or Windows wrote
// them.
func TestZipNames(t *testing.T) {
	for raw, want := range map[string]string{"d\x82lib.pdf": "délib.pdf", "d\xe9lib.pdf": "délib.pdf", "délib.pdf": "délib.pdf", "\x85\x8a.pdf": "àè.pdf"} {
		if got := plainName(raw); got != want {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
}

// Every file inside comes out byte for byte, by every way to open it.
func TestBytesUntouched(t *testing.T) {
	files := []string{"a.xml", actOf("A", documentOf("a.pdf")+annexesOf("1", "b.bin")), "a.pdf", "%PDF\r\n\x00\xff", "b.bin", strings.Repeat("\x00\x01\xff\r\n", 5000), "empty.txt", ""}
	want := make(map[string]string)
	for i := 0; i < len(files); i += 2 {
		want[files[i]] = files[i+1]
	}
	tarred, zipped := tarOf(t, files...), zipOf(t, files...)
	for name, in := range map[string][]byte{"tar": tarred, "zip": zipped, "tar in zip": zipOf(t, "x.tar.gz", string(tarred)), "zip in tar": tarOf(t, "x.zip", string(zipped))} {
		for _, keep := range []func(context.Context, io.Reader) (io.ReaderAt, int64, error){nil, keepInMemory} {
			out, err := decode(t, &Decoder{Keep: keep}, "x", in)
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for i := range out[0].Files {
				f := &out[0].Files[i]
				for range 2 {
					if w, ok := want[f.Name]; ok && body(t, f) != w {
						t.Errorf("%s, kept %v: %q changed", name, keep != nil, f.Name)
					} else if ok {
						seen++
					}
				}
			}
			if seen != 2*len(want) {
				t.Errorf("%s: %d files were read, want %d", name, seen/2, len(want))
			}
		}
	}
	fsys := fstest.MapFS{"d/x.zip": {Data: zipped}, "d/y.tar.gz": {Data: tarred}}
	out, err := (&Decoder{}).DecodeFS(t.Context(), fsys, "d")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out {
		for i := range e.Files {
			if w, ok := want[e.Files[i].Name]; ok && body(t, &e.Files[i]) != w {
				t.Errorf("in a folder: %q changed", e.Files[i].Name)
			}
		}
	}
}
