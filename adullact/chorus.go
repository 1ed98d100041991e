package adullact

import "cmp"

// Chorus is a supplier's invoice to a public authority. Amounts and codes are
// as they were given.
type Chorus struct {
	Format  Format `json:"format,omitempty"`
	Profile string `json:"profile,omitempty"` // of a Factur-X, CII or UBL invoice: "urn:factur-x.eu:1p0:minimum"

	CppID         string `json:"cppId,omitempty"` // id in Chorus Pro: IdCPRO, id_facture_cpp
	Number        string `json:"number,omitempty"`
	Type          Term   `json:"type,omitzero"`  // Code 380 or 381
	Frame         Term   `json:"frame,omitzero"` // Cadre, Code A1 to A25; that of the reform of 2026, such as S1, has no Label
	IssueDate     Date   `json:"issueDate,omitzero"`
	DepositDate   Date   `json:"depositDate,omitzero"`
	ReceptionDate Date   `json:"receptionDate,omitzero"`
	AvailableDate Date   `json:"availableDate,omitzero"` // made available to the buyer, or to the master of works
	DeliveryDate  Date   `json:"deliveryDate,omitzero"`
	DueDate       Date   `json:"dueDate,omitzero"`
	SuspensionEnd Date   `json:"suspensionEnd,omitzero"`

	Supplier  Party  `json:"supplier,omitzero"`
	Buyer     Party  `json:"buyer,omitzero"`
	Validator string `json:"validator,omitempty"`

	ContractNumber   string  `json:"contractNumber,omitempty"` // NumeroMarche
	EngagementNumber string  `json:"engagementNumber,omitempty"`
	Currency         string  `json:"currency,omitempty"`
	AmountHT         Decimal `json:"amountHT,omitempty"`
	AmountVAT        Decimal `json:"amountVAT,omitempty"`
	AmountTTC        Decimal `json:"amountTTC,omitempty"`
	NetToPay         Decimal `json:"netToPay,omitempty"`
	VATs             []VAT   `json:"vats,omitempty"`
	PaymentMode      Term    `json:"paymentMode,omitzero"`
	OriginalInvoice  string  `json:"originalInvoice,omitempty"` // IdFactureOrigine
	Redelivery       string  `json:"redelivery,omitempty"`      // Renvoi: "Non", "Complétée", "Recyclée"

	Status        Term           `json:"status,omitzero"` // Code such as MISE_A_DISPOSITION; Short "03"
	StatusDate    Date           `json:"statusDate,omitzero"`
	StatusComment string         `json:"statusComment,omitempty"`
	History       []StatusChange `json:"history,omitempty"`
	UpdateReason  string         `json:"updateReason,omitempty"`
	MandateNumber string         `json:"mandateNumber,omitempty"`
	Cancelled     bool           `json:"cancelled,omitempty"`

	Integration string `json:"integration,omitempty"` // type_integration: CPP, PIVOT …
	FlowID      string `json:"flowId,omitempty"`      // IdFlx
	FlowCode    string `json:"flowCode,omitempty"`    // such as FSO1113A, of the archive's name
	Syntax      string `json:"syntax,omitempty"`

	Lines       []InvoiceLine      `json:"lines,omitempty"`
	Truncated   bool               `json:"truncated,omitempty"` // there are more lines than Limits.Pieces allow to keep
	Attachments []ChorusAttachment `json:"attachments,omitempty"`

	// Of the deposit only.
	Parapheur Parapheur `json:"parapheur,omitzero"`
	Archiving Archiving `json:"archiving,omitzero"`
}

// A Format is the form of an invoice.
type Format string

const (
	FormatPivot   Format = "pivot"    // CPPFacturePivot
	FormatMixte   Format = "mixte"    // CPPFactureMixte
	FormatUBL     Format = "ubl"      // Invoice or CreditNote, UBL 2.1
	FormatCII     Format = "cii"      // CrossIndustryInvoice
	FormatFacturX Format = "factur-x" // a PDF with a CII inside
	FormatStatus  Format = "statut"   // CPPStatut or a history of statuses, no invoice
	FormatCDAR    Format = "cdar"     // a life-cycle message, no invoice
)

// A Party is a supplier or buyer.
type Party struct {
	ID          string `json:"id,omitempty"`
	IDType      Term   `json:"idType,omitzero"` // Code 1 to 7, or the scheme of the identifier
	Name        string `json:"name,omitempty"`
	Country     string `json:"country,omitempty"`
	Service     string `json:"service,omitempty"` // code
	ServiceName string `json:"serviceName,omitempty"`
	Emission    string `json:"emission,omitempty"` // ModeEmission, of a supplier
	Account     string `json:"account,omitempty"`  // only with Decoder.BankData
}

// A VAT is a rate of value added tax with its amounts.
type VAT struct {
	Rate   Decimal `json:"rate,omitempty"`
	Base   Decimal `json:"base,omitempty"`
	Amount Decimal `json:"amount,omitempty"`
}

// A StatusChange is a step in the life of an invoice.
type StatusChange struct {
	Status  Term   `json:"status,omitzero"`
	Date    Date   `json:"date,omitzero"`
	Comment string `json:"comment,omitempty"`
	By      string `json:"by,omitempty"`
}

// An InvoiceLine is a line of an invoice.
type InvoiceLine struct {
	ID        string  `json:"id,omitempty"`
	Label     string  `json:"label,omitempty"` // or the reference of a product
	Price     Decimal `json:"price,omitempty"`
	Quantity  Decimal `json:"quantity,omitempty"`
	Amount    Decimal `json:"amount,omitempty"`
	VATRate   Decimal `json:"vatRate,omitempty"`
	PriceBase Decimal `json:"priceBase,omitempty"` // the quantity that Price is for; "": 1
}

// A ChorusAttachment is a file inside an invoice.
type ChorusAttachment struct {
	Name      string `json:"name,omitempty"`
	Original  string `json:"original,omitempty"` // NomPJOrigine
	Type      string `json:"type,omitempty"`     // 01 the invoice, 02 complementary
	Category  string `json:"category,omitempty"`
	MediaType string `json:"mediaType,omitempty"`
	ID        string `json:"id,omitempty"` // IdUnique or IdOriginal
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256,omitempty"`
	Container string `json:"container,omitempty"` // how it is wrapped, as File.Form
	Broken    bool   `json:"broken,omitempty"`
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
