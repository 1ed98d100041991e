package adullact

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"
)

// invoiceOf returns an invoice of a pivot.
func invoiceOf(number string, pieces ...string) string {
	return `<CPPFacturePivotUnitaire NumOrdre="1"><Fournisseur><TypeIdentifiant>1</TypeIdentifiant><Identifiant xsi:type="xs:string">12345678900011</Identifiant><RaisonSociale>S</RaisonSociale>
<ReferenceBancaire Type="IBAN"><Compte>FR76</Compte></ReferenceBancaire><ModeEmission>flux</ModeEmission></Fournisseur>
<Debiteur><TypeIdentifiant>1</TypeIdentifiant><Identifiant>12345678900029</Identifiant></Debiteur>
<DonneesFacture><Id>` + number + `</Id><Type>380</Type><Cadre>A1</Cadre><DateEmissionFacture>2024-05-16</DateEmissionFacture><Devise>EUR</Devise>
<Montants><MontantHT>3245.000000</MontantHT><MontantTTC>3245.681450</MontantTTC><MontantNetAPayer>3245.68</MontantNetAPayer></Montants>
<TVAs><TVA><Taux>0.021</Taux><BaseHt>3245</BaseHt><MontantTVA>0.681450</MontantTVA></TVA></TVAs><Engagement><NumeroMarche/><NumeroEngagement>E1</NumeroEngagement></Engagement><Lignes/></DonneesFacture>` +
		strings.Join(pieces, "") + `</CPPFacturePivotUnitaire>`
}

func pivotOf(invoices ...string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><CPPFacturePivot xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Enveloppe><EnveloppeUnitaire><Parametres>
<ParametreIndiv><Code>IdFlx</Code><Valeurparametre>FLUX1</Valeurparametre></ParametreIndiv></Parametres></EnveloppeUnitaire></Enveloppe><CPPFactures Compteur="%d">%s</CPPFactures></CPPFacturePivot>`,
		len(invoices), strings.Join(invoices, ""))
}

// pieceOf returns a piece of an invoice.
func pieceOf(typ, name, content string) string {
	return `<PJ NumOrdre="1"><Contenu>` + content + `</Contenu><NomPJ>` + name + `</NomPJ><TypePJ>` + typ + `</TypePJ><MimeTypePJ>application/pdf</MimeTypePJ></PJ>`
}

// Pieces are unwrapped whatever they are wrapped in.
func TestPivotPieces(t *testing.T) {
	pdf := "%PDF-1.4 " + strings.Repeat("piece ", 100)
	zipped := base64Of(zipOf(t, "a.pdf", pdf))
	two := zipOf(t, "a.pdf", pdf, "b.pdf", "x")
	for _, test := range []struct {
		name, content, form, want string
		broken                    bool
		warnings                  string
	}{
		{"zip", zipped, "zip", pdf, false, ""},
		{"zip on several lines", strings.ReplaceAll(zipped, "A", "A\n"), "zip", pdf, false, ""},
		{"stored zip", base64Of(storedZip(t, "a.pdf", pdf)), "zip", pdf, false, ""},
		{"no zip", base64Of(pdf), "base64", pdf, false, "unusual-wrapping"},
		{"gzip", base64Of(gzipOf(pdf)), "gzip", pdf, false, "unusual-wrapping"},
		{"zip of several", base64Of(two), "base64", string(two), false, "unusual-wrapping"},
		{"bad base64", zipped[:50] + "*" + zipped[51:], "zip", zipped[:50] + "*" + zipped[51:], true, "broken-attachment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeOne(t, "p.xml", pivotOf(invoiceOf("F1", pieceOf("01", "a.pdf", test.content))))
			f := e.File(RoleMain)
			if f == nil {
				t.Fatalf("no main document among %+v", e.Files)
			}
			if got := body(t, f); f.Form != test.form || f.Broken != test.broken || codes(e) != test.warnings || got != test.want || int64(len(got)) != f.Size {
				t.Errorf("form %s, broken %v, warnings %q, %d bytes; want %s, %v, %q, %d", f.Form, f.Broken, codes(e), len(got), test.form, test.broken, test.warnings, len(test.want))
			}
		})
	}
}

// One pivot of several invoices is several envelopes, each with its own pieces
// and the pivot itself.
func TestPivotOfSeveral(t *testing.T) {
	doc := pivotOf(invoiceOf("F1", pieceOf("01", "a.pdf", base64Of(zipOf(t, "a.pdf", "%PDF a")))), invoiceOf("F2", pieceOf("02", "b.pdf", base64Of(zipOf(t, "b.pdf", "%PDF b")))))
	out, err := decode(t, &Decoder{}, "p.xml", []byte(doc))
	if err != nil || len(out) != 2 {
		t.Fatalf("%d envelopes, %v; want 2", len(out), err)
	}
	for i, want := range []string{"transport p.xml main a.pdf", "transport p.xml annex b.pdf"} {
		var got []string
		for _, f := range out[i].Files {
			got = append(got, string(f.Role)+" "+f.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("invoice %d: files %q, want %q", i+1, got, want)
		}
	}
	out, err = decode(t, &Decoder{}, "p.xml", []byte(strings.Replace(doc, `Compteur="2"`, `Compteur="3"`, 1)))
	if err != nil || codes(out[0]) != "count" {
		t.Errorf("a wrong Compteur: %v, warnings %q; want a warning", err, codes(out[0]))
	}
}

// Amounts keep their digits, empty elements are no values, types on leaves and
// blanks around names do not matter.
func TestPivotValues(t *testing.T) {
	e := decodeOne(t, "p.xml", pivotOf(invoiceOf("F1", pieceOf("01", "a.pdf ", base64Of(zipOf(t, "a.pdf", "%PDF"))))))
	c := e.Chorus
	if c.AmountTTC != "3245.681450" || c.VATs[0].Rate != "0.021" || c.AmountVAT != "0.681450" || c.NetToPay != "3245.68" {
		t.Errorf("amounts %s, %s, %s, %s; want them as they stand", c.AmountTTC, c.VATs[0].Rate, c.AmountVAT, c.NetToPay)
	}
	if c.ContractNumber != "" || c.EngagementNumber != "E1" || c.Supplier.ID != "12345678900011" || c.FlowID != "FLUX1" || c.Supplier.Account != "" {
		t.Errorf("invoice %+v, want its identifiers and no account", c)
	}
	if c.Attachments[0].Name != "a.pdf" {
		t.Errorf("piece %q, want the name without blanks", c.Attachments[0].Name)
	}
	old := strings.NewReplacer("<TVAs>", "<TVAS>", "</TVAs>", "</TVAS>").Replace(pivotOf(invoiceOf("F1")))
	if got := decodeOne(t, "p.xml", old).Chorus.AmountVAT; got != "0.681450" {
		t.Errorf("TVAS: VAT %s, want it read", got)
	}
}

// The main piece may be an XML; two pieces may have one name.
func TestPivotXMLPiece(t *testing.T) {
	e := decodeOne(t, "p.xml", pivotOf(invoiceOf("F1",
		pieceOf("01", "ubl.xml", base64Of(zipOf(t, "ubl.xml", "<Invoice/>"))), pieceOf("02", "a.pdf", base64Of(zipOf(t, "a.pdf", "%PDF 1"))), pieceOf("02", "a.pdf", base64Of(zipOf(t, "a.pdf", "%PDF 2"))))))
	if f := e.File(RoleMain); f == nil || f.Name != "ubl.xml" {
		t.Errorf("main document %+v, want the XML", f)
	}
	if len(e.Files) != 4 || codes(e) != "same-name" {
		t.Errorf("%d files, warnings %q; want all four and a warning", len(e.Files), codes(e))
	}
}

// A pivot may hold no pieces and have them beside it.
func TestPivotPiecesBeside(t *testing.T) {
	pivot := pivotOf(invoiceOf("F1", `<PJ><NomPJ>a.pdf</NomPJ><TypePJ>01</TypePJ></PJ><PJ><NomPJ>gone.pdf</NomPJ><TypePJ>02</TypePJ></PJ>`))
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "F1PivotS.xml", pivot, "a.pdf", "%PDF", "other.txt", "x"))
	if err != nil || len(out) != 1 {
		t.Fatalf("%d envelopes, %v; want one", len(out), err)
	}
	if f := out[0].File(RoleMain); f == nil || f.Name != "a.pdf" || codes(out[0]) != "missing-file unlisted-file" {
		t.Errorf("main document %+v, warnings %q; want the one beside, and two warnings", f, codes(out[0]))
	}
}

// A delivery may hold the pieces in the pivot and beside it: each comes once.
func TestPivotPiecesTwice(t *testing.T) {
	pivot := pivotOf(invoiceOf("F1", pieceOf("01", "a.pdf", base64Of(zipOf(t, "a.pdf", "%PDF")))))
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "p.xml", pivot, "a.pdf", "%PDF"))
	if err != nil || len(out[0].Files) != 2 || out[0].File(RoleMain).Form != "" {
		t.Errorf("%d files, %v; want the pivot and the file beside it", len(out[0].Files), err)
	}
}

// An invoice in two formats is one envelope.
func TestInvoiceTwice(t *testing.T) {
	ubl := `<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>F1</ID><InvoiceTypeCode>380</InvoiceTypeCode></Invoice>`
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "p.xml", pivotOf(invoiceOf("F1")), "u.xml", ubl))
	if err != nil || len(out) != 1 || out[0].Chorus.Format != FormatPivot {
		t.Fatalf("%d envelopes, %v; want one, of the pivot", len(out), err)
	}
}

// The lot of a flow tells the flow by its name.
func TestFlowName(t *testing.T) {
	out, err := decode(t, &Decoder{}, "FSO1113A_CPP001_CPP0011113000000000044750.tar.gz", tarOf(t, "mixte.xml",
		strings.ReplaceAll(strings.Replace(pivotOf(invoiceOf("F1")), "FLUX1", "", 1), "CPPFacturePivot", "CPPFactureMixte")))
	if err != nil {
		t.Fatal(err)
	}
	if c := out[0].Chorus; c.Format != FormatMixte || c.FlowCode != "FSO1113A" || c.FlowID != "CPP0011113000000000044750" {
		t.Errorf("invoice %+v, want the flow of the name", c)
	}
}

// A change of status has the number of its status, and an impossible date is a
// warning.
func TestStatut(t *testing.T) {
	e := decodeOne(t, "s.xml", `<CPPStatut><CPPFactureStatuts><CPPFactureStatutUnitaire><Fournisseur><Identifiant>1</Identifiant></Fournisseur>
<DonneesStatut><IdStatut>08</IdStatut><Horodatage>2018-15-18T16:51:55</Horodatage><IdFacture>F1</IdFacture><DateFacture>2024-05-16</DateFacture><IdMandatDP>M9</IdMandatDP></DonneesStatut></CPPFactureStatutUnitaire></CPPFactureStatuts></CPPStatut>`)
	c := e.Chorus
	if c.Status.Code != "MANDATEE" || c.MandateNumber != "M9" || c.StatusDate.Valid() || codes(e) != "value" || c.Format != FormatStatus {
		t.Errorf("status %+v of %s, warnings %q; want MANDATEE and a warning", c.Status, c.StatusDate, codes(e))
	}
}

const ciiDoc = `<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="r" xmlns:udt="u">
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:factur-x.eu:1p0:minimum</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>FX1</ram:ID><ram:TypeCode>381</ram:TypeCode><ram:IssueDateTime><udt:DateTimeString format="102">20240516</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>S</ram:Name></ram:SellerTradeParty>
<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>D1</ram:IssuerAssignedID><ram:AttachmentBinaryObject mimeCode="application/pdf" filename="a.pdf">JVBERi0xLjQ=</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument>
</ram:ApplicableHeaderTradeAgreement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>`

// facturX returns a PDF with an invoice inside.
func facturX(t testing.TB, xml string) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	io.WriteString(z, xml)
	z.Close()
	return "%PDF-1.7\n1 0 obj\n<< /Type /EmbeddedFile /Filter /FlateDecode /Length " + fmt.Sprint(b.Len()) + " >>\nstream\n" + b.String() + "\nendstream\nendobj\n%%EOF"
}

// A Factur-X is an invoice, with the XML inside it as a file and the files
// inside that.
func TestFacturX(t *testing.T) {
	e := decodeOne(t, "f.pdf", facturX(t, ciiDoc))
	if e.Layer != LayerPDF || e.Chorus.Format != FormatFacturX || e.Chorus.Number != "FX1" || e.Chorus.Type.Label != "Avoir" || e.Chorus.IssueDate.String() != "2024-05-16" {
		t.Errorf("envelope %+v of %+v, want the invoice FX1", e, e.Chorus)
	}
	want := map[string]string{"f.pdf": facturX(t, ciiDoc), "factur-x.xml": ciiDoc, "a.pdf": "%PDF-1.4"}
	for i := range e.Files {
		if got := body(t, &e.Files[i]); got != want[e.Files[i].Name] {
			t.Errorf("%s: %d bytes, want %d", e.Files[i].Name, len(got), len(want[e.Files[i].Name]))
		}
		delete(want, e.Files[i].Name)
	}
	if len(want) > 0 {
		t.Errorf("files missing: %v", want)
	}
}

// A PDF with another XML inside, or a broken one, is no invoice.
func TestPDFWithout(t *testing.T) {
	for name, xml := range map[string]string{"other XML": "<x/>", "not well-formed": "<rsm:CrossIndustryInvoice>", "with a document type": "<!DOCTYPE x>" + ciiDoc} {
		if e := decodeOne(t, "f.pdf", facturX(t, xml)); e.Kind != KindUnknown {
			t.Errorf("%s: kind %s, want unknown", name, e.Kind)
		}
	}
}

// The history of an invoice is read in its deposit.
func TestHistory(t *testing.T) {
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "h.json", `{"statutCourantCode":"SUSPENDUE","historiquesDesStatuts":{"histoStatut":[{"histoStatutCode":"SUSPENDUE","histoStatutDatePassage":"2024-05-17 10:36","histoStatutCommentaire":"c","histoStatutUtilisateurNom":"N","histoStatutUtilisateurPrenom":"P"}]}}`,
		"metadata.json", `{"id_facture_cpp":987654321012345678901,"statut_cpp":"MANDATEE","montant_ttc":1200.0,"is_annule":false,"histo_statut_cpp":["h.json"]}`))
	if err != nil {
		t.Fatal(err)
	}
	c := out[0].Chorus
	if c.CppID != "987654321012345678901" || c.AmountTTC != "1200.0" || c.Cancelled || len(c.History) != 1 || c.History[0].By != "P N" || codes(out[0]) != "metadata-differs" {
		t.Errorf("invoice %+v, warnings %q; want numbers as they stand, the history, and a warning", c, codes(out[0]))
	}
}
