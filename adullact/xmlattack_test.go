package adullact

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// wide returns a text in UTF-16 with a byte order mark.
func wide(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// No XML makes the decoder read another file, ask a server, or swell: what
// declares a document type is refused, limits hold, and the rest is text. So it
// is wherever the XML comes in.
func TestXMLAttacks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("TOP-SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "file://" + secret
	laughs := `<!DOCTYPE x [<!ENTITY a "ha">`
	for i := 'b'; i < 'k'; i++ {
		laughs += `<!ENTITY ` + string(i) + ` "` + strings.Repeat("&"+string(i-1)+";", 10) + `">`
	}
	typed := func(subset, inside string) func(root string) string {
		return func(root string) string {
			return `<!DOCTYPE x ` + subset + `>` + strings.Replace(root, "><", ">"+inside+"<", 1)
		}
	}
	within := func(inside string) func(root string) string {
		return func(root string) string { return strings.Replace(root, "></", ">"+inside+"</", 1) }
	}
	for _, attack := range []struct {
		name   string
		make   func(root string) string // of a harmless document
		want   error                    // nil: it is read as if there were nothing
		limits string                   // or the limit that stops it
	}{
		{"external entity", typed(`[<!ENTITY e SYSTEM "`+url+`">]`, "&e;"), ErrDoctype, ""},
		{"external document type", typed(`SYSTEM "`+url+`"`, ""), ErrDoctype, ""},
		{"parameter entity", typed(`[<!ENTITY % e SYSTEM "`+url+`"> %e;]`, ""), ErrDoctype, ""},
		{"billion laughs", typed(strings.TrimPrefix(laughs, "<!DOCTYPE x ")+"]", "&j;"), ErrDoctype, ""},
		{"quadratic blow-up", typed(`[<!ENTITY e "`+strings.Repeat("x", 50_000)+`">]`, strings.Repeat("&e;", 50_000)), ErrDoctype, ""},
		{"in small letters", func(root string) string { return `<!doctype x SYSTEM "` + url + `">` + root }, ErrDoctype, ""},
		{"after a comment", func(root string) string { return `<!-- x --><!DOCTYPE x SYSTEM "` + url + `">` + root }, ErrDoctype, ""},
		{"in UTF-16", func(root string) string { return wide(`<!DOCTYPE x SYSTEM "` + url + `">` + root) }, ErrDoctype, ""},
		{"XInclude", within(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="` + url + `"/>`), nil, ""},
		{"style sheet", func(root string) string { return `<?xml-stylesheet type="text/xsl" href="` + url + `"?>` + root }, nil, ""},
		{"schema", within(`<x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x ` + url + `"/>`), nil, ""},
		{"undefined entity", within(`<x>&e;&nbsp;</x>`), nil, ""},
		{"deep nesting", within(strings.Repeat("<x>", 100_000) + strings.Repeat("</x>", 100_000)), nil, "Depth"},
		{"long attribute", within(`<x a="` + strings.Repeat("x", 2<<20) + `"/>`), nil, "Text"},
		{"long name", within(`<` + strings.Repeat("x", 2<<20) + `/>`), nil, "Text"},
	} {
		t.Run(attack.name, func(t *testing.T) {
			act := `<a:Acte xmlns:a="http://www.interieur.gouv.fr/ACTES#v1.1-20040216" a:NumeroInterne="1"></a:Acte>`
			pes := `<n:PES_Aller xmlns:n="` + pesNamespace + `"></n:PES_Aller>`
			invoice := `<CPPFacturePivot><CPPFactures></CPPFactures></CPPFacturePivot>`
			inAct, inPES := []byte(attack.make(act)), []byte(attack.make(pes))
			for name, in := range map[string][]byte{
				"act.xml": inAct, "p.xml": inPES, "f.xml": []byte(attack.make(invoice)), "metadata.xml": []byte(attack.make(`<flux></flux>`)),
				"act.zip": zipOf(t, "act.xml", string(inAct)), "act.tar.gz": tarOf(t, "act.xml", string(inAct)),
			} {
				// In an archive a message that cannot be read is a file like any other.
				packed := !strings.HasSuffix(name, ".xml")
				out, err := decode(t, &Decoder{Limits: Limits{Ratio: -1}}, name, in)
				var limit *LimitError
				switch {
				case attack.limits != "":
					if !errors.As(err, &limit) || limit.Limit != attack.limits {
						t.Errorf("%s: error %v, want the limit %s", name, err, attack.limits)
					}
				case attack.want != nil && !packed:
					if !errors.Is(err, attack.want) {
						t.Errorf("%s: error %v, want %v", name, err, attack.want)
					}
				case err != nil:
					t.Errorf("%s: %v", name, err)
				case attack.want != nil && (out[0].Actes != nil || codes(out[0]) != "unreadable"):
					t.Errorf("%s: %+v, warnings %q; want nothing read of it, and a warning", name, out[0].Actes, codes(out[0]))
				}
				if s := string(jsonOf(t, out)); strings.Contains(s, "TOP-SECRET") || strings.Contains(s, "haha") {
					t.Errorf("%s: what was asked for is in %s", name, s)
				}
			}
			err := (&Decoder{}).WalkPES(t.Context(), strings.NewReader(string(inPES)), &PESVisitor{})
			var limit *LimitError
			if attack.want != nil && !errors.Is(err, attack.want) || attack.limits != "" && !errors.As(err, &limit) || attack.want == nil && attack.limits == "" && err != nil {
				t.Errorf("WalkPES: %v", err)
			}
		})
	}
}
