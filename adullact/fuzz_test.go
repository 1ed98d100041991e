package adullact

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
)

// fuzzDecoder has limits that keep a fuzzer fast.
func fuzzDecoder() *Decoder {
	return &Decoder{Limits: Limits{Expanded: 4 << 20, Entries: 100, Memory: 1 << 20, Text: 64 << 10}, BankData: true}
}

// checkEnvelopes holds what every envelope must, whatever it came from.
func checkEnvelopes(t *testing.T, out []*Envelope, err error) {
	t.Helper()
	if err != nil {
		if len(out) > 0 {
			t.Fatalf("envelopes together with the error %v", err)
		}
		return
	}
	if len(out) == 0 {
		t.Fatal("neither an envelope nor an error")
	}
	for _, e := range out {
		if e.Key == "" || e.Reason == "" || e.Layer == "" && e.Reason != "no files" {
			t.Fatalf("envelope without key, reason or layer: %+v", e)
		}
		if (e.Actes != nil) != (e.Kind == KindActes) || (e.Helios != nil) != (e.Kind == KindHelios) || (e.Chorus != nil) != (e.Kind == KindChorus) {
			t.Fatalf("kind %s without its fields, or with others", e.Kind)
		}
		e.flatten(map[string]string{})
		for i := range e.Files {
			f := &e.Files[i]
			if f.Name == "" || f.Name == "." || f.Name == ".." || strings.ContainsAny(f.Name, "/\\\x00") && f.Form == "" {
				t.Fatalf("file named %q", f.Name)
			}
			r, err := f.Open(t.Context())
			if err != nil {
				t.Fatalf("open %q: %v", f.Name, err)
			}
			n, err := io.Copy(io.Discard, r)
			r.Close()
			if err != nil || f.Size >= 0 && n != f.Size {
				t.Fatalf("%q (%s, broken %v): %d bytes, %v; announced were %d", f.Name, f.Form, f.Broken, n, err, f.Size)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	act := actOf("A", documentOf("a.pdf")+annexesOf("1", "b.pdf"))
	f.Add("a.xml", []byte(act))
	f.Add("x.tar.gz", tarOf(f, "a.xml", act, "a.pdf", "%PDF", "EACT--123456789--20240517-1.xml", envelopeOf("EnveloppeCLMISILL", "a.xml")))
	f.Add("p.xml", []byte(pesOf("p", piecePart, `<PES_PJ>`+pjOf("1", "a", base64Of(gzipOf("x")))+`</PES_PJ>`)))
	f.Add("ack.xml", []byte(ackOf("p", "1", accepted+refused)))
	f.Add("pivot.xml", []byte(pivotOf(invoiceOf("F1", pieceOf("01", "a", base64Of(zipOf(f, "a", "x")))))))
	f.Add("cii.xml", []byte(ciiDoc))
	f.Add("f.pdf", []byte(facturX(f, ciiDoc)))
	f.Add("d.zip", zipOf(f, "metadata.json", `{"acte_nature":"1","arrete":["a.pdf"]}`, "a.pdf", "%PDF"))
	f.Add("metadata.txt", []byte("acte_nature: '1'\n"))
	f.Fuzz(func(t *testing.T, name string, in []byte) {
		out, err := fuzzDecoder().Decode(t.Context(), name, bytes.NewReader(in), int64(len(in)))
		checkEnvelopes(t, out, err)
	})
}

func FuzzDeposit(f *testing.F) {
	f.Add("metadata.xml", []byte(`<flux><data name="acte_nature" value="1"/><files name="arrete"><file content="a.pdf"/></files></flux>`), "a.pdf", []byte("%PDF"))
	f.Add("metadata.json", []byte(`{"fichier_pes":["p.xml"]}`), "p.xml", []byte(pesOf("p", piecePart)))
	f.Add("metadata.txt", []byte("id_facture_cpp: 1\nfichier_facture:\n  - p.xml\n"), "p.xml", []byte(pivotOf(invoiceOf("F1"))))
	f.Fuzz(func(t *testing.T, metaName string, meta []byte, name string, body []byte) {
		fsys := fstest.MapFS{}
		for n, b := range map[string][]byte{metaName: meta, name: body} {
			if n = baseName(n); n != "unnamed" {
				fsys["d/"+strings.ToValidUTF8(n, "_")] = &fstest.MapFile{Data: b}
			}
		}
		if len(fsys) == 0 {
			return
		}
		out, err := fuzzDecoder().DecodeFS(t.Context(), fsys, "d")
		checkEnvelopes(t, out, err)
	})
}

func FuzzWalkPES(f *testing.F) {
	f.Add([]byte(pesOf("p", piecePart, `<PES_PJ>`+pjOf("1", "a", base64Of(gzipOf("x")))+`</PES_PJ>`)))
	f.Add([]byte(ackOf("p", "1", accepted+refused)))
	f.Fuzz(func(t *testing.T, in []byte) {
		opened := 0
		err := fuzzDecoder().WalkPES(t.Context(), bytes.NewReader(in), &PESVisitor{
			Content: func(*PESAttachment, io.Reader) error { opened++; return nil }, // not read: the walk goes on
			Attachment: func(a *PESAttachment) error {
				if a.Index < 0 || a.from > a.to && a.to != 0 {
					t.Fatalf("attachment %+v", a)
				}
				return nil
			},
			Piece: func(*Piece) error { return nil },
		})
		if err != nil && errors.Is(err, io.EOF) {
			t.Fatalf("error %v, want none that ends a loop by mistake", err)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("délib 17/2024.pdf", "délib 17-2024.pdf")
	f.Add("034-123456789-20240517-A-DE-1-1_0.xml", `..\..\x`)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, n := range []string{a, b} {
			if base := baseName(n); base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/\\\x00") || baseName(base) != base {
				t.Fatalf("base of %q is %q", n, base)
			}
			kindOfName(n)
			readEnvelopeName(&Actes{}, n)
			fillFromName(&Actes{}, n)
			plainName(n)
			if d := parseDate(n); d.Valid() && (d.Month < 1 || d.Month > 12) {
				t.Fatalf("date %+v", d)
			}
			if r, ok := Decimal(n).Rat(); ok && r == nil {
				t.Fatal("a number without value")
			}
		}
		claims := []*claim{{field: "x", name: a}, {field: "x", index: 1, name: b}}
		reconcile(claims, []*member{newMember(a), newMember(b)})
	})
}
