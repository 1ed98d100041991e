package adullact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// An invoiceFile is what a file about invoices says.
type invoiceFile struct {
	own      bool // a format that only Chorus Pro uses
	invoices []*invoice
}

// An invoice is one of a file.
type invoice struct {
	chorus Chorus
	named  []namedPiece // pieces that the invoice names without holding them
	inner  []*member
}

// A namedPiece is a piece that lies beside the invoice.
type namedPiece struct {
	name string
	role Role
}

// An invoiceReader reads the invoices of a file.
type invoiceReader struct {
	*decoding
	file *member
	doc  *invoiceFile
	at   *invoice // the one at hand
	flow Chorus   // what the file says of all
	text int64    // bytes of what is kept, about

	apart int64 // bytes of attachments
}

// newInvoice begins an invoice.
func (x *invoiceReader) newInvoice(f Format) (*invoice, error) {
	if x.entries++; x.entries > x.limits.Entries {
		return nil, fmt.Errorf("invoice %d: %w", len(x.doc.invoices)+1, &LimitError{Limit: "Entries", Max: int64(x.limits.Entries)})
	}
	x.at = &invoice{}
	x.at.chorus.Format = f
	x.doc.invoices = append(x.doc.invoices, x.at)
	return x.at, nil
}

// content reads an attachment that is inside an element.
func (x *invoiceReader) content(_ *xmlscan.Node, c *xmlscan.Content) (any, error) {
	e, err := x.readEnclosed(c, x.limits.ChorusAttachment, "ChorusAttachment")
	if err != nil {
		return nil, err
	}
	x.apart += e.to - e.from
	return e, nil
}

// attach adds an attachment. usual is how its format wraps them.
func (x *invoiceReader) attach(a ChorusAttachment, c *enclosed, usual payload.Form, field string) error {
	inv := x.at
	if c == nil || c.form == string(payload.Empty) {
		if c != nil {
			x.file.note(WarnNoContent, field, "%q", a.Name)
		}
		if a.Name != "" {
			inv.named = append(inv.named, namedPiece{baseName(a.Name), pieceRole(a.Type)})
		}
		inv.chorus.Attachments = append(inv.chorus.Attachments, a)
		return nil
	}
	if x.entries++; x.entries > x.limits.Entries {
		return fmt.Errorf("attachment %.100q: %w", a.Name, &LimitError{Limit: "Entries", Max: int64(x.limits.Entries)})
	}
	m, err := x.enclosedMember(x.file, c, enclosedName(a.Name, "piece", len(inv.inner), c.sniffed))
	if err != nil {
		return err
	}
	m.field, m.mime = field, a.MediaType
	a.Container, a.Size, a.SHA256, a.Broken = c.form, m.size, m.sum, m.broken
	switch {
	case m.broken:
		m.note(WarnBroken, field, "%v", c.broken)
	case c.form != string(usual):
		m.note(WarnNotGzip, field, "%s, not %s", c.form, usual)
	}
	inv.chorus.Attachments = append(inv.chorus.Attachments, a)
	inv.inner = append(inv.inner, m)
	return nil
}

// pieceRole returns the role of a piece by its TypePJ.
func pieceRole(typ string) Role {
	if typ == "01" {
		return RoleMain
	}
	return RoleAnnex
}

// line keeps a line of the invoice at hand.
func (x *invoiceReader) line(l InvoiceLine) {
	c := &x.at.chorus
	x.text += int64(len(l.ID) + len(l.Label))
	if over := x.tooMany(len(c.Lines)); over != nil {
		if !c.Truncated {
			x.file.note(WarnTruncated, "", "lines of an invoice are left out: %v", over)
		}
		c.Truncated = true
		return
	}
	c.Lines = append(c.Lines, l)
}

// tooMany returns the limit that keeps one more line than n from being kept.
func (x *invoiceReader) tooMany(n int) error {
	switch {
	case n >= x.limits.Pieces:
		return &LimitError{Limit: "Pieces", Max: int64(x.limits.Pieces)}
	case x.text > int64(x.limits.Memory):
		return &LimitError{Limit: "Memory", Max: int64(x.limits.Memory)}
	}
	return nil
}

// readPivot reads invoices in the format of Chorus Pro.
func (dec *decoding) readPivot(m *member, s *xmlscan.Scanner) error {
	format := FormatPivot
	if m.root == "CPPFactureMixte" {
		format = FormatMixte
	}
	x := &invoiceReader{decoding: dec, file: m, doc: &invoiceFile{own: true}}
	declared := -1
	for {
		event, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if event != xmlscan.Start {
			continue
		}
		switch name := s.Name(); {
		case name == "Enveloppe":
			err = x.cppEnvelope(s)
		case name == "CPPFactures":
			declared = countOf(s.Attr("Compteur"))
		case strings.HasPrefix(name, "CPPFacture") && strings.HasSuffix(name, "Unitaire"):
			err = x.pivot(s, format)
		}
		if err != nil {
			return err
		}
	}
	if declared >= 0 && declared != len(x.doc.invoices) {
		m.note(WarnCount, "Compteur", "%d invoices declared, %d found", declared, len(x.doc.invoices))
	}
	m.doc = x.doc
	return nil
}

// cppEnvelope reads what a file of Chorus Pro says of itself.
func (x *invoiceReader) cppEnvelope(s *xmlscan.Scanner) error {
	n, err := s.Tree(nil)
	if err != nil {
		return err
	}
	for _, p := range n.Child("EnveloppeUnitaire", "Parametres").All("ParametreIndiv") {
		if p.Child("Code").Text() == "IdFlx" {
			x.flow.FlowID = p.Child("Valeurparametre").Text()
		}
	}
	return nil
}

func (x *invoiceReader) pivot(s *xmlscan.Scanner, format Format) error {
	inv, err := x.newInvoice(format)
	if err != nil {
		return err
	}
	from, apart := s.Offset(), x.apart
	n, err := s.Tree(map[string]xmlscan.Divert{"Contenu": x.content})
	if err != nil {
		return err
	}
	if x.text += s.Offset() - from - (x.apart - apart); x.text > int64(x.limits.Memory) {
		return &LimitError{Limit: "Memory", Max: int64(x.limits.Memory)}
	}
	c := &inv.chorus
	c.FlowID = x.flow.FlowID
	c.Supplier, c.Buyer = x.supplier(n.Child("Fournisseur")), buyer(n.Child("Debiteur"))
	x.facts(c, n.Child("DonneesFacture"))
	for _, v := range n.Child("CycleDeValidation").All("ValidationUnitaire") {
		c.History = append(c.History, StatusChange{
			statusOf(v.Child("CodeStatut").Text()), parseDate(v.Child("DateStatut").Text()),
			cmp.Or(v.Child("Commentaire").Text(), v.Child("ComplementStatut").Text()), v.Child("ProducteurStatut", "RaisonSociale").Text(),
		})
		c.Validator = v.Child("ProducteurStatut", "RaisonSociale").Text()
	}
	for _, pj := range n.All("PJ") {
		content, _ := pj.Child("Contenu").Value().(*enclosed)
		err := x.attach(ChorusAttachment{
			Name: pj.Child("NomPJ").Text(), Original: pj.Child("NomPJOrigine").Text(), Type: pj.Child("TypePJ").Text(),
			Category: pj.Child("CategoriePJ").Text(), MediaType: pj.Child("MimeTypePJ").Text(),
			ID: cmp.Or(pj.Child("IdUnique").Text(), pj.Child("IdOriginal").Text()),
		}, content, payload.Zip, "PJ")
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *invoiceReader) supplier(n *xmlscan.Node) Party {
	p := Party{
		ID: n.Child("Identifiant").Text(), IDType: IdentifierTypes().Term(n.Child("TypeIdentifiant").Text()),
		Name: n.Child("RaisonSociale").Text(), Country: n.Child("CodePays").Text(), Emission: n.Child("ModeEmission").Text(),
		Service: n.Child("CodeService").Text(), ServiceName: n.Child("NomService").Text(),
	}
	if x.BankData {
		p.Account = n.Child("ReferenceBancaire", "Compte").Text()
	}
	return p
}

func buyer(n *xmlscan.Node) Party {
	return Party{
		ID: n.Child("Identifiant").Text(), IDType: IdentifierTypes().Term(n.Child("TypeIdentifiant").Text()),
		Name: cmp.Or(n.Child("Nom").Text(), n.Child("RaisonSociale").Text()), Country: n.Child("CodePays").Text(),
		Service: n.Child("CodeService").Text(), ServiceName: n.Child("NomService").Text(),
	}
}

// facts reads DonneesFacture.
func (x *invoiceReader) facts(c *Chorus, n *xmlscan.Node) {
	text := func(path ...string) string { return n.Child(path...).Text() }
	day := func(name string) Date { return date(x.file, name, text(name)) }
	c.Number, c.CppID, c.Redelivery = text("Id"), text("IdCPRO"), text("Renvoi")
	c.OriginalInvoice = text("IdFactureOrigine")
	c.Type, c.Frame = InvoiceTypes().Term(text("Type")), Frames().Term(text("Cadre"))
	c.IssueDate, c.DeliveryDate = day("DateEmissionFacture"), day("DateLivraison")
	c.ReceptionDate, c.AvailableDate = day("DateReception"), day("DateMiseADispositionMOE")
	c.PaymentMode = PaymentModes().Term(text("ModePaiement", "Code"))
	if label := text("ModePaiement", "Libelle"); label != "" {
		c.PaymentMode.Label = label
	}
	c.Currency = text("Devise")
	c.AmountHT, c.AmountTTC = Decimal(text("Montants", "MontantHT")), Decimal(text("Montants", "MontantTTC"))
	c.NetToPay = Decimal(text("Montants", "MontantNetAPayer"))
	vats := n.Child("TVAs")
	if vats == nil {
		vats = n.Child("TVAS")
	}
	var vat sum
	for _, v := range vats.All("TVA") {
		c.VATs = append(c.VATs, VAT{Decimal(v.Child("Taux").Text()), Decimal(v.Child("BaseHt").Text()), Decimal(v.Child("MontantTVA").Text())})
		vat.add(Decimal(v.Child("MontantTVA").Text()))
	}
	c.AmountVAT = vat.decimal()
	c.ContractNumber, c.EngagementNumber = text("Engagement", "NumeroMarche"), text("Engagement", "NumeroEngagement")
	for _, l := range n.Child("Lignes").All("Ligne") {
		x.line(InvoiceLine{
			l.Attr("NumOrdre"), l.Child("ReferenceProduit").Text(), Decimal(l.Child("PrixUnitaire").Text()),
			Decimal(l.Child("Quantite").Text()), Decimal(l.Child("MontantHT").Text()), Decimal(l.Child("TauxTVA").Text()), "",
		})
	}
}

// readStatut reads changes of status of invoices or flows.
func (dec *decoding) readStatut(m *member, s *xmlscan.Scanner) error {
	x := &invoiceReader{decoding: dec, file: m, doc: &invoiceFile{own: true}}
	for {
		event, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if event != xmlscan.Start {
			continue
		}
		switch s.Name() {
		case "Enveloppe":
			err = x.cppEnvelope(s)
		case "CPPFactureStatutUnitaire", "CPPFluxStatutUnitaire":
			err = x.statut(s)
		}
		if err != nil {
			return err
		}
	}
	m.doc = x.doc
	return nil
}

func (x *invoiceReader) statut(s *xmlscan.Scanner) error {
	inv, err := x.newInvoice(FormatStatus)
	if err != nil {
		return err
	}
	n, err := s.Tree(nil)
	if err != nil {
		return err
	}
	c, d := &inv.chorus, n.Child("DonneesStatut")
	c.Supplier, c.Buyer = x.supplier(n.Child("Fournisseur")), buyer(n.Child("Debiteur"))
	c.FlowID = cmp.Or(d.Child("IdFlux").Text(), x.flow.FlowID)
	c.Status = statusOf(d.Child("IdStatut").Text())
	c.StatusDate = date(x.file, "Horodatage", d.Child("Horodatage").Text())
	c.StatusComment = cmp.Or(d.Child("Commentaire").Text(), d.Child("ComplementStatut").Text())
	c.Number, c.MandateNumber = d.Child("IdFacture").Text(), d.Child("IdMandatDP").Text()
	c.IssueDate = date(x.file, "DateFacture", d.Child("DateFacture").Text())
	c.History = []StatusChange{{c.Status, c.StatusDate, c.StatusComment, ""}}
	return nil
}

// A history is the past of an invoice, as the interface of Chorus Pro gives it.
type history struct {
	current string
	changes []StatusChange
}

func readHistory(b []byte) (*history, error) {
	var in struct {
		Current string `json:"statutCourantCode"`
		History struct {
			Changes []struct {
				Code    string `json:"histoStatutCode"`
				Date    string `json:"histoStatutDatePassage"`
				Comment string `json:"histoStatutCommentaire"`
				Name    string `json:"histoStatutUtilisateurNom"`
				First   string `json:"histoStatutUtilisateurPrenom"`
			} `json:"histoStatut"`
		} `json:"historiquesDesStatuts"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, jsonError(err)
	}
	h := &history{current: in.Current}
	for _, c := range in.History.Changes {
		h.changes = append(h.changes, StatusChange{
			statusOf(c.Code), parseDate(c.Date), strings.TrimSpace(c.Comment), strings.TrimSpace(c.First + " " + c.Name),
		})
	}
	return h, nil
}
