package adullact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing/fstest"

	"github.com/ezged/coldlauncher/adullact"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A deposit of Pastell: two files, and metadata that says what they are.
func Example() {
	fsys := fstest.MapFS{
		"2024_017/délibération.pdf": {Data: []byte("%PDF-1.7")},
		"2024_017/plan.pdf":         {Data: []byte("%PDF-1.7 plan")},
		"2024_017/metadata.json": {Data: []byte(`{"acte_nature":"1","numero_de_lacte":"2024_017","objet":"École Émile-Zola",
			"date_de_lacte":"2024-05-17","classification":"7.10 Divers","arrete":["délibération.pdf"],"autre_document_attache":["plan.pdf"]}`)},
	}
	var d adullact.Decoder
	envelopes, err := d.DecodeFS(context.Background(), fsys, "2024_017")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range envelopes {
		fmt.Printf("%s, because of %s\n", e.Kind, e.Reason)
		fmt.Printf("%s %s du %s : %s\n", e.Actes.Nature.Label, e.Actes.Number, e.Actes.Date, e.Actes.Subject)
		for _, f := range e.Files {
			fmt.Println(f.Role, f.Name)
		}
	}
	// Output:
	// acte_nature, because of metadata key acte_nature
	// Délibérations 2024_017 du 2024-05-17 : École Émile-Zola
	// metadata metadata.json
	// main délibération.pdf
	// annex plan.pdf
}

// An invoice of Chorus Pro, as the buyer gets it.
func ExampleDecoder_Decode() {
	pivot := `<CPPFacturePivot><CPPFactures Compteur="1"><CPPFacturePivotUnitaire>
	<Fournisseur><Identifiant>12345678900011</Identifiant><RaisonSociale>Imprimerie</RaisonSociale></Fournisseur>
	<DonneesFacture><Id>F2024-001</Id><Type>380</Type><Cadre>A1</Cadre><Devise>EUR</Devise>
	<Montants><MontantHT>1000.00</MontantHT><MontantTTC>1200.00</MontantTTC></Montants></DonneesFacture>
	<PJ><Contenu>JVBERi0xLjc=</Contenu><NomPJ>F2024-001.pdf</NomPJ><TypePJ>01</TypePJ></PJ>
	</CPPFacturePivotUnitaire></CPPFactures></CPPFacturePivot>`

	var d adullact.Decoder
	envelopes, err := d.Decode(context.Background(), "987654321.xml", strings.NewReader(pivot), int64(len(pivot)))
	if err != nil {
		fmt.Println(err)
		return
	}
	e := envelopes[0]
	fmt.Println(e.Kind, e.Chorus.Type.Label, e.Chorus.Number, e.Chorus.AmountTTC, e.Chorus.Currency)
	shown := e.Preferred()
	r, err := shown.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	fmt.Printf("%s: %q, %v\n", shown.Name, content, err)
	for _, w := range e.Warnings {
		fmt.Println(w)
	}
	// Output:
	// chorus_fact Facture F2024-001 1200.00 EUR
	// F2024-001.pdf: "%PDF-1.7", <nil>
	// unusual-wrapping "F2024-001.pdf" "PJ": base64, not zip
}

// A PES of any size, looked at as it goes by.
func ExampleDecoder_WalkPES() {
	pes := `<n:PES_Aller xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller">
	<PES_PJ><PJ><Contenu><Fichier MIMEType="application/pdf">JVBERi0xLjc=</Fichier></Contenu>
	<IdUnique V="PJ1"/><NomPJ V="facture.pdf"/></PJ></PES_PJ></n:PES_Aller>`

	var content bytes.Buffer
	var d adullact.Decoder
	err := d.WalkPES(context.Background(), strings.NewReader(pes), &adullact.PESVisitor{
		Content: func(_ *adullact.PESAttachment, r io.Reader) error {
			content.Reset()
			_, err := io.Copy(&content, r)
			return err
		},
		Attachment: func(a *adullact.PESAttachment) error {
			fmt.Printf("%s %s: %q\n", a.ID, a.Name, content.String())
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// PJ1 facture.pdf: "%PDF-1.7"
}

// An envelope as JSON.
func ExampleEnvelope() {
	letter := `<actes:Annulation xmlns:actes="http://www.interieur.gouv.fr/ACTES#v1.1-20040216" actes:IDActe="034-123456789-20240517-2024_017-DE"/>`
	var d adullact.Decoder
	envelopes, err := d.Decode(context.Background(), "annulation.xml", strings.NewReader(letter), int64(len(letter)))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := json.MarshalIndent(envelopes[0].Actes, "", "  ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(out))
	// Output:
	// {
	//   "id": "034-123456789-20240517-2024_017-DE",
	//   "number": "2024_017",
	//   "date": "2024-05-17",
	//   "nature": {
	//     "code": "1",
	//     "short": "DE",
	//     "label": "Délibérations"
	//   },
	//   "message": {
	//     "code": "6-1",
	//     "root": "Annulation",
	//     "label": "Demande d'annulation"
	//   },
	//   "direction": "to_state",
	//   "department": "034",
	//   "siren": "123456789",
	//   "annexesDeclared": -1,
	//   "cancelled": true
	// }
}

// The tables of the formats, with their labels in French.
func ExampleTable() {
	fmt.Println(adullact.Natures().Term("5").Label)
	fmt.Println(adullact.Statuses().Term("SERVICE_FAIT").Label)
	fmt.Println(adullact.Frames().Term("A9").Label)
	_, known := adullact.Natures().Find("9")
	fmt.Println(known)
	// Output:
	// Documents budgétaires et financiers
	// Service fait
	// Dépôt par un sous-traitant d'une facture
	// false
}

// Invoices that come as attachments of mails, or by any other way: Source goes
// around a Source.
func ExampleSource() {
	pivot := `<CPPFacturePivot><CPPFactures><CPPFacturePivotUnitaire><DonneesFacture><Id>F1</Id><IdCPRO>42</IdCPRO></DonneesFacture></CPPFacturePivotUnitaire></CPPFactures></CPPFacturePivot>`
	var inbox launchertest.Script // stands for a mailbox
	inbox.Add("mail 1", &launcher.Document{
		Name: "42.xml", Size: int64(len(pivot)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(pivot)), nil },
	})
	src := &adullact.Source{From: &inbox}
	err := src.Poll(context.Background(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		for _, d := range docs {
			fmt.Println(d.Group, d.Role, d.Name, d.Unit.Meta[adullact.MetaKey], d.Unit.Meta[adullact.MetaChorusNumber])
		}
		return err
	}))
	if err != nil {
		fmt.Println(err)
	}
	// Output: chorus_fact transport 42.xml chorus:42 F1
}

// A launcher for the deposits of a Pastell server.
func ExampleDeposits() {
	src := adullact.Deposits("/srv/depot")
	drop := src.Directory()
	drop.Done, drop.Rejected = "../taken", "../rejected"

	l := &launcher.Launcher{
		Name:   "pastell",
		Source: src,
		Routes: []launcher.Route{
			{Job: "12", Groups: []string{string(adullact.KindActes)}},
			{Job: "40", Groups: []string{string(adullact.KindHelios)}},
			{Job: "87", Groups: []string{string(adullact.KindChorus)}},
			{Job: "99"},
		},
	}
	fmt.Println(l.Name, len(l.Routes))
	// Output: pastell 4
}
