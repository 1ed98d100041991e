package adullact

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

const actesAttr = ` xmlns:actes="http://www.interieur.gouv.fr/ACTES#v1.1-20040216" xmlns:insee="http://xml.insee.fr/schema"`

// actOf returns a message 1-1 with an act and what else is in it.
func actOf(number, inner string) string {
	return `<?xml version="1.0" encoding="ISO-8859-1"?>
<actes:Acte` + actesAttr + ` actes:Date="2024-05-17" actes:NumeroInterne="` + number + `" actes:CodeNatureActe="1">
<actes:CodeMatiere1 actes:CodeMatiere="7"/><actes:CodeMatiere2 actes:CodeMatiere="1"/><actes:Objet>Objet ` + number + `</actes:Objet>
<actes:ClassificationDateVersion>2023-09-01</actes:ClassificationDateVersion>` + inner + `</actes:Acte>`
}

func documentOf(name string) string {
	return `<actes:Document><actes:NomFichier>` + name + `</actes:NomFichier></actes:Document>`
}

func annexesOf(declared string, names ...string) string {
	s := `<actes:Annexes actes:Nombre="` + declared + `">`
	for _, n := range names {
		s += `<actes:Annexe><actes:NomFichier>` + n + `</actes:NomFichier></actes:Annexe>`
	}
	return s + `</actes:Annexes>`
}

// envelopeOf returns an envelope file that lists messages.
func envelopeOf(root string, forms ...string) string {
	s := `<actes:` + root + actesAttr + `><actes:Emetteur><actes:IDCL insee:SIREN="123456789" actes:Departement="034" actes:Arrondissement="1" actes:Nature="31"/>
<actes:Referent><actes:Nom>N</actes:Nom></actes:Referent></actes:Emetteur><actes:AdressesRetour><actes:Email>a@b.fr</actes:Email></actes:AdressesRetour><actes:FormulairesEnvoyes>`
	for _, f := range forms {
		s += `<actes:Formulaire><actes:NomFichier>` + f + `</actes:NomFichier></actes:Formulaire>`
	}
	return s + `</actes:FormulairesEnvoyes></actes:` + root + `>`
}

// A message says the same in every charset that occurs.
func TestActesCharsets(t *testing.T) {
	for _, test := range []struct{ name, declaration, subject, warning string }{
		{"ISO-8859-1", `<?xml version="1.0" encoding="ISO-8859-1"?>`, "d\xe9lib\xe9ration", ""},
		{"single quotes", `<?xml version='1.0' encoding='ISO-8859-1' ?>`, "d\xe9lib\xe9ration", ""},
		{"windows-1252", `<?xml version="1.0" encoding="windows-1252"?>`, "d\xe9lib\xe9ration", ""},
		{"UTF-8", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, "délibération", ""},
		{"no declaration, references", `<?xml version="1.0"?>`, "d&#xE9;lib&#233;ration", ""},
		{"no declaration, windows-1252", ``, "d\xe9lib\xe9ration", "charset"},
		{"CRLF", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\r\n", "d\xe9lib\xe9ration", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeOne(t, "m.xml", test.declaration+`<a:Annulation xmlns:a="http://www.interieur.gouv.fr/ACTES#v1.1-20040216" a:IDActe="034-123456789-20240517-1-DE"><a:Motif>`+test.subject+`</a:Motif></a:Annulation>`)
			if got := e.Actes.LetterReason; got != "délibération" || codes(e) != test.warning {
				t.Errorf("read %q with warnings %q, want délibération and %q", got, codes(e), test.warning)
			}
		})
	}
}

// The number of an act may hold dashes: an identifier is split from both ends.
func TestActesIDWithDashes(t *testing.T) {
	e := decodeOne(t, "m.xml", `<a:ARAnnulation xmlns:a="http://www.interieur.gouv.fr/ACTES#v1.1-20040216" a:IDActe="02A-123456789-20240517-2024-A-17-AR" a:DateReception="2024-05-20"/>`)
	a := e.Actes
	if a.Number != "2024-A-17" || a.Department != "02A" || a.SIREN != "123456789" || a.Nature.Short != "AR" || a.Date.String() != "2024-05-17" {
		t.Errorf("act %q of %q, %q, nature %q, on %s; want 2024-A-17 of 02A", a.Number, a.Department, a.SIREN, a.Nature.Short, a.Date)
	}
}

// A receipt may name files by paths on the server that wrote it.
func TestActesServerPaths(t *testing.T) {
	e := decodeOne(t, "ar.xml", `<actes:ARActe`+actesAttr+` actes:IDActe="034-123456789-20240517-1-DE" actes:DateReception="2024-05-18"><actes:ActeRecu actes:NumeroInterne="1">`+
		documentOf(`/tmp/1268824286/99_SE-034-1.pdf`)+annexesOf("1", `C:\tmp\22_CO-x.pdf`)+`</actes:ActeRecu></actes:ARActe>`)
	if a := e.Actes; a.Main != "99_SE-034-1.pdf" || a.ActType != "99_SE" || a.Annexes[0].Name != "22_CO-x.pdf" || a.Annexes[0].Typology != "22_CO" {
		t.Errorf("main %q, type %q, annexes %v; want names without folders", a.Main, a.ActType, a.Annexes)
	}
}

// A receipt may repeat several acts: the one that its identifier names counts.
func TestActesReceiptOfSeveral(t *testing.T) {
	e := decodeOne(t, "ar.xml", `<actes:ARActe`+actesAttr+` actes:IDActe="034-123456789-20240517-B2-DE" actes:DateReception="2024-05-18">
<actes:Acte actes:NumeroInterne="A1"/><actes:ActeRecu actes:NumeroInterne="A1"><actes:Objet>un</actes:Objet></actes:ActeRecu>
<actes:ActeRecu actes:NumeroInterne="B2"><actes:Objet>deux</actes:Objet></actes:ActeRecu></actes:ARActe>`)
	if e.Actes.Number != "B2" || e.Actes.Subject != "deux" || codes(e) != "count" {
		t.Errorf("act %q, %q, warnings %q; want B2 with a warning", e.Actes.Number, e.Actes.Subject, codes(e))
	}
}

// Levels of the classification may be skipped.
func TestActesSkippedLevel(t *testing.T) {
	e := decodeOne(t, "m.xml", strings.Replace(actOf("1", ""), `<actes:CodeMatiere2 actes:CodeMatiere="1"/>`,
		`<actes:CodeMatiere3 actes:CodeMatiere="2"/><actes:CodeMatiere5 actes:CodeMatiere="9"/>`, 1))
	if c := e.Actes.Classification; c.Code != "7.2.9" || len(c.Levels) != 5 || c.Levels[1] != "" {
		t.Errorf("classification %q, levels %q; want 7.2.9 on levels 1, 3 and 5", c.Code, c.Levels)
	}
}

// The nature of an anomaly may be a number outside the list, or text.
func TestActesAnomalyNature(t *testing.T) {
	for _, nature := range []string{"005", "999", "ERREUR2"} {
		e := decodeOne(t, "m.xml", `<actes:AnomalieActe`+actesAttr+`><actes:Date>2024-05-18</actes:Date><actes:Nature>`+nature+`</actes:Nature><actes:Detail>x</actes:Detail></actes:AnomalieActe>`)
		if a := e.Actes.Anomaly; a == nil || a.Nature != nature || a.Detail != "x" || a.Date.String() != "2024-05-18" {
			t.Errorf("anomaly %+v, want nature %q as it stands", a, nature)
		}
	}
}

// DocumentPapier is yes, no, or nothing that can be told.
func TestActesPaper(t *testing.T) {
	for value, want := range map[string]Answer{
		`>O<`: Yes, `>N<`: No, `>n<`: No, `><`: NoAnswer, `>0<`: NoAnswer,
		` xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><`: NoAnswer,
	} {
		e := decodeOne(t, "m.xml", actOf("1", `<actes:DocumentPapier`+value+`/actes:DocumentPapier>`))
		if e.Actes.PaperComplement != want || strings.Contains(codes(e), "value") != (value == ">0<") {
			t.Errorf("DocumentPapier %s: %q, warnings %q; want %q", value, e.Actes.PaperComplement, codes(e), want)
		}
	}
}

// Attributes count, not what the file name says; names are not computed anew.
func TestActesNamesMayBeWrong(t *testing.T) {
	out, err := decode(t, &Decoder{}, "SLO-EACT--123456789--20240517-3.tar.gz", tarOf(t,
		"EACT--123456789--20240517-3.xml", envelopeOf("EnveloppeCLMISILL", "034-123456789-20240517-X-AU-1-1_17.xml"),
		"034-123456789-20240517-X-AU-1-1_17.xml", actOf("VRAI", documentOf("034-123456789-20240517-X-AU-1-1_16.PDF")),
		"034-123456789-20240517-X-AU-1-1_16.pdf", "%PDF-1.4"))
	if err != nil {
		t.Fatal(err)
	}
	e := out[0]
	main := e.File(RoleMain)
	if e.Actes.Number != "VRAI" || e.Actes.Nature.Short != "DE" || main == nil || main.Match != MatchCase || main.Original != "034-123456789-20240517-X-AU-1-1_16.PDF" {
		t.Errorf("act %q, nature %q, main %+v; want those of the attributes, and the file but for its case", e.Actes.Number, e.Actes.Nature.Short, main)
	}
}

// One envelope of several messages is several acts, in the order that it gives.
func TestActesSeveralInOneArchive(t *testing.T) {
	out, err := decode(t, &Decoder{}, "abc-TACT--123456789--20240517-4.tar.gz", tarOf(t,
		"b.xml", actOf("B", documentOf("b.pdf")), "a.xml", actOf("A", documentOf("a.pdf")),
		"TACT--123456789--20240517-4.xml", envelopeOf("EnveloppeCLMISILL", "a.xml", "b.xml"),
		"a.pdf", "%PDF a", "b.pdf", "%PDF b", "message_body.html", "<html>"))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || out[0].Actes.Number != "A" || out[1].Actes.Number != "B" {
		t.Fatalf("%d acts, want A and B", len(out))
	}
	for i, e := range out {
		a := e.Actes
		if a.SIREN != "123456789" || a.Transmitter != "abc" || !a.Test || a.Sequence != "4" || a.ReturnMails[0] != "a@b.fr" || e.File(RoleTransport) == nil {
			t.Errorf("act %d: %+v; want what the envelope says of it", i, a)
		}
		if got := body(t, e.File(RoleMain)); got != "%PDF "+strings.ToLower(a.Number) {
			t.Errorf("act %d: main document %q", i, got)
		}
	}
	if codes(out[0]) != "unlisted-file" || codes(out[1]) != "" {
		t.Errorf("warnings %q and %q, want the file that nothing names in the first", codes(out[0]), codes(out[1]))
	}
}

// What is missing, or counted wrong, is a warning.
func TestActesMissing(t *testing.T) {
	out, err := decode(t, &Decoder{}, "x.tar.gz", tarOf(t,
		"EACT--123456789--20240517-5.xml", envelopeOf("EnveloppeCLMISILL", "a.xml", "gone.xml"),
		"a.xml", actOf("A", documentOf("a.pdf")+annexesOf("3", "b.pdf", "c.pdf")), "c.pdf", "%PDF"))
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, w := range out[0].Warnings {
		missing = append(missing, string(w.Code)+" "+w.Detail)
	}
	got := strings.Join(missing, "; ")
	for _, want := range []string{`count 3 declared, 2 named`, `missing-file "a.pdf"`, `missing-file "b.pdf"`, `missing-file "gone.xml"`} {
		if !strings.Contains(got, want) {
			t.Errorf("warnings %s; want %s among them", got, want)
		}
	}
	if a := out[0].Actes.Annexes; a[0].Present || !a[1].Present {
		t.Errorf("annexes %+v, want only the second to be there", a)
	}
}

// Members may lie in folders, and begin with "./".
func TestActesFolders(t *testing.T) {
	out, err := decode(t, &Decoder{}, "x.tar.gz", tarOf(t, "./a.xml", actOf("A", documentOf("a.pdf")), "./SLO/sub/a.pdf", "%PDF"))
	if err != nil {
		t.Fatal(err)
	}
	if f := out[0].File(RoleMain); f == nil || f.Name != "a.pdf" || f.Path != "./SLO/sub/a.pdf" {
		t.Errorf("main document %+v, want the one in the folder", f)
	}
}

// Every type of message is known by its root.
func TestActesMessages(t *testing.T) {
	for _, m := range MessageTypes() {
		t.Run(m.Code, func(t *testing.T) {
			e := decodeOne(t, "m.xml", `<actes:`+m.Short+actesAttr+` actes:IDActe="034-123456789-20240517-1-DE" actes:DateCourrierPref="2024-06-01">
<actes:InfosCourrierPref actes:IDActe="034-123456789-20240517-1-DE" actes:DateCourrierPref="2024-06-01"/></actes:`+m.Short+`>`)
			if e.Kind != KindActes || e.Actes.Message.Code != m.Code || e.Actes.Message.Label != m.Label {
				t.Errorf("message %+v of kind %s, want %s", e.Actes.Message, e.Kind, m.Code)
			}
			if m.Code[0] >= '2' && m.Code[0] <= '5' {
				if len(e.Actes.Exchanges) != 1 || e.Key != "actes:034-123456789-20240517-1-DE:"+m.Code+":2024-06-01" {
					t.Errorf("exchanges %+v, key %q; want one letter, and its date in the key", e.Actes.Exchanges, e.Key)
				}
			}
		})
	}
}

// A root that is named like a message of ACTES is none in another namespace.
func TestActesNamespace(t *testing.T) {
	if e := decodeOne(t, "m.xml", `<Acte xmlns="urn:other" NumeroInterne="1"/>`); e.Kind != KindUnknown {
		t.Errorf("kind %s, want unknown", e.Kind)
	}
}

// An act and what came of it, side by side, are one envelope.
func TestActesWithReceipt(t *testing.T) {
	out, err := decode(t, &Decoder{}, "x.zip", zipOf(t,
		"034-123456789-20240517-A-DE-1-2.xml", `<actes:ARActe`+actesAttr+` actes:IDActe="034-123456789-20240517-A-DE" actes:DateReception="2024-05-18"/>`,
		"a.xml", actOf("A", documentOf("a.pdf")), "a.pdf", "%PDF",
		"lettre.xml", `<actes:LettreObservations`+actesAttr+` actes:IDActe="034-123456789-20240517-A-DE" actes:DateCourrierPref="2024-06-01"><actes:Motif>m</actes:Motif>`+documentOf("l.pdf")+`</actes:LettreObservations>`,
		"l.pdf", "%PDF l"))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("%d envelopes, want one", len(out))
	}
	a := out[0].Actes
	if a.Message.Code != "1-1" || a.Receipt == nil || a.Receipt.Date.String() != "2024-05-18" || len(a.Exchanges) != 1 || a.Exchanges[0].Reason != "m" {
		t.Errorf("act %+v, want it with its receipt and a letter", a)
	}
	if f := out[0].File(RoleExchange); f == nil || f.Name != "lettre.xml" {
		t.Errorf("exchange %+v, want the letter", f)
	}
}

// A letter of the prefecture in a deposit has the keys of an act too, but is
// told from one.
func TestActesResponseDeposit(t *testing.T) {
	letter := tarOf(t, "TACT--SPREF0011-123456789-20240601-7.xml", envelopeOf("EnveloppeMISILLCL", "l.xml"),
		"l.xml", `<actes:CourrierSimple`+actesAttr+` actes:IDActe="034-123456789-20240517-A-DE" actes:DateCourrierPref="2024-06-01">`+documentOf("l.pdf")+`</actes:CourrierSimple>`,
		"l.pdf", "%PDF l", "message_body.html", "<html>", "logo_s2low.jpg", "\xff\xd8\xff")
	out, err := decode(t, &Decoder{}, "reponse.zip", zipOf(t, "reponse.tar.gz", string(letter), "l.pdf", "%PDF l",
		"metadata.json", `{"acte_nature":"1","numero_de_lacte":"A","type_reponse":"2","transaction_id":"77","reponse_prefecture":["reponse.tar.gz"],"reponse_prefecture_unzip":["l.pdf"]}`))
	if err != nil {
		t.Fatal(err)
	}
	a := out[0].Actes
	if a.Direction != FromState || a.Message.Code != "2-1" || a.LetterDate.String() != "2024-06-01" || a.TransactionID != "77" || len(a.Exchanges) != 1 {
		t.Errorf("letter %+v, want a 2-1 of the prefecture", a)
	}
	if out[0].Key != "actes:034-123456789-20240517-A-DE:2-1:2024-06-01" && !strings.HasPrefix(out[0].Key, "digest:") {
		t.Errorf("key %q", out[0].Key)
	}
}

// A malformed message is a typed error on its own, and a warning in a deposit.
func TestActesMalformed(t *testing.T) {
	broken := `<actes:ARActe` + actesAttr + `><actes:ActeRecu></actes:ARActe>`
	var syntax *SyntaxError
	if _, err := decode(t, &Decoder{}, "ar.xml", []byte(broken)); !errors.As(err, &syntax) {
		t.Errorf("alone: error %v, want a syntax error", err)
	}
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "ar.xml", broken, "a.pdf", "%PDF",
		"metadata.json", `{"numero_de_lacte":"A","arrete":["a.pdf"],"aractes":["ar.xml"],"date_ar":"2024-05-18"}`))
	if err != nil || codes(out[0]) != "unreadable" || out[0].Actes.Receipt.Date.String() != "2024-05-18" {
		t.Errorf("in a deposit: %v, want the deposit with a warning", err)
	}
}

// An envelope file tells who sends it, also without its messages.
func TestActesEnvelopeAlone(t *testing.T) {
	for root, want := range map[string]Direction{"EnveloppeCLMISILL": ToState, "EnveloppeMISILLCL": FromState, "AnomalieEnveloppe": FromState} {
		if e := decodeOne(t, "e.xml", envelopeOf(root, "a.xml")); e.Actes.Direction != want {
			t.Errorf("%s: direction %q, want %q", root, e.Actes.Direction, want)
		}
	}
}

// An exchange tells its direction, and a deposit what became of the signature
// and of the archive.
func TestActesProgress(t *testing.T) {
	fsys := fstest.MapFS{
		"d/a.pdf": {Data: []byte("%PDF")}, "d/s.pdf": {Data: []byte("%PDF signed")}, "d/ar.xml": {Data: []byte("<x/>")}, "d/atr.xml": {Data: []byte("<y/>")},
		"d/l.xml": {Data: []byte(`<actes:CourrierSimple` + actesAttr + ` actes:IDActe="034-123456789-20240517-A-DE" actes:DateCourrierPref="2024-06-01"/>`)},
		"d/metadata.json": {Data: []byte(`{"acte_nature":"1","numero_de_lacte":"A","date_de_lacte":"2024-05-17","siren":"123456789","arrete":["a.pdf"],"has_signature":"1",
			"document_signe":["s.pdf"],"sae_transfert_id":"T1","ar_sae":["ar.xml"],"reply_sae":["atr.xml"],"echange_prefecture":["l.xml"]}`)},
	}
	out, err := (&Decoder{}).DecodeFS(t.Context(), fsys, "d")
	if err != nil {
		t.Fatal(err)
	}
	a := out[0].Actes
	if len(a.Exchanges) != 1 || a.Exchanges[0].Direction != FromState || a.Exchanges[0].Message.Code != "2-1" {
		t.Errorf("exchanges %+v, want a letter of the State", a.Exchanges)
	}
	if want := (Archiving{TransferID: "T1", Ack: "ar.xml", Reply: "atr.xml"}); a.Archiving != want || a.Signature.Document != "s.pdf" {
		t.Errorf("archive %+v, signature %+v; want the files named", a.Archiving, a.Signature)
	}
	if out[0].Key != "actes:123456789:A:2024-05-17:1" {
		t.Errorf("key %q, want that of an act of the SIREN that the metadata gives", out[0].Key)
	}
}

// What only the receipt says of an act is taken over, and an acknowledgement of
// a letter names the act and the letter inside.
func TestActesMerge(t *testing.T) {
	receipt := `<actes:ARActe` + actesAttr + ` actes:IDActe="034-123456789-20240517-A-DE" actes:DateReception="2024-05-18"><actes:ActeRecu actes:Date="2024-05-17" actes:NumeroInterne="A" actes:CodeNatureActe="1">` +
		documentOf("99_DE-a.pdf") + `<actes:DocumentPapier>O</actes:DocumentPapier></actes:ActeRecu></actes:ARActe>`
	out, err := decode(t, &Decoder{}, "x.tar.gz", tarOf(t, "a.xml", actOf("A", ""), "ar.xml", receipt))
	if err != nil || len(out) != 1 {
		t.Fatalf("%v, %d envelopes; want one", err, len(out))
	}
	if a := out[0].Actes; a.PaperComplement != Yes || a.Main != "99_DE-a.pdf" || a.ID != "034-123456789-20240517-A-DE" || a.Receipt.Date.String() != "2024-05-18" {
		t.Errorf("act %s, want what the receipt says besides", jsonOf(t, out))
	}
	e := decodeOne(t, "m.xml", `<actes:ARPieceComplementaire`+actesAttr+` actes:DateReception="2024-06-02"><actes:InfosCourrierPref actes:IDActe="034-123456789-20240517-A-DE" actes:DateCourrierPref="2024-06-01"/></actes:ARPieceComplementaire>`)
	if e.Actes.ID != "034-123456789-20240517-A-DE" || e.Actes.LetterDate.String() != "2024-06-01" || e.Key != "actes:034-123456789-20240517-A-DE:3-5:2024-06-01" {
		t.Errorf("acknowledgement %s, want the act and the letter", jsonOf(t, []*Envelope{e}))
	}
}
