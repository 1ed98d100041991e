package adullact

import "cmp"

// Chorus is a supplier's invoice to a public authority. Amounts and codes are
// as they were given.
type Chorus struct {
	Format  Format
	Profile string // of a Factur-X, CII or UBL invoice: "urn:factur-x.eu:1p0:minimum"

	CppID         string // id in Chorus Pro: IdCPRO, id_facture_cpp
	Number        string
	Type          Term // Code 380 or 381
	Frame         Term // Cadre, Code A1 to A25
	IssueDate     Date
	DepositDate   Date
	ReceptionDate Date
	AvailableDate Date // made available to the buyer, or to the master of works
	DeliveryDate  Date
	DueDate       Date
	SuspensionEnd Date

	Supplier  Party
	Buyer     Party
	Validator string

	ContractNumber   string // NumeroMarche
	EngagementNumber string
	Currency         string
	AmountHT         Decimal
	AmountVAT        Decimal
	AmountTTC        Decimal
	NetToPay         Decimal
	VATs             []VAT
	PaymentMode      Term
	OriginalInvoice  string // IdFactureOrigine
	Redelivery       string // Renvoi: "Non", "Complétée", "Recyclée"

	Status        Term // Code such as MISE_A_DISPOSITION; Short "03"
	StatusDate    Date
	StatusComment string
	History       []StatusChange
	UpdateReason  string
	MandateNumber string
	Cancelled     bool

	Integration string // type_integration: CPP, PIVOT …
	FlowID      string // IdFlx
	FlowCode    string // such as FSO1113A, of the archive's name
	Syntax      string

	Lines       []InvoiceLine
	Truncated   bool // there are more lines than Limits.Pieces allow to keep
	Attachments []ChorusAttachment

	// Of the deposit only.
	Parapheur Parapheur
	Archiving Archiving
}

// A Format is the form of an invoice.
type Format string

const (
	FormatPivot   Format = "pivot"    // CPPFacturePivot
	FormatMixte   Format = "mixte"    // CPPFactureMixte
	FormatUBL     Format = "ubl"      // Invoice or CreditNote, UBL 2.1
	FormatCII     Format = "cii"      // CrossIndustryInvoice
	FormatFacturX Format = "factur-x" // a PDF with a CII inside
	FormatStatus  Format = "statut"   // CPPStatut: a change of status, no invoice
	FormatCDAR    Format = "cdar"     // a life-cycle message, no invoice
)

// A Party is a supplier or buyer.
type Party struct {
	ID          string
	IDType      Term // Code 1 to 7, or the scheme of the identifier
	Name        string
	Country     string
	Service     string // code
	ServiceName string
	Emission    string // ModeEmission, of a supplier
	Account     string // only with Decoder.BankData
}

// A VAT is a rate of value added tax with its amounts.
type VAT struct{ Rate, Base, Amount Decimal }

// A StatusChange is a step in the life of an invoice.
type StatusChange struct {
	Status  Term
	Date    Date
	Comment string
	By      string
}

// An InvoiceLine is a line of an invoice.
type InvoiceLine struct {
	ID                             string
	Label                          string // or the reference of a product
	Price, Quantity, Amount, VATRt Decimal
}

// A ChorusAttachment is a file inside an invoice.
type ChorusAttachment struct {
	Name      string
	Original  string // NomPJOrigine
	Type      string // 01 the invoice, 02 complementary
	Category  string
	MediaType string
	ID        string // IdUnique or IdOriginal
	Size      int64
	SHA256    string
	Container string // how it is wrapped, as File.Form
	Broken    bool
}

// key returns what identifies an invoice.
func (c *Chorus) key() string {
	if c.CppID != "" {
		return "chorus:" + c.CppID
	}
	return joinKey("chorus", c.Supplier.ID, c.Number, c.IssueDate.String())
}

// version returns what changes while an invoice stays the same.
func (c *Chorus) version() string {
	if c.Status.Code == "" && c.Redelivery == "" && c.StatusDate.IsZero() {
		return ""
	}
	return c.Status.Code + ":" + c.StatusDate.String() + ":" + c.Redelivery
}

// isPart reports whether b may describe the same invoice as c.
func (c *Chorus) isPart(b *Chorus) bool {
	if c.CppID != "" && b.CppID != "" {
		return c.CppID == b.CppID
	}
	return c.Number != "" && c.Number == b.Number
}

// fill takes from b what c lacks.
func (c *Chorus) fill(b *Chorus) {
	for _, s := range []struct{ to, from *string }{
		{&c.CppID, &b.CppID}, {&c.Number, &b.Number}, {&c.Profile, &b.Profile}, {&c.Validator, &b.Validator},
		{&c.ContractNumber, &b.ContractNumber}, {&c.EngagementNumber, &b.EngagementNumber}, {&c.Currency, &b.Currency},
		{&c.OriginalInvoice, &b.OriginalInvoice}, {&c.Redelivery, &b.Redelivery}, {&c.StatusComment, &b.StatusComment},
		{&c.UpdateReason, &b.UpdateReason}, {&c.MandateNumber, &b.MandateNumber}, {&c.Integration, &b.Integration},
		{&c.FlowID, &b.FlowID}, {&c.FlowCode, &b.FlowCode}, {&c.Syntax, &b.Syntax},
	} {
		set(s.to, *s.from)
	}
	for _, d := range []struct{ to, from *Date }{
		{&c.IssueDate, &b.IssueDate}, {&c.DepositDate, &b.DepositDate}, {&c.ReceptionDate, &b.ReceptionDate},
		{&c.AvailableDate, &b.AvailableDate}, {&c.DeliveryDate, &b.DeliveryDate}, {&c.DueDate, &b.DueDate},
		{&c.SuspensionEnd, &b.SuspensionEnd}, {&c.StatusDate, &b.StatusDate},
	} {
		if d.to.IsZero() {
			*d.to = *d.from
		}
	}
	for _, t := range []struct{ to, from *Term }{
		{&c.Type, &b.Type}, {&c.Frame, &b.Frame}, {&c.PaymentMode, &b.PaymentMode}, {&c.Status, &b.Status},
		{&c.Supplier.IDType, &b.Supplier.IDType}, {&c.Buyer.IDType, &b.Buyer.IDType},
	} {
		if t.to.Code == "" {
			*t.to = *t.from
		}
	}
	c.Supplier.fill(b.Supplier)
	c.Buyer.fill(b.Buyer)
	c.AmountHT, c.AmountVAT = cmp.Or(c.AmountHT, b.AmountHT), cmp.Or(c.AmountVAT, b.AmountVAT)
	c.AmountTTC, c.NetToPay = cmp.Or(c.AmountTTC, b.AmountTTC), cmp.Or(c.NetToPay, b.NetToPay)
	c.Format = cmp.Or(c.Format, b.Format)
	c.Cancelled = c.Cancelled || b.Cancelled
	if c.VATs == nil {
		c.VATs = b.VATs
	}
	if c.Lines == nil {
		c.Lines, c.Truncated = b.Lines, b.Truncated
	}
	if c.Attachments == nil {
		c.Attachments = b.Attachments
	}
	if c.History == nil {
		c.History = b.History
	}
}

func (p *Party) fill(q Party) {
	set(&p.ID, q.ID)
	set(&p.Name, q.Name)
	set(&p.Country, q.Country)
	set(&p.Service, q.Service)
	set(&p.ServiceName, q.ServiceName)
	set(&p.Emission, q.Emission)
	set(&p.Account, q.Account)
}
