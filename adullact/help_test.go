package adullact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"testing"
)

// zipOf packs pairs of name and body.
func zipOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w, err := z.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf packs pairs of name and body.
func tarOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(pairs); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: pairs[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(pairs[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func base64Of[T string | []byte](s T) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// decode decodes one file.
func decode(t testing.TB, d *Decoder, name string, body []byte) ([]*Envelope, error) {
	t.Helper()
	return d.Decode(t.Context(), name, bytes.NewReader(body), int64(len(body)))
}

// decodeOne decodes one file that is one envelope.
func decodeOne(t testing.TB, name, body string) *Envelope {
	t.Helper()
	out, err := decode(t, &Decoder{}, name, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("%d envelopes, want 1", len(out))
	}
	return out[0]
}

// body returns what a file yields.
func body(t testing.TB, f *File) string {
	t.Helper()
	r, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// codes returns the codes of an envelope's warnings.
func codes(e *Envelope) string { return strings.Join(e.codes(), " ") }

const pesNamespace = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"

// pesOf returns a PES with a header, and parts.
func pesOf(file string, parts ...string) string {
	return `<?xml version="1.0" encoding="ISO-8859-1"?>
<n:PES_Aller xmlns:n="` + pesNamespace + `"><Enveloppe><Parametres><Version V="2"/><TypFic V="PESALR2"/><NomFic V="` + file + `"/></Parametres></Enveloppe>
<EnTetePES><DteStr V="2024-05-17"/><IdPost V="034000"/><IdColl V="12345678900011"/><CodCol V="123"/><CodBud V="00"/></EnTetePES>
` + strings.Join(parts, "\n") + `
</n:PES_Aller>`
}

func smallPES(file string) string { return pesOf(file) }

// pjOf returns an attachment of a PES.
func pjOf(id, name, content string) string {
	return `<PJ><Contenu><Fichier MIMEType="application/pdf">` + content + `</Fichier></Contenu><IdUnique V="` + id + `"/><NomPJ V="` + name + `"/><TypePJ V="003"/></PJ>`
}

// renamed replaces pairs of old and new, the first that fits.
func renamed(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }
