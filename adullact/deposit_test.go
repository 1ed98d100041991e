package adullact

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// folderOf returns a folder "d" with pairs of name and body.
func folderOf(pairs ...string) fs.FS {
	fsys := fstest.MapFS{"d": {Mode: fs.ModeDir}}
	for i := 0; i < len(pairs); i += 2 {
		fsys["d/"+pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

// decodeFolder decodes a deposit that is one envelope.
func decodeFolder(t testing.TB, d *Decoder, pairs ...string) *Envelope {
	t.Helper()
	out, err := d.DecodeFS(t.Context(), folderOf(pairs...), "d")
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("%d envelopes, want 1", len(out))
	}
	return out[0]
}

// entries returns metadata in one line.
func entries(m Metadata) string {
	var out []string
	for _, e := range m.Entries {
		if e.Files == nil {
			out = append(out, fmt.Sprintf("%s=%q", e.Key, e.Value))
			continue
		}
		var names []string
		for _, f := range e.Files {
			names = append(names, f.Name+strings.TrimSuffix("("+f.Original+")", "()"))
		}
		out = append(out, fmt.Sprintf("%s%q", e.Key, names))
	}
	return strings.Join(out, " ")
}

// Metadata is read in every form, in its order, with nothing left out.
func TestMetadataForms(t *testing.T) {
	for _, test := range []struct{ name, file, body, format, want string }{
		{"XML", "metadata.xml", `<?xml version="1.0"?><flux><data name="objet" value="D&#xE9;lib &quot;x&quot;&#10;suite"/><files name="arrete"><file content="a.pdf"/></files><data name="vide" value=""/></flux>`,
			"xml", `objet="Délib \"x\"\nsuite" arrete["a.pdf"] vide=""`},
		{"XML, internal names", "metadata.xml", `<flux><files name="arrete"><file content="k.yml_arrete_0" name_original="a.pdf"/></files></flux>`,
			"xml", `arrete["k.yml_arrete_0(a.pdf)"]`},
		{"manifest", "manifest.xml", `<flux type='actes-automatique'><param name='p' value="true"/><data name='objet' value="o"/></flux>`, "xml", `p="true" objet="o"`},
		{"XML of another name", "depot 7.xml", `<flux><data name="acte_nature" value="1"/></flux>`, "xml", `acte_nature="1"`},
		{"JSON", "metadata.json", `{"objet":"d\u00e9lib\/x","arrete":["a.pdf"],"vide":[],"n":987654321098765432109,"f":1200.0,"b":false,"z":null,"o":{"x":1}}`,
			"json", `objet="délib/x" arrete["a.pdf"] vide[] n="987654321098765432109" f="1200.0" b="false" z="null" o="{\"x\":1}"`},
		{"JSON with a mark", "metadata.json", "\xef\xbb\xbf{\"objet\":\"o\"}", "json", `objet="o"`},
		{"YAML", "metadata.txt", "objet: 'l''acte : x'\nnumero: '007'\narrete:\n    - a.pdf\nvide: {  }\n", "yaml", `objet="l'acte : x" numero="007" arrete["a.pdf"] vide[]`},
		{"YAML of Pastell 2", "metadata.txt", "---\nobjet: |\n  l\\'acte\nnumero_de_lacte: 2019_101\ndate: 2024-05-17\narrete:\n  - a.pdf\n", "yaml", `objet="l\\'acte\n" numero_de_lacte="2019_101" date="2024-05-17" arrete["a.pdf"]`},
		{"Pastell 1, Latin-1", "metadata.txt", "objet: \\\"d\xe9lib\\\"\n", "yaml", `objet="délib"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeFolder(t, &Decoder{}, test.file, test.body)
			if got := entries(e.Meta); got != test.want || e.Meta.Format != test.format || e.Meta.File != test.file {
				t.Errorf("%s of %q: %s; want %s of %s", e.Meta.Format, e.Meta.File, got, test.want, test.format)
			}
		})
	}
}

// A file that is named like metadata is none if it is something else.
func TestForeignMetadata(t *testing.T) {
	for name, body := range map[string]string{"metadata.xml": `<other/>`, "metadata.json": `[1]`, "metadata.txt": "just a text"} {
		if e := decodeFolder(t, &Decoder{}, name, body, "a.pdf", "%PDF"); len(e.Meta.Entries) > 0 || e.Kind != KindUnknown {
			t.Errorf("%s: metadata %v of kind %s, want none", name, e.Meta, e.Kind)
		}
	}
}

func TestMetadataAccess(t *testing.T) {
	m := Metadata{Entries: []Entry{{Key: "envoi_depot_1", Value: "checked"}, {Key: "arrete_2", Files: []FileRef{{Name: "a"}}}, {Key: "x", Value: "1"}, {Key: "x_1", Value: "2"}, {Key: "facture_pj_01", Value: "p"}}}
	if m.Value("envoi_depot") != "checked" || len(m.Files("arrete")) != 1 || m.Value("x") != "1" || !m.Has("facture_pj_01") || m.Has("envoi") {
		t.Error("a key is not found with the number of its step, or one that is not there is")
	}
	for value, want := range map[string]bool{"": false, "0": false, "false": false, "off": false, "null": false, "1": true, "on": true, "checked": true, "true": true} {
		if got := (Metadata{Entries: []Entry{{Key: "k", Value: value}}}).Bool("k"); got != want {
			t.Errorf("%q is %v, want %v", value, got, want)
		}
	}
}

// The names on disk and in metadata meet at the first level that tells, and the
// level is reported.
func TestNameLevels(t *testing.T) {
	for _, test := range []struct {
		name, listed, disk string
		want               Match
		warnings           string
	}{
		{"the same", "a.pdf", "a.pdf", MatchExact, ""},
		{"internal", "acte.pdf", "k3FgT2z.yml_arrete_0", MatchInternal, ""},
		{"Unicode form", "délib.pdf", "de\u0301lib.pdf", MatchUnicode, ""},
		{"a slash", "délib 17/2024.pdf", "délib 17-2024.pdf", MatchCleaned, ""},
		{"what Windows cannot store", `a <b>: "c"?.pdf`, "a -b-- -c--.pdf", MatchCleaned, ""},
		{"accents", "délib école.pdf", "delib_ecole.pdf", MatchUnaccented, "inexact-name"},
		{"case", "Delib.PDF", "delib.pdf", MatchCase, "inexact-name"},
		{"the only one left", "a.pdf", "b.pdf", MatchExtension, "inexact-name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeFolder(t, &Decoder{}, "metadata.json", fmt.Sprintf(`{"acte_nature":"1","arrete":[%q]}`, test.listed), test.disk, "%PDF")
			f := e.File(RoleMain)
			if f == nil || f.Match != test.want || codes(e) != test.warnings || f.Path != test.disk {
				t.Fatalf("file %+v, warnings %q; want %q by level %s", f, codes(e), test.disk, test.want)
			}
			if test.want != MatchExact && f.Original != test.listed && f.Name != test.listed {
				t.Errorf("original name %q, want %q", f.Original, test.listed)
			}
		})
	}
}

// A name that is exact goes before one that is similar, in whatever order.
func TestNameLevelsInOrder(t *testing.T) {
	e := decodeFolder(t, &Decoder{}, "metadata.json", `{"acte_nature":"1","arrete":["A.pdf"],"autre_document_attache":["a.pdf"]}`, "a.pdf", "%PDF 1", "A-.pdf", "%PDF 2")
	if f := e.File(RoleAnnex); f == nil || f.Path != "a.pdf" || f.Match != MatchExact {
		t.Errorf("annex %+v, want a.pdf, by its very name", f)
	}
}

// What metadata names and is not there is a warning with key and number, unless
// the sender is known to keep it.
func TestMissingFiles(t *testing.T) {
	meta := `{"acte_nature":"1","arrete":["a.pdf"],"autre_document_attache":["b.pdf","c.pdf"],"bordereau_1":["x.pdf"]}`
	e := decodeFolder(t, &Decoder{Withheld: []string{"bordereau"}}, "metadata.json", meta, "a.pdf", "%PDF", "b.pdf", "%PDF")
	if len(e.Warnings) != 1 || e.Warnings[0].Code != WarnMissing || e.Warnings[0].Field != "autre_document_attache" || !strings.Contains(e.Warnings[0].Detail, `"c.pdf", number 2`) {
		t.Errorf("warnings %v, want the second annex", e.Warnings)
	}
	if a := e.Actes.Annexes; !a[0].Present || a[1].Present {
		t.Errorf("annexes %+v, want only the first to be there", a)
	}
}

// Two files of one name became one: a warning, unless that is how the sender
// means it.
func TestSameNameTwice(t *testing.T) {
	e := decodeFolder(t, &Decoder{}, "metadata.json", `{"acte_nature":"1","arrete":["a.pdf"],"autre_document_attache":["b.pdf","b.pdf"]}`, "a.pdf", "%PDF", "b.pdf", "%PDF b")
	if codes(e) != "same-name" || len(e.Files) != 3 {
		t.Errorf("warnings %q, %d files; want one warning and each file once", codes(e), len(e.Files))
	}
	e = decodeFolder(t, &Decoder{}, "metadata.json", `{"id_facture_cpp":"1","facture_pj_01":["a.pdf"],"fichier_facture_pdf":["a.pdf"]}`, "a.pdf", "%PDF")
	if codes(e) != "" || e.Preferred() == nil {
		t.Errorf("warnings %q, want none for the two keys of the invoice itself", codes(e))
	}
}

// The roles of keys can be set, and numbers at the end of keys do not matter.
func TestRoles(t *testing.T) {
	d := &Decoder{Roles: map[string]Role{"document_principal": RoleMain, "bordereau": RoleOther}}
	for key, want := range map[string]Role{
		"arrete": RoleMain, "arrete_1": RoleMain, "document_principal_2": RoleMain, "bordereau": RoleOther, "sae_bordereau": RoleArchive,
		"facture_pj_02": RoleAnnex, "unheard_of": RoleOther, "pes_acquit": RoleReceipt,
	} {
		if got := d.roleOfKey(key); got != want {
			t.Errorf("key %s: role %s, want %s", key, got, want)
		}
	}
}

// The first rule that fires tells the kind; the content counts against metadata.
func TestRecognise(t *testing.T) {
	ack := ackOf("p", "1", accepted)
	for _, test := range []struct {
		name, kind, reason, warnings string
		files                        []string
	}{
		{"manifest type", "helios", "manifest type ls-helios-pj", "", []string{"manifest.xml", `<flux type="ls-helios-pj"/>`}},
		{"manifest type of an invoice", "chorus_fact", "manifest type facture-cpp", "", []string{"manifest.xml", `<flux type="facture-cpp"/>`}},
		{"key", "acte_nature", "metadata key numero_de_lacte", "", []string{"metadata.json", `{"numero_de_lacte":"1"}`}},
		{"key with a number", "acte_nature", "metadata key acte_nature", "", []string{"metadata.json", `{"acte_nature_1":"1"}`}},
		{"two keys", "helios", "metadata key id_coll", "", []string{"metadata.json", `{"id_coll":"1","cod_bud":"2"}`}},
		{"one of two keys", "unknown", "nothing tells", "", []string{"metadata.json", `{"id_coll":"1"}`}},
		{"root element", "helios", "root element PES_ACQUIT", "", []string{"x.xml", ack}},
		{"name of a broken file", "helios", "file name PESALR2_1_2_3.xml", "unreadable", []string{"PESALR2_1_2_3.xml", "<PES_Aller"}},
		{"name of an act's document", "acte_nature", "file name 99_DE-034-123456789-20240517-X-DE-1-1_1.pdf", "", []string{"99_DE-034-123456789-20240517-X-DE-1-1_1.pdf", "%PDF"}},
		{"conflict", "helios", "root element PES_ACQUIT", "kind-conflict", []string{"metadata.json", `{"acte_nature":"1","arrete":["x.xml"]}`, "x.xml", ack}},
		{"an invoice attached to an act is no conflict", "acte_nature", "metadata key acte_nature", "", []string{"metadata.json", `{"acte_nature":"1","arrete":["f.pdf"]}`, "f.pdf", facturX(t, ciiDoc)}},
		{"nothing", "unknown", "nothing tells", "", []string{"a.bin", "\x00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeFolder(t, &Decoder{}, test.files...)
			got := strings.Join(strings.Fields(strings.ReplaceAll(strings.ReplaceAll(codes(e), "missing-file", ""), "unlisted-file", "")), " ")
			if string(e.Kind) != test.kind || e.Reason != test.reason || got != test.warnings {
				t.Errorf("kind %s by %q, warnings %q; want %s by %q, %q", e.Kind, e.Reason, got, test.kind, test.reason, test.warnings)
			}
			if n := (e.Actes != nil) != (e.Kind == KindActes) || (e.Helios != nil) != (e.Kind == KindHelios) || (e.Chorus != nil) != (e.Kind == KindChorus); n {
				t.Error("the fields are not those of the kind")
			}
		})
	}
}

// Noise is told of once, marker and metadata have their roles, and none of them
// counts for the digest.
func TestNoiseAndDigest(t *testing.T) {
	meta := `{"acte_nature":"1","numero_de_lacte":"A","arrete":["a.pdf"]}`
	bare := decodeFolder(t, &Decoder{}, "metadata.json", meta, "a.pdf", "%PDF")
	e := decodeFolder(t, &Decoder{}, "metadata.json", meta+" ", "a.pdf", "%PDF", "fichier_termine.txt", "x", "__MACOSX/._a.pdf", "x", "._a.pdf", "x", "Thumbs.db", "x")
	if codes(e) != "noise" || e.File(RoleMarker) == nil || e.File(RoleMetadata) == nil || e.Digest != bare.Digest {
		t.Errorf("warnings %q, digest equal %v; want one warning and the same digest", codes(e), e.Digest == bare.Digest)
	}
	if other := decodeFolder(t, &Decoder{}, "metadata.json", meta, "a.pdf", "%PDF!"); other.Digest == bare.Digest {
		t.Error("another content has the same digest")
	}
}

// The same deposit as a folder and as a zip is the same envelope.
func TestFolderAndZip(t *testing.T) {
	files := []string{"metadata.json", `{"acte_nature":"1","numero_de_lacte":"A","arrete":["a.pdf"]}`, "a.pdf", "%PDF"}
	folder := decodeFolder(t, &Decoder{}, files...)
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, files...))
	if err != nil || out[0].Digest != folder.Digest || out[0].Layer != LayerZip || folder.Layer != LayerFolder {
		t.Errorf("zip: %v, want the digest of the folder", err)
	}
	nested, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "d/metadata.json", files[1], "d/a.pdf", files[3]))
	if err != nil || len(nested) != 1 || nested[0].Digest != folder.Digest {
		t.Errorf("zip with a folder: %v, want the digest of the folder", err)
	}
}

// A zip with a folder for each holds an envelope in each.
func TestZipOfFolders(t *testing.T) {
	out, err := decode(t, &Decoder{}, "lot.zip", zipOf(t,
		"1/metadata.json", `{"acte_nature":"1","numero_de_lacte":"A","arrete":["a.pdf"]}`, "1/a.pdf", "%PDF 1",
		"2/p.xml", pivotOf(invoiceOf("F1")), "2/a.pdf", "%PDF 2"))
	if err != nil || len(out) != 2 || out[0].Kind != KindActes || out[1].Kind != KindChorus {
		t.Fatalf("%d envelopes, %v; want an act and an invoice", len(out), err)
	}
	if got := body(t, out[0].File(RoleMain)); got != "%PDF 1" || len(out[1].Files) != 2 {
		t.Errorf("act %q, %d files of the invoice; want each its own", got, len(out[1].Files))
	}
}

// Archives inside a zip are envelopes, and files as well.
func TestArchivesInZip(t *testing.T) {
	act := func(n string) string {
		return string(tarOf(t, n+".xml", actOf(n, documentOf(n+".pdf")), n+".pdf", "%PDF "+n))
	}
	for _, keep := range []bool{false, true} {
		d := &Decoder{}
		if keep {
			d.Keep = keepInMemory
		}
		out, err := decode(t, d, "lot.zip", zipOf(t, "a.tar.gz", act("A"), "b.tar.gz", act("B")))
		if err != nil || len(out) != 2 {
			t.Fatalf("%d envelopes, %v; want 2", len(out), err)
		}
		if got := body(t, out[1].File(RoleMain)); got != "%PDF B" {
			t.Errorf("keep %v: second act %q", keep, got)
		}
		if f := out[1].Files[len(out[1].Files)-1]; f.Name != "b.tar.gz" || f.Role != RoleTransport || body(t, &f) != act("B") {
			t.Errorf("keep %v: last file %+v, want the archive as it came", keep, f)
		}
	}
}

// The merge prefers the transport about the act, the metadata about its
// progress.
func TestMergeActes(t *testing.T) {
	ar := `<actes:ARActe` + actesAttr + ` actes:IDActe="034-123456789-20240517-A-DE" actes:DateReception="2024-05-18"><actes:ActeRecu actes:Date="2024-05-17" actes:NumeroInterne="A" actes:CodeNatureActe="1"><actes:Objet>vrai</actes:Objet></actes:ActeRecu></actes:ARActe>`
	e := decodeFolder(t, &Decoder{}, "ar.xml", ar, "a.pdf", "%PDF", "metadata.json",
		`{"acte_nature":"2","numero_de_lacte":"A","objet":"faux","date_ar":"2024-05-19","arrete":["a.pdf"],"aractes":["ar.xml"],"classification":"1.1 - Marchés"}`)
	a := e.Actes
	if a.Subject != "vrai" || a.Nature.Code != "1" || a.ID != "034-123456789-20240517-A-DE" || a.Receipt.Date.String() != "2024-05-19" || a.Classification.Label != "Marchés" {
		t.Errorf("act %+v, want subject and nature of the receipt, the date of the metadata", a)
	}
	var fields []string
	for _, w := range e.Warnings {
		fields = append(fields, string(w.Code)+":"+w.Field)
	}
	if got := strings.Join(fields, " "); got != "metadata-differs:acte_nature metadata-differs:objet" {
		t.Errorf("warnings %s, want the two differences", got)
	}
}

// Metadata without its files has a digest of its own, and so a key of its own.
func TestMetadataAlone(t *testing.T) {
	a := decodeOne(t, "metadata.json", `{"acte_nature":"1","objet":"a"}`)
	b := decodeOne(t, "metadata.json", `{"acte_nature":"1","objet":"b"}`)
	if a.Key == b.Key || a.Digest == b.Digest {
		t.Errorf("keys %s and %s, want distinct ones", a.Key, b.Key)
	}
}

// A file of a file system is opened as one that is at hand.
func TestDecodeFSFile(t *testing.T) {
	tarred := tarOf(t, "a.xml", actOf("A", documentOf("a.pdf")), "a.pdf", "%PDF")
	for name, in := range map[string]string{"x.tar.gz": string(tarred), "x.zip": string(zipOf(t, "x.tar.gz", string(tarred))), "p.xml": smallPES("p"), "f.pdf": facturX(t, ciiDoc)} {
		want, err := decode(t, &Decoder{}, name, []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&Decoder{}).DecodeFS(t.Context(), fstest.MapFS{"d/" + name: {Data: []byte(in)}}, "d/"+name)
		if err != nil || !bytes.Equal(jsonOf(t, got), jsonOf(t, want)) {
			t.Errorf("%s: %v: %s, want %s", name, err, jsonOf(t, got), jsonOf(t, want))
			continue
		}
		for i := range got[0].Files {
			if body(t, &got[0].Files[i]) != body(t, &want[0].Files[i]) {
				t.Errorf("%s: %q has another content", name, got[0].Files[i].Name)
			}
		}
	}
	if _, err := (&Decoder{}).DecodeFS(t.Context(), fstest.MapFS{}, "gone"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `"gone"`) {
		t.Errorf("error %v, want that there is no %q", err, "gone")
	}
}
