package adullact

import (
	"cmp"
	"io"
	"math/big"
	"regexp"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// readUBL reads an Invoice or CreditNote of UBL 2.1.
func (dec *decoding) readUBL(m *member, s *xmlscan.Scanner) error {
	x := &invoiceReader{decoding: dec, file: m, doc: &invoiceFile{}}
	inv, err := x.newInvoice(FormatUBL)
	if err != nil {
		return err
	}
	if m.root == "CreditNote" {
		inv.chorus.Type = InvoiceTypes().Term("381")
	}
	err = x.eachChild(s, "", func(n *xmlscan.Node) error { return x.ubl(&inv.chorus, n) })
	if err != nil {
		return err
	}
	m.doc = x.doc
	return nil
}

// eachChild calls fn with the elements below the root and below element
// descend, one at a time.
func (x *invoiceReader) eachChild(s *xmlscan.Scanner, descend string, fn func(n *xmlscan.Node) error) error {
	divert := map[string]xmlscan.Divert{"EmbeddedDocumentBinaryObject": x.content, "AttachmentBinaryObject": x.content}
	for {
		event, err := s.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if event != xmlscan.Start || s.Name() == descend {
			continue
		}
		n, err := s.Tree(divert)
		if err != nil {
			return err
		}
		if err := fn(n); err != nil {
			return err
		}
	}
}

// ubl reads one element of an invoice.
func (x *invoiceReader) ubl(c *Chorus, n *xmlscan.Node) error {
	switch n.Name {
	case "CustomizationID":
		c.Profile = n.Text()
	case "ProfileID":
		c.Frame = frameOf(n.Text())
	case "ID":
		c.Number = n.Text()
	case "IssueDate":
		c.IssueDate = date(x.file, n.Name, n.Text())
	case "DueDate":
		c.DueDate = date(x.file, n.Name, n.Text())
	case "InvoiceTypeCode", "CreditNoteTypeCode":
		c.Type = InvoiceTypes().Term(n.Text())
	case "DocumentCurrencyCode":
		c.Currency = n.Text()
	case "BuyerReference":
		c.Buyer.Service = n.Text()
	case "OrderReference":
		c.EngagementNumber = n.Child("ID").Text()
	case "ContractDocumentReference":
		c.ContractNumber = n.Child("ID").Text()
	case "BillingReference":
		c.OriginalInvoice = cmp.Or(c.OriginalInvoice, n.Child("InvoiceDocumentReference", "ID").Text())
	case "AccountingSupplierParty":
		c.Supplier.fill(ublParty(n.Child("Party")))
		c.Supplier.IDType = schemeOf(n.Child("Party"))
	case "AccountingCustomerParty":
		c.Buyer.fill(ublParty(n.Child("Party")))
		c.Buyer.IDType = schemeOf(n.Child("Party"))
	case "Delivery":
		c.DeliveryDate = date(x.file, "ActualDeliveryDate", n.Child("ActualDeliveryDate").Text())
	case "PaymentMeans":
		if c.PaymentMode.Code == "" {
			c.PaymentMode = PaymentModes().Term(n.Child("PaymentMeansCode").Text())
		}
		if c.DueDate.IsZero() { // a credit note has it here
			c.DueDate = date(x.file, "PaymentDueDate", n.Child("PaymentDueDate").Text())
		}
		if x.BankData && c.Supplier.Account == "" {
			c.Supplier.Account = n.Child("PayeeFinancialAccount", "ID").Text()
		}
	case "TaxTotal":
		ublTax(c, n)
	case "LegalMonetaryTotal":
		c.AmountHT, c.AmountTTC = Decimal(n.Child("TaxExclusiveAmount").Text()), Decimal(n.Child("TaxInclusiveAmount").Text())
		c.NetToPay = Decimal(n.Child("PayableAmount").Text())
	case "InvoiceLine", "CreditNoteLine":
		x.ublLine(n)
	case "AdditionalDocumentReference":
		return x.ublAttachment(n)
	}
	return nil
}

// frameCode is a frame of Chorus Pro (A), or one of the reform of 2026: of goods
// (B), services (S) or both (M).
var frameCode = regexp.MustCompile(`^[ABSM][0-9]{1,2}$`)

// frameOf returns the frame that the identifier of a process stands for; the
// zero Term if it is another process.
func frameOf(process string) Term {
	if !frameCode.MatchString(process) {
		return Term{}
	}
	return Frames().Term(process)
}

func ublParty(n *xmlscan.Node) Party {
	legal := n.Child("PartyLegalEntity")
	return Party{
		ID:      cmp.Or(legal.Child("CompanyID").Text(), n.Child("PartyIdentification", "ID").Text(), n.Child("PartyTaxScheme", "CompanyID").Text()),
		Name:    cmp.Or(legal.Child("RegistrationName").Text(), n.Child("PartyName", "Name").Text()),
		Country: n.Child("PostalAddress", "Country", "IdentificationCode").Text(),
	}
}

// schemeOf returns the scheme of the identifier that ublParty chose.
func schemeOf(n *xmlscan.Node) Term {
	if id := n.Child("PartyLegalEntity", "CompanyID"); id.Text() != "" {
		return IdentifierTypes().Term(id.Attr("schemeID"))
	}
	return IdentifierTypes().Term(n.Child("PartyIdentification", "ID").Attr("schemeID"))
}

// ublTax reads a total of tax. One in another currency has no parts.
func ublTax(c *Chorus, n *xmlscan.Node) {
	parts := n.All("TaxSubtotal")
	if c.AmountVAT == "" || len(parts) > 0 {
		c.AmountVAT = Decimal(n.Child("TaxAmount").Text())
	}
	for _, p := range parts {
		c.VATs = append(c.VATs, VAT{
			Decimal(p.Child("TaxCategory", "Percent").Text()), Decimal(p.Child("TaxableAmount").Text()), Decimal(p.Child("TaxAmount").Text()),
		})
	}
}

func (x *invoiceReader) ublLine(n *xmlscan.Node) {
	x.line(InvoiceLine{
		n.Child("ID").Text(), n.Child("Item", "Name").Text(), Decimal(n.Child("Price", "PriceAmount").Text()),
		Decimal(cmp.Or(n.Child("InvoicedQuantity").Text(), n.Child("CreditedQuantity").Text())),
		Decimal(n.Child("LineExtensionAmount").Text()), Decimal(n.Child("Item", "ClassifiedTaxCategory", "Percent").Text()),
		priceBase(n.Child("Price", "BaseQuantity").Text()),
	})
}

func (x *invoiceReader) ublAttachment(n *xmlscan.Node) error {
	object := n.Child("Attachment", "EmbeddedDocumentBinaryObject")
	content, ok := object.Value().(*enclosed)
	if !ok {
		return nil // a reference to elsewhere
	}
	return x.attach(ChorusAttachment{
		Name: cmp.Or(object.Attr("filename"), n.Child("ID").Text()), Type: "02", MediaType: object.Attr("mimeCode"),
		Category: n.Child("DocumentDescription").Text(), ID: n.Child("ID").Text(),
	}, content, payload.Base64, "AdditionalDocumentReference")
}

// readCII reads a CrossIndustryInvoice, as it is or inside a Factur-X.
func (dec *decoding) readCII(m *member, s *xmlscan.Scanner, format Format) error {
	x := &invoiceReader{decoding: dec, file: m, doc: &invoiceFile{}}
	inv, err := x.newInvoice(format)
	if err != nil {
		return err
	}
	descend := "SupplyChainTradeTransaction"
	if m.root == "CrossIndustryDocument" {
		descend = "SpecifiedSupplyChainTradeTransaction"
	}
	if err := x.eachChild(s, descend, func(n *xmlscan.Node) error { return x.cii(&inv.chorus, n) }); err != nil {
		return err
	}
	m.doc = x.doc
	return nil
}

// cii reads one part of an invoice. Names without "Header" or with "Specified"
// are those of before Factur-X.
func (x *invoiceReader) cii(c *Chorus, n *xmlscan.Node) error {
	switch n.Name {
	case "ExchangedDocumentContext", "SpecifiedExchangedDocumentContext":
		c.Profile = n.Child("GuidelineSpecifiedDocumentContextParameter", "ID").Text()
		for _, name := range []string{"BusinessProcessSpecifiedDocumentContextParameter", "GuidelineSpecifiedDocumentContextParameter"} {
			if f := frameOf(n.Child(name, "ID").Text()); f.Code != "" {
				c.Frame = f
			}
		}
	case "ExchangedDocument", "HeaderExchangedDocument":
		c.Number, c.Type = n.Child("ID").Text(), InvoiceTypes().Term(n.Child("TypeCode").Text())
		c.IssueDate = x.ciiDate(n.Child("IssueDateTime"))
	case "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement":
		return x.ciiAgreement(c, n)
	case "ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery":
		c.DeliveryDate = x.ciiDate(n.Child("ActualDeliverySupplyChainEvent", "OccurrenceDateTime"))
	case "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement":
		x.ciiSettlement(c, n)
	case "IncludedSupplyChainTradeLineItem":
		x.ciiLine(n)
	}
	return nil
}

func (x *invoiceReader) ciiDate(n *xmlscan.Node) Date {
	if n == nil {
		return Date{}
	}
	for _, c := range n.Nodes {
		return date(x.file, n.Name, c.Text())
	}
	return date(x.file, n.Name, n.Text())
}

func ciiParty(n *xmlscan.Node) Party {
	legal := n.Child("SpecifiedLegalOrganization", "ID")
	id := legal
	if id.Text() == "" {
		id = n.Child("GlobalID")
	}
	if id.Text() == "" {
		id = n.Child("ID")
	}
	if id.Text() == "" {
		id = n.Child("SpecifiedTaxRegistration", "ID")
	}
	return Party{
		ID: id.Text(), IDType: IdentifierTypes().Term(id.Attr("schemeID")), Name: n.Child("Name").Text(),
		Country: n.Child("PostalTradeAddress", "CountryID").Text(),
	}
}

func (x *invoiceReader) ciiAgreement(c *Chorus, n *xmlscan.Node) error {
	c.Supplier, c.Buyer = ciiParty(n.Child("SellerTradeParty")), ciiParty(n.Child("BuyerTradeParty"))
	c.Buyer.Service = n.Child("BuyerReference").Text()
	c.EngagementNumber = cmp.Or(n.Child("BuyerOrderReferencedDocument", "IssuerAssignedID").Text(), n.Child("BuyerOrderReferencedDocument", "ID").Text())
	c.ContractNumber = cmp.Or(n.Child("ContractReferencedDocument", "IssuerAssignedID").Text(), n.Child("ContractReferencedDocument", "ID").Text())
	for _, d := range n.All("AdditionalReferencedDocument") {
		object := d.Child("AttachmentBinaryObject")
		content, ok := object.Value().(*enclosed)
		if !ok {
			continue
		}
		err := x.attach(ChorusAttachment{
			Name: cmp.Or(object.Attr("filename"), d.Child("IssuerAssignedID").Text()), Type: "02", MediaType: object.Attr("mimeCode"),
			Category: d.Child("Name").Text(), ID: d.Child("IssuerAssignedID").Text(),
		}, content, payload.Base64, "AdditionalReferencedDocument")
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *invoiceReader) ciiSettlement(c *Chorus, n *xmlscan.Node) {
	c.Currency = n.Child("InvoiceCurrencyCode").Text()
	means := n.Child("SpecifiedTradeSettlementPaymentMeans")
	c.PaymentMode = PaymentModes().Term(means.Child("TypeCode").Text())
	if x.BankData {
		c.Supplier.Account = means.Child("PayeePartyCreditorFinancialAccount", "IBANID").Text()
	}
	for _, tax := range n.All("ApplicableTradeTax") {
		rate := cmp.Or(tax.Child("RateApplicablePercent").Text(), tax.Child("ApplicablePercent").Text())
		if vat := (VAT{Decimal(rate), Decimal(tax.Child("BasisAmount").Text()), Decimal(tax.Child("CalculatedAmount").Text())}); vat != (VAT{}) {
			c.VATs = append(c.VATs, vat)
		}
	}
	c.DueDate = x.ciiDate(n.Child("SpecifiedTradePaymentTerms", "DueDateDateTime"))
	c.OriginalInvoice = n.Child("InvoiceReferencedDocument", "IssuerAssignedID").Text()
	total := n.Child("SpecifiedTradeSettlementHeaderMonetarySummation")
	if total == nil {
		total = n.Child("SpecifiedTradeSettlementMonetarySummation")
	}
	c.AmountHT, c.AmountTTC = Decimal(total.Child("TaxBasisTotalAmount").Text()), Decimal(total.Child("GrandTotalAmount").Text())
	for _, vat := range total.All("TaxTotalAmount") {
		if cur := vat.Attr("currencyID"); c.AmountVAT == "" || cur == c.Currency {
			c.AmountVAT = Decimal(vat.Text())
		}
	}
	c.NetToPay = Decimal(total.Child("DuePayableAmount").Text())
}

func (x *invoiceReader) ciiLine(n *xmlscan.Node) {
	agreement, settlement := n.Child("SpecifiedLineTradeAgreement"), n.Child("SpecifiedLineTradeSettlement")
	if agreement == nil {
		agreement, settlement = n.Child("SpecifiedSupplyChainTradeAgreement"), n.Child("SpecifiedSupplyChainTradeSettlement")
	}
	delivery := n.Child("SpecifiedLineTradeDelivery")
	if delivery == nil {
		delivery = n.Child("SpecifiedSupplyChainTradeDelivery")
	}
	summation := settlement.Child("SpecifiedTradeSettlementLineMonetarySummation")
	if summation == nil {
		summation = settlement.Child("SpecifiedTradeSettlementMonetarySummation")
	}
	tax := settlement.Child("ApplicableTradeTax")
	x.line(InvoiceLine{
		n.Child("AssociatedDocumentLineDocument", "LineID").Text(), n.Child("SpecifiedTradeProduct", "Name").Text(),
		Decimal(agreement.Child("NetPriceProductTradePrice", "ChargeAmount").Text()), Decimal(delivery.Child("BilledQuantity").Text()),
		Decimal(summation.Child("LineTotalAmount").Text()),
		Decimal(cmp.Or(tax.Child("RateApplicablePercent").Text(), tax.Child("ApplicablePercent").Text())),
		priceBase(agreement.Child("NetPriceProductTradePrice", "BasisQuantity").Text()),
	})
}

// priceBase returns the quantity that a price is for, unless it is 1.
func priceBase(quantity string) Decimal {
	if n, ok := Decimal(quantity).Rat(); ok && n.Cmp(big.NewRat(1, 1)) == 0 {
		return ""
	}
	return Decimal(quantity)
}

// readCDAR reads a message of the life of invoices.
func (dec *decoding) readCDAR(m *member, s *xmlscan.Scanner) error {
	x := &invoiceReader{decoding: dec, file: m, doc: &invoiceFile{}}
	var buyer Party
	err := x.eachChild(s, "", func(n *xmlscan.Node) error {
		switch n.Name {
		case "ExchangedDocument":
			x.flow.FlowID = n.Child("ID").Text()
			for _, p := range n.All("RecipientTradeParty") {
				if p.Child("RoleCode").Text() == "BY" {
					buyer = ciiParty(p)
				}
			}
		case "AcknowledgementDocument":
			for _, d := range n.All("ReferenceReferencedDocument") {
				if err := x.cdar(n, d, buyer); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.doc = x.doc
	return nil
}

func (x *invoiceReader) cdar(n, d *xmlscan.Node, buyer Party) error {
	inv, err := x.newInvoice(FormatCDAR)
	if err != nil {
		return err
	}
	c := &inv.chorus
	c.FlowID, c.Buyer, c.Supplier = x.flow.FlowID, buyer, ciiParty(d.Child("IssuerTradeParty"))
	c.Number, c.Type = d.Child("IssuerAssignedID").Text(), InvoiceTypes().Term(d.Child("TypeCode").Text())
	c.IssueDate = x.ciiDate(d.Child("FormattedIssueDateTime"))
	c.ReceptionDate = x.ciiDate(d.Child("ReceiptDateTime"))
	c.Status = Term{Code: d.Child("ProcessConditionCode").Text(), Label: d.Child("ProcessCondition").Text()}
	c.StatusDate = x.ciiDate(n.Child("IssueDateTime"))
	var reasons []string
	for _, s := range d.All("SpecifiedDocumentStatus") {
		if r := cmp.Or(s.Child("Reason").Text(), s.Child("ReasonCode").Text()); r != "" {
			reasons = append(reasons, r)
		}
	}
	c.StatusComment = strings.Join(reasons, " ; ")
	c.History = []StatusChange{{c.Status, c.StatusDate, c.StatusComment, ""}}
	return nil
}
