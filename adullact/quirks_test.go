package adullact

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// quirks are the deviations that were met in real envelopes, each with the test
// that shows what becomes of it.
var quirks = []struct{ quirk, test string }{
	// ACTES
	{"a receipt names files by paths on its server", "TestActesServerPaths"},
	{"a receipt with Acte and two ActeRecu", "TestActesReceiptOfSeveral"},
	{"a level of the classification is skipped", "TestActesSkippedLevel"},
	{"the nature of an anomaly is 999, or text", "TestActesAnomalyNature"},
	{"extensions in capitals", "TestActesNamesMayBeWrong"},
	{"message_body.html and a logo that no message names", "TestActesResponseDeposit"},
	{"names of annexes repeat", "TestActesRepeatedAnnexes"},
	{"numbers of acts hold dashes", "TestActesIDWithDashes"},
	{"the counter of the message is not that of its document", "TestActesNamesMayBeWrong"},
	{"attributes and file names disagree", "TestActesNamesMayBeWrong"},
	{"slots of a name are empty", "TestActesEmptySlots"},
	{"several Formulaire in one envelope", "TestActesSeveralInOneArchive"},
	{"DocumentPapier is empty, 0 or nil", "TestActesPaper"},
	{"ISO-8859-1, UTF-8, windows-1252, references, CRLF", "TestActesCharsets"},
	{"any namespace prefix", "TestActesPrefix"},
	{"an anomaly of a whole envelope", "TestActesEnvelopeAlone"},
	{"acte_nature in a letter of the prefecture", "TestActesResponseDeposit"},
	// HELIOS
	{"any prefix, or none", "TestPESFlows"},
	{"acknowledgements of retours, and those of before PES V2", "TestAckRoots"},
	{"values as text instead of V", "TestPESText"},
	{"InfoPce or not, Obj or ObjPce, InfoLignePce or InfoLignePiece", "TestPESLevels"},
	{"MtBordHT or MtBordHt, CodCol or CodColl", "TestPESSpellings"},
	{"PJRef of a piece or of a line, to another flow, to paper", "TestPESReferences"},
	{"base64 of gzip, of the file itself, of nothing; text", "TestPESAttachments"},
	{"CDATA, references and comments in base64", "TestPESAttachments"},
	{"attachments without content, or outside PES_PJ", "TestPESOddAttachments"},
	{"PJ is a number", "TestPESOddAttachments"},
	{"attachments without a name", "TestPESNameless"},
	{"a flow of attachments alone", "TestPESFlows"},
	{"signatures of bordereaux, of the whole, several", "TestPESSignatures"},
	{"a signed copy beside the flow", "TestSignedPES"},
	{"a retour has InfoPiece", "TestPESRetour"},
	{"errors of an acknowledgement at three levels", "TestAckErrors"},
	{"refused if any element is", "TestAckState"},
	{"NomFic of an acknowledgement is empty, or another's", "TestAckLinks"},
	{"NomFic is any text", "TestPESFileName"},
	{"a byte order mark, UTF-16", "TestPESMarks"},
	// Chorus Pro
	{"a zip that is stored, of several, or none", "TestPivotPieces"},
	{"xsi:type, empty elements, blanks in names, six decimals, TVAS", "TestPivotValues"},
	{"the main piece is XML, names repeat", "TestPivotXMLPiece"},
	{"several invoices in one pivot", "TestPivotOfSeveral"},
	{"pieces beside the pivot", "TestPivotPiecesBeside"},
	{"pieces in the pivot and beside it", "TestPivotPiecesTwice"},
	{"a folder for each invoice of a zip", "TestZipOfFolders"},
	{"the same number comes again on purpose", "TestPivotRedelivery"},
	{"identifiers of seven types", "TestPivotRedelivery"},
	{"frames but A11", "TestChorusTables"},
	{"numbers of statuses", "TestChorusTables"},
	{"an impossible date", "TestStatut"},
	{"the flow is told by the name of the lot", "TestFlowName"},
	{"a PDF of before Factur-X", "TestZUGFeRD"},
	{"CII of before Factur-X", "TestCII"},
	{"a UBL credit note, several references", "TestUBLFirst"},
	{"a history in JSON", "TestHistory"},
	{"messages of the life of an invoice", "TestCDAR"},
}

// Every quirk has a test that exists.
func TestQuirks(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]bool)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllSubmatch(b, -1) {
			tests[string(m[1])] = true
		}
	}
	for _, q := range quirks {
		if !tests[q.test] {
			t.Errorf("%s: there is no %s", q.quirk, q.test)
		}
	}
}

// Two annexes of one name are two annexes, in their order.
func TestActesRepeatedAnnexes(t *testing.T) {
	out, err := decode(t, &Decoder{}, "x.tar.gz", tarOf(t, "a.xml", actOf("A", documentOf("a.pdf")+annexesOf("3", "b.pdf", "c.pdf", "b.pdf")),
		"a.pdf", "%PDF a", "1/b.pdf", "%PDF first", "c.pdf", "%PDF c", "2/b.pdf", "%PDF second"))
	if err != nil {
		t.Fatal(err)
	}
	e := out[0]
	if len(e.Actes.Annexes) != 3 || e.Actes.Annexes[0].Name != "b.pdf" || e.Actes.Annexes[2].Name != "b.pdf" {
		t.Fatalf("annexes %+v, want all three", e.Actes.Annexes)
	}
	var got []string
	for i := range e.Files {
		if f := &e.Files[i]; f.Role == RoleAnnex {
			got = append(got, fmt.Sprint(f.Index, " ", body(t, f)))
		}
	}
	if s := strings.Join(got, ", "); s != "0 %PDF first, 1 %PDF c, 2 %PDF second" {
		t.Errorf("annexes are %s; want each once, in order", s)
	}
	for i, a := range e.Actes.Annexes {
		if !a.Present {
			t.Errorf("annex %d is said to be missing", i+1)
		}
	}
	if codes(e) != "" {
		t.Errorf("warnings %q, want none: nothing is missing, or left over", codes(e))
	}
}

// Slots of a name may be empty: the others count.
func TestActesEmptySlots(t *testing.T) {
	e := decodeOne(t, "044-214400152----1-3_1.xml", `<actes:AnomalieActe`+actesAttr+`><actes:Nature>1</actes:Nature></actes:AnomalieActe>`)
	if e.Actes.Department != "044" || e.Actes.SIREN != "214400152" || e.Actes.Number != "" {
		t.Errorf("act %q of %q, %q; want what the name tells", e.Actes.Number, e.Actes.Department, e.Actes.SIREN)
	}
}

// The prefix of a namespace is any, or none.
func TestActesPrefix(t *testing.T) {
	doc := actOf("A", documentOf("a.pdf"))
	for _, prefix := range []string{"ns1", "x"} {
		bound := strings.ReplaceAll(strings.ReplaceAll(doc, "actes:", prefix+":"), "xmlns:actes", "xmlns:"+prefix)
		if e := decodeOne(t, "a.xml", bound); e.Kind != KindActes || e.Actes.Number != "A" || e.Actes.Main != "a.pdf" {
			t.Errorf("prefix %s: kind %s, act %+v; want act A", prefix, e.Kind, e.Actes)
		}
	}
}

// An acknowledgement of a retour, and those of before PES V2, are known.
func TestAckRoots(t *testing.T) {
	retour := `<n:PES_ACQUIT_RETOUR xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller/ack"><Enveloppe><Parametres><NomFic V="r"/></Parametres></Enveloppe><EnTetePES><IdColl V="1"/></EnTetePES></n:PES_ACQUIT_RETOUR>`
	if h := decodeOne(t, "r.xml", retour).Helios; h == nil || h.Flow != FlowAcquitRetour || h.FileName != "r" {
		t.Errorf("retour: %+v, want an acknowledgement of a retour", h)
	}
	old := `<n:PES_Acquit xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes"><Enveloppe><Parametres><NomFic V="p"/></Parametres></Enveloppe><Acquit/></n:PES_Acquit>`
	for doc, want := range map[string]AckState{old: AckAccepted, strings.ReplaceAll(strings.ReplaceAll(old, "PES_Acquit", "PES_NonAcquit"), "<Acquit", "<NonAcquit"): AckRefused} {
		if h := decodeOne(t, "o.xml", doc).Helios; h == nil || h.Flow != FlowAcquit || h.Ack == nil || h.Ack.State != want {
			t.Errorf("%s: %s; want it %s", doc[:14], jsonOf(t, []*Envelope{{Helios: h}}), want)
		}
	}
}

// Some elements carry text instead of V: what editors say is wrong with a
// contract, and what nobody asks for.
func TestPESText(t *testing.T) {
	part := strings.Replace(piecePart, `<Obj V="o"/>`, `<Obj V="o"/><CarteAchatNiveau1>du texte</CarteAchatNiveau1>`, 1)
	e := decodeOne(t, "p.xml", pesOf("p", part, `<PES_Marche><Marches><Marche><Objet V="o"/><ERREUR>sans montant</ERREUR></Marche></Marches></PES_Marche>`))
	if codes(e) != "" || e.Helios.Pieces[0].Object != "o" {
		t.Errorf("warnings %q, piece %+v; want the piece, and text beside it", codes(e), e.Helios.Pieces[0])
	}
	if c := e.Helios.Contracts; len(c) != 1 || len(c[0].Errors) != 1 || c[0].Errors[0] != "sans montant" {
		t.Errorf("contracts %+v, want what is wrong with the one", c)
	}
}

// Two spellings are in use.
func TestPESSpellings(t *testing.T) {
	for _, spelling := range []string{"MtBordHT", "MtBordHt"} {
		part := strings.Replace(piecePart, `<IdBord V="7"/>`, `<IdBord V="7"/><`+spelling+` V="12.50"/>`, 1)
		if b := decodeOne(t, "p.xml", pesOf("p", part)).Helios.Bordereaux; b[0].Amount != "12.50" {
			t.Errorf("%s: bordereau %+v, want its amount", spelling, b[0])
		}
	}
	if h := decodeOne(t, "p.xml", strings.Replace(pesOf("p"), "CodCol ", "CodColl ", 1)).Helios; h.CodCol != "123" {
		t.Errorf("CodColl: %q, want 123", h.CodCol)
	}
}

// A bordereau may be signed, more than once, and so may the whole flow.
func TestPESSignatures(t *testing.T) {
	signed := func(id, city string) string {
		return `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xad="http://uri.etsi.org/01903/v1.1.1#" Id="` + id + `"><ds:SignedInfo/>
<ds:Object><xad:QualifyingProperties><xad:SignedProperties><xad:SignedSignatureProperties><xad:SigningTime>2017-06-09T07:55:36Z</xad:SigningTime>
<xad:SignatureProductionPlace><xad:City>` + city + `</xad:City></xad:SignatureProductionPlace><xad:SignerRole><xad:ClaimedRoles><xad:ClaimedRole>Maire</xad:ClaimedRole></xad:ClaimedRoles></xad:SignerRole>
</xad:SignedSignatureProperties></xad:SignedProperties></xad:QualifyingProperties></ds:Object></ds:Signature>`
	}
	part := strings.Replace(piecePart, "</Bordereau>", signed("S1", "Nancy")+signed("S2", "Metz")+"</Bordereau>", 1)
	got := decodeOne(t, "p.xml", pesOf("p", part, signed("S3", "Toul"))).Helios.Signatures
	if len(got) != 3 {
		t.Fatalf("%d signatures, want 3", len(got))
	}
	for i, want := range []PESSignature{{ID: "S1", City: "Nancy", Bordereau: "B"}, {ID: "S2", City: "Metz", Bordereau: "B"}, {ID: "S3", City: "Toul", Global: true}} {
		s := got[i]
		if s.ID != want.ID || s.City != want.City || s.Bordereau != want.Bordereau || s.Global != want.Global || s.Role != "Maire" || s.Time.Format("2006-01-02 15:04") != "2017-06-09 07:55" {
			t.Errorf("signature %d: %+v, want %+v by the mayor", i+1, s, want)
		}
	}
}

// A retour says what became of pieces, under another name again.
func TestPESRetour(t *testing.T) {
	part := `<PES_DepenseRetour><Bordereau><BlocBordereau><Exer V="2024"/><IdBord V="7"/></BlocBordereau>
<Piece><BlocPiece><InfoPiece><IdPce V="12"/><EtatPce V="04"/><DtePcePec V="2024-06-01"/></InfoPiece></BlocPiece></Piece></Bordereau></PES_DepenseRetour>`
	h := decodeOne(t, "r.xml", strings.ReplaceAll(pesOf("r", part), "PES_Aller", "PES_Retour")).Helios
	if h.Flow != FlowRetour || len(h.Pieces) != 1 || h.Pieces[0].ID != "12" || h.Pieces[0].State != "04" || h.Pieces[0].TakenOn.String() != "2024-06-01" || h.Pieces[0].Exercise != "2024" {
		t.Errorf("retour %+v, want what became of piece 12", h)
	}
}

// Errors stand at an element, at a piece or at a line.
func TestAckErrors(t *testing.T) {
	fault := func(code string) string {
		return `<Erreur><NumAnoAck V="` + code + `"/><LibelleAnoAck V="l"/></Erreur>`
	}
	ack := decodeOne(t, "a.xml", ackOf("p", "1", `<ElementACQUIT><DomaineAck V="5"/><EtatAck V="0"/>`+fault("E")+
		`<DetailPiece><NumPiece V="12"/>`+fault("P")+`<DetailLigne><NumLigne V="3"/>`+fault("L")+`</DetailLigne></DetailPiece></ElementACQUIT>`)).Helios.Ack
	want := []AckError{{"", "", "E", "l"}, {"12", "", "P", "l"}, {"12", "3", "L", "l"}}
	if got := ack.Elements[0].Errors; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("errors %v, want %v", got, want)
	}
}

// NomFic is any text, and says nothing about the name of the file.
func TestPESFileName(t *testing.T) {
	for _, name := range []string{"PESALR2_12345678900011_240517_001", "a.xml", "d41d8cd98f00b204e9800998ecf8427e", "Bordereau n°7 : école (2)"} {
		doc := strings.Replace(pesOf(name), "ISO-8859-1", "UTF-8", 1)
		e := decodeOne(t, "other.xml", doc)
		if e.Helios.FileName != name || e.Name != "other.xml" || !strings.Contains(e.Key, ":"+name) || codes(e) != "" {
			t.Errorf("NomFic %q, name %q, key %q, warnings %q; want it as it stands", e.Helios.FileName, e.Name, e.Key, codes(e))
		}
	}
}

// An invoice that comes again on purpose is another version of itself. Its
// supplier is identified in one of seven ways.
func TestPivotRedelivery(t *testing.T) {
	seen := make(map[string]bool)
	for _, renvoi := range []string{"Non", "Complétée", "Recyclée", "Oui"} {
		e := decodeOne(t, "p.xml", pivotOf(strings.Replace(invoiceOf("F1"), "<Id>F1</Id>", "<Id>F1</Id><IdCPRO>99</IdCPRO><Renvoi>"+renvoi+"</Renvoi>", 1)))
		if e.Chorus.Redelivery != renvoi || e.Key != "chorus:99" || seen[e.Version] {
			t.Errorf("%s: delivery %q, key %q, version %q; want the same key and another version", renvoi, e.Chorus.Redelivery, e.Key, e.Version)
		}
		seen[e.Version] = true
	}
	labels := make(map[string]bool)
	for i := 1; i <= 7; i++ {
		c := decodeOne(t, "p.xml", pivotOf(strings.Replace(invoiceOf("F1"), "<TypeIdentifiant>1<", fmt.Sprintf("<TypeIdentifiant>%d<", i), 1))).Chorus
		if labels[c.Supplier.IDType.Label] || c.Supplier.IDType.Label == "" || c.Buyer.IDType.Code != "1" {
			t.Errorf("type %d: supplier %+v, buyer %+v; want a label of its own", i, c.Supplier, c.Buyer)
		}
		labels[c.Supplier.IDType.Label] = true
	}
}

// Frames go from A1 to A25, without A11; statuses have numbers in files, and
// names in deposits.
func TestChorusTables(t *testing.T) {
	if n := len(Frames()); n != 24 {
		t.Errorf("%d frames, want 24", n)
	}
	for i := 1; i <= 25; i++ {
		if f, ok := Frames().Find(fmt.Sprintf("A%d", i)); ok != (i != 11) || ok && f.Label == "" {
			t.Errorf("A%d: %+v, %v", i, f, ok)
		}
	}
	for i, code := range []string{"DEPOSEE", "EN_COURS_ACHEMINEMENT", "MISE_A_DISPOSITION", "A_RECYCLER", "REJETEE", "SUSPENDUE", "SERVICE_FAIT", "MANDATEE",
		"MISE_A_DISPOSITION_COMPTABLE", "COMPTABILISEE", "MISE_EN_PAIEMENT", "COMPLETEE"} {
		e := decodeOne(t, "s.xml", fmt.Sprintf(`<CPPStatut><CPPFactureStatuts><CPPFactureStatutUnitaire><DonneesStatut><IdStatut>%02d</IdStatut><IdFacture>F1</IdFacture></DonneesStatut></CPPFactureStatutUnitaire></CPPFactureStatuts></CPPStatut>`, i+1))
		if e.Chorus.Status.Code != code || e.Chorus.Status.Label == "" {
			t.Errorf("status %02d: %+v, want %s", i+1, e.Chorus.Status, code)
		}
	}
}

// Before Factur-X the file inside a PDF had another name and another root.
func TestZUGFeRD(t *testing.T) {
	e := decodeOne(t, "f.pdf", facturX(t, `<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"><rsm:HeaderExchangedDocument><ID>Z1</ID></rsm:HeaderExchangedDocument></rsm:CrossIndustryDocument>`))
	if e.Kind != KindChorus || e.Chorus.Number != "Z1" || len(e.Files) != 2 || e.Files[1].Name != "ZUGFeRD-invoice.xml" {
		t.Errorf("%s of %s, files %v; want the invoice inside under its own name", jsonOf(t, []*Envelope{e}), e.Kind, e.Files)
	}
}

// storedZip returns a zip with one file that is not packed.
func storedZip(t *testing.T, name, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(body)),
		CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(body)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
