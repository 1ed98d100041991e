package adullact

import (
	"reflect"
	"testing"
)

const ublDoc = `<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="a" xmlns:cbc="b">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ProfileID>A1</cbc:ProfileID><cbc:ID>U1</cbc:ID>
<cbc:IssueDate>2024-05-16</cbc:IssueDate><cbc:DueDate>2024-06-16</cbc:DueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><cbc:BuyerReference>SERV1</cbc:BuyerReference>
<cac:OrderReference><cbc:ID>ENG1</cbc:ID></cac:OrderReference>
<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>U0</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>
<cac:ContractDocumentReference><cbc:ID>M1</cbc:ID></cac:ContractDocumentReference>
<cac:AdditionalDocumentReference><cbc:ID>D1</cbc:ID><cbc:DocumentDescription>Bon</cbc:DocumentDescription><cac:Attachment>
<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="bon.pdf">JVBERi0xLjQ=</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>
<cac:AdditionalDocumentReference><cbc:ID>D2</cbc:ID><cac:Attachment><cac:ExternalReference><cbc:URI>http://localhost/x</cbc:URI></cac:ExternalReference></cac:Attachment></cac:AdditionalDocumentReference>
<cac:AccountingSupplierParty><cac:Party><cac:PartyName><cbc:Name>Commercial</cbc:Name></cac:PartyName>
<cac:PostalAddress><cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
<cac:PartyLegalEntity><cbc:RegistrationName>Vendeur</cbc:RegistrationName><cbc:CompanyID schemeID="0002">123456789</cbc:CompanyID></cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="0009">12345678900029</cbc:ID></cac:PartyIdentification>
<cac:PartyName><cbc:Name>Commune</cbc:Name></cac:PartyName></cac:Party></cac:AccountingCustomerParty>
<cac:Delivery><cbc:ActualDeliveryDate>2024-05-10</cbc:ActualDeliveryDate></cac:Delivery>
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cac:PayeeFinancialAccount><cbc:ID>FR76</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">20.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount>100.00</cbc:TaxableAmount><cbc:TaxAmount>20.00</cbc:TaxAmount>
<cac:TaxCategory><cbc:Percent>20</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:TaxTotal><cbc:TaxAmount currencyID="USD">22.00</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>100.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>120.00</cbc:TaxInclusiveAmount><cbc:PayableAmount>70.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>2</cbc:InvoicedQuantity><cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Papier</cbc:Name><cac:ClassifiedTaxCategory><cbc:Percent>20</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount>100.00</cbc:PriceAmount><cbc:BaseQuantity>2.0</cbc:BaseQuantity></cac:Price></cac:InvoiceLine>
</Invoice>`

// Every field of a UBL invoice arrives where it belongs.
func TestUBL(t *testing.T) {
	e := decodeOne(t, "u.xml", ublDoc)
	want := &Chorus{
		Format: FormatUBL, Profile: "urn:cen.eu:en16931:2017", Number: "U1", Type: InvoiceTypes().Term("380"), Frame: Frames().Term("A1"),
		IssueDate: parseDate("2024-05-16"), DueDate: parseDate("2024-06-16"), DeliveryDate: parseDate("2024-05-10"),
		Supplier:       Party{ID: "123456789", IDType: Term{Code: "0002"}, Name: "Vendeur", Country: "FR"},
		Buyer:          Party{ID: "12345678900029", IDType: Term{Code: "0009"}, Name: "Commune", Service: "SERV1"},
		ContractNumber: "M1", EngagementNumber: "ENG1", OriginalInvoice: "U0", Currency: "EUR",
		AmountHT: "100.00", AmountVAT: "20.00", AmountTTC: "120.00", NetToPay: "70.00",
		VATs: []VAT{{"20", "100.00", "20.00"}}, PaymentMode: PaymentModes().Term("30"),
		Lines: []InvoiceLine{{"1", "Papier", "100.00", "2", "100.00", "20", "2.0"}},
		Attachments: []ChorusAttachment{{
			Name: "bon.pdf", Type: "02", Category: "Bon", MediaType: "application/pdf", ID: "D1", Size: 8,
			SHA256: e.Chorus.Attachments[0].SHA256, Container: "base64",
		}},
	}
	if !reflect.DeepEqual(e.Chorus, want) {
		t.Errorf("invoice is\n%s\nwant\n%s", jsonOf(t, []*Envelope{{Chorus: e.Chorus}}), jsonOf(t, []*Envelope{{Chorus: want}}))
	}
	if len(e.Files) != 2 || body(t, &e.Files[1]) != "%PDF-1.4" || e.Files[1].Role != RoleAnnex || e.Key != "chorus:123456789:U1:2024-05-16" {
		t.Errorf("files %+v under %s, want the invoice and what it holds", e.Files, e.Key)
	}
	out, err := decode(t, &Decoder{BankData: true}, "u.xml", []byte(ublDoc))
	if err != nil || out[0].Chorus.Supplier.Account != "FR76" {
		t.Errorf("%v, account %q; want it when it is asked for", err, out[0].Chorus.Supplier.Account)
	}
}

// Of what may be there several times the first counts. A credit note has its
// due date with the means of payment.
func TestUBLFirst(t *testing.T) {
	doc := `<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"><ID>N1</ID><ProfileID>S1</ProfileID>
<BillingReference><InvoiceDocumentReference><ID>U1</ID></InvoiceDocumentReference></BillingReference>
<BillingReference><InvoiceDocumentReference><ID>U2</ID></InvoiceDocumentReference></BillingReference>
<AccountingSupplierParty><Party><PartyLegalEntity><CompanyID schemeID="1">12345678900011</CompanyID></PartyLegalEntity></Party></AccountingSupplierParty>
<PaymentMeans><PaymentMeansCode>30</PaymentMeansCode><PaymentDueDate>2024-06-16</PaymentDueDate><PayeeFinancialAccount><ID>FR76</ID></PayeeFinancialAccount></PaymentMeans>
<PaymentMeans><PaymentMeansCode>49</PaymentMeansCode><PaymentDueDate>2024-07-16</PaymentDueDate><PayeeFinancialAccount><ID>FR77</ID></PayeeFinancialAccount></PaymentMeans></CreditNote>`
	out, err := decode(t, &Decoder{BankData: true}, "n.xml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	c := out[0].Chorus
	if c.OriginalInvoice != "U1" || c.PaymentMode.Code != "30" || c.DueDate.String() != "2024-06-16" || c.Supplier.Account != "FR76" {
		t.Errorf("of invoice %q, paid by %q until %s to %q; want the first of each", c.OriginalInvoice, c.PaymentMode.Code, c.DueDate, c.Supplier.Account)
	}
	if c.Frame != (Term{Code: "S1"}) || c.Supplier.IDType != IdentifierTypes().Term("1") || c.Supplier.IDType.Label == "" {
		t.Errorf("frame %v, identifier %v; want S1, and SIRET as in a pivot", c.Frame, c.Supplier.IDType)
	}
}

// What says nothing is no VAT, and a process is no frame for its being there.
func TestCIISparse(t *testing.T) {
	c := decodeOne(t, "c.xml", `<CrossIndustryInvoice><ExchangedDocumentContext><BusinessProcessSpecifiedDocumentContextParameter><ID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</ID></BusinessProcessSpecifiedDocumentContextParameter></ExchangedDocumentContext>
<ExchangedDocument><ID>1</ID></ExchangedDocument><SupplyChainTradeTransaction><ApplicableHeaderTradeSettlement><ApplicableTradeTax><TypeCode>VAT</TypeCode></ApplicableTradeTax></ApplicableHeaderTradeSettlement></SupplyChainTradeTransaction></CrossIndustryInvoice>`).Chorus
	if c.VATs != nil || c.Frame != (Term{}) {
		t.Errorf("VATs %v, frame %v; want none", c.VATs, c.Frame)
	}
}

// Another vocabulary with the same element is no invoice.
func TestUBLNamespace(t *testing.T) {
	if e := decodeOne(t, "u.xml", `<Invoice xmlns="urn:example"><ID>1</ID></Invoice>`); e.Kind != KindUnknown {
		t.Errorf("kind %s, want unknown", e.Kind)
	}
}

// Every field of a CII invoice arrives where it belongs, in today's names and
// in those of before Factur-X.
func TestCII(t *testing.T) {
	today := `<CrossIndustryInvoice><ExchangedDocumentContext><BusinessProcessSpecifiedDocumentContextParameter><ID>A2</ID></BusinessProcessSpecifiedDocumentContextParameter>
<GuidelineSpecifiedDocumentContextParameter><ID>urn:factur-x.eu:1p0:basic</ID></GuidelineSpecifiedDocumentContextParameter></ExchangedDocumentContext>
<ExchangedDocument><ID>C1</ID><TypeCode>380</TypeCode><IssueDateTime><DateTimeString format="102">20240516</DateTimeString></IssueDateTime></ExchangedDocument>
<SupplyChainTradeTransaction><IncludedSupplyChainTradeLineItem><AssociatedDocumentLineDocument><LineID>1</LineID></AssociatedDocumentLineDocument>
<SpecifiedTradeProduct><Name>Papier</Name></SpecifiedTradeProduct>
<SpecifiedLineTradeAgreement><NetPriceProductTradePrice><ChargeAmount>100.00</ChargeAmount><BasisQuantity>2.0</BasisQuantity></NetPriceProductTradePrice></SpecifiedLineTradeAgreement>
<SpecifiedLineTradeDelivery><BilledQuantity>2</BilledQuantity></SpecifiedLineTradeDelivery>
<SpecifiedLineTradeSettlement><ApplicableTradeTax><RateApplicablePercent>20</RateApplicablePercent></ApplicableTradeTax>
<SpecifiedTradeSettlementLineMonetarySummation><LineTotalAmount>100.00</LineTotalAmount></SpecifiedTradeSettlementLineMonetarySummation></SpecifiedLineTradeSettlement></IncludedSupplyChainTradeLineItem>
<ApplicableHeaderTradeAgreement><BuyerReference>SERV1</BuyerReference>
<SellerTradeParty><Name>Vendeur</Name><SpecifiedLegalOrganization><ID schemeID="0002">123456789</ID></SpecifiedLegalOrganization><PostalTradeAddress><CountryID>FR</CountryID></PostalTradeAddress></SellerTradeParty>
<BuyerTradeParty><GlobalID schemeID="0009">12345678900029</GlobalID><Name>Commune</Name></BuyerTradeParty>
<BuyerOrderReferencedDocument><IssuerAssignedID>ENG1</IssuerAssignedID></BuyerOrderReferencedDocument>
<ContractReferencedDocument><IssuerAssignedID>M1</IssuerAssignedID></ContractReferencedDocument></ApplicableHeaderTradeAgreement>
<ApplicableHeaderTradeDelivery><ActualDeliverySupplyChainEvent><OccurrenceDateTime><DateTimeString format="102">20240510</DateTimeString></OccurrenceDateTime></ActualDeliverySupplyChainEvent></ApplicableHeaderTradeDelivery>
<ApplicableHeaderTradeSettlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>
<SpecifiedTradeSettlementPaymentMeans><TypeCode>30</TypeCode><PayeePartyCreditorFinancialAccount><IBANID>FR76</IBANID></PayeePartyCreditorFinancialAccount></SpecifiedTradeSettlementPaymentMeans>
<ApplicableTradeTax><CalculatedAmount>20.00</CalculatedAmount><BasisAmount>100.00</BasisAmount><RateApplicablePercent>20</RateApplicablePercent></ApplicableTradeTax>
<SpecifiedTradePaymentTerms><DueDateDateTime><DateTimeString format="102">20240616</DateTimeString></DueDateDateTime></SpecifiedTradePaymentTerms>
<SpecifiedTradeSettlementHeaderMonetarySummation><TaxBasisTotalAmount>100.00</TaxBasisTotalAmount><TaxTotalAmount currencyID="USD">22.00</TaxTotalAmount><TaxTotalAmount currencyID="EUR">20.00</TaxTotalAmount>
<GrandTotalAmount>120.00</GrandTotalAmount><DuePayableAmount>70.00</DuePayableAmount></SpecifiedTradeSettlementHeaderMonetarySummation>
<InvoiceReferencedDocument><IssuerAssignedID>C0</IssuerAssignedID></InvoiceReferencedDocument></ApplicableHeaderTradeSettlement></SupplyChainTradeTransaction></CrossIndustryInvoice>`
	former := renamed(today,
		"ExchangedDocumentContext", "SpecifiedExchangedDocumentContext", "<ExchangedDocument>", "<HeaderExchangedDocument>", "</ExchangedDocument>", "</HeaderExchangedDocument>",
		"CrossIndustryInvoice", "CrossIndustryDocument", "<SupplyChainTradeTransaction", "<SpecifiedSupplyChainTradeTransaction", "</SupplyChainTradeTransaction", "</SpecifiedSupplyChainTradeTransaction",
		"ApplicableHeaderTrade", "ApplicableSupplyChainTrade", "SpecifiedLineTrade", "SpecifiedSupplyChainTrade", "RateApplicablePercent", "ApplicablePercent",
		"SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation", "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation")
	for name, doc := range map[string]string{"today": today, "before Factur-X": former} {
		t.Run(name, func(t *testing.T) {
			e := decodeOne(t, "c.xml", doc)
			want := &Chorus{
				Format: FormatCII, Profile: "urn:factur-x.eu:1p0:basic", Number: "C1", Type: InvoiceTypes().Term("380"), Frame: Frames().Term("A2"),
				IssueDate: parseDate("20240516"), DueDate: parseDate("20240616"), DeliveryDate: parseDate("20240510"),
				Supplier:       Party{ID: "123456789", IDType: Term{Code: "0002"}, Name: "Vendeur", Country: "FR"},
				Buyer:          Party{ID: "12345678900029", IDType: Term{Code: "0009"}, Name: "Commune", Service: "SERV1"},
				ContractNumber: "M1", EngagementNumber: "ENG1", OriginalInvoice: "C0", Currency: "EUR",
				AmountHT: "100.00", AmountVAT: "20.00", AmountTTC: "120.00", NetToPay: "70.00",
				VATs: []VAT{{"20", "100.00", "20.00"}}, PaymentMode: PaymentModes().Term("30"),
				Lines: []InvoiceLine{{"1", "Papier", "100.00", "2", "100.00", "20", "2.0"}},
			}
			if !reflect.DeepEqual(e.Chorus, want) {
				t.Errorf("invoice is\n%s\nwant\n%s", jsonOf(t, []*Envelope{{Chorus: e.Chorus}}), jsonOf(t, []*Envelope{{Chorus: want}}))
			}
			out, err := decode(t, &Decoder{BankData: true}, "c.xml", []byte(doc))
			if err != nil || out[0].Chorus.Supplier.Account != "FR76" {
				t.Errorf("%v, account %q; want it when it is asked for", err, out[0].Chorus.Supplier.Account)
			}
		})
	}
}

// A life-cycle message tells the new status of each invoice that it names, and
// why.
func TestCDAR(t *testing.T) {
	ref := func(number string) string {
		return `<ReferenceReferencedDocument><IssuerAssignedID>` + number + `</IssuerAssignedID><TypeCode>380</TypeCode>
<FormattedIssueDateTime><DateTimeString format="102">20240516</DateTimeString></FormattedIssueDateTime><ProcessConditionCode>210</ProcessConditionCode><ProcessCondition>Refusée</ProcessCondition>
<IssuerTradeParty><GlobalID schemeID="0002">123456789</GlobalID></IssuerTradeParty>
<SpecifiedDocumentStatus><ReasonCode>TX_TVA_ERR</ReasonCode><Reason>Taux faux</Reason></SpecifiedDocumentStatus></ReferenceReferencedDocument>`
	}
	out, err := decode(t, &Decoder{}, "cdv.xml", []byte(`<CrossDomainAcknowledgementAndResponse><ExchangedDocument><ID>FLOW1</ID>
<RecipientTradeParty><GlobalID schemeID="0002">987654321</GlobalID><Name>Commune</Name><RoleCode>BY</RoleCode></RecipientTradeParty></ExchangedDocument>
<AcknowledgementDocument><IssueDateTime><DateTimeString format="204">20240601101500</DateTimeString></IssueDateTime>`+ref("F1")+ref("F2")+`</AcknowledgementDocument></CrossDomainAcknowledgementAndResponse>`))
	if err != nil || len(out) != 2 {
		t.Fatalf("%v, %d envelopes; want two", err, len(out))
	}
	for i, number := range []string{"F1", "F2"} {
		c := out[i].Chorus
		if c.Format != FormatCDAR || c.Number != number || c.FlowID != "FLOW1" || c.Status.Code != "210" || c.Status.Label != "Refusée" ||
			c.StatusDate.String() != "2024-06-01" || c.StatusComment != "Taux faux" || c.Supplier.ID != "123456789" || c.Buyer.Name != "Commune" || len(c.History) != 1 {
			t.Errorf("message about %s is %s, want the status of the invoice and its reason", number, jsonOf(t, out[i:i+1]))
		}
		if want := "chorus:123456789:" + number + ":2024-05-16"; out[i].Key != want || out[i].Version != "210:2024-06-01:" {
			t.Errorf("key %s, version %s; want those of the invoice and its status", out[i].Key, out[i].Version)
		}
	}
}

// A history of statuses is one of an invoice, also where nothing says of which.
func TestHistoryAlone(t *testing.T) {
	h := `{"statutCourantCode":"SUSPENDUE","historiquesDesStatuts":{"histoStatut":[{"histoStatutCode":"SUSPENDUE","histoStatutDatePassage":"2024-05-17 10:36"}]}}`
	e := decodeOne(t, "h.json", h)
	if e.Kind != KindChorus || e.Chorus.Status.Short != "06" || len(e.Chorus.History) != 1 || e.Files[0].Role != RoleHistory {
		t.Errorf("envelope %s, want an invoice with its history", jsonOf(t, []*Envelope{e}))
	}
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "p.xml", pivotOf(invoiceOf("F1")), "h.json", h))
	if err != nil || len(out) != 1 || out[0].Chorus.Number != "F1" || out[0].Chorus.Status.Code != "SUSPENDUE" || codes(out[0]) != "" {
		t.Errorf("%v: %s, want the history with the invoice beside it", err, jsonOf(t, out))
	}
}
