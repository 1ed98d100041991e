package adullact

import (
	"regexp"
	"slices"
	"strings"
)

// chorus makes an envelope of each invoice among the files. Another form of an
// invoice goes with it.
func (a *assembly) chorus() {
	var own, others []*member
	for _, m := range a.members {
		if doc, ok := m.doc.(*invoiceFile); ok && doc.own {
			own = append(own, m)
		} else if ok {
			others = append(others, m)
		}
	}
	for _, m := range append(own, others...) {
		doc := m.doc.(*invoiceFile)
		if e := a.twin(doc); e != nil {
			e.addInvoice(a, m, doc.invoices[0])
			continue
		}
		for _, inv := range doc.invoices {
			e := a.envelope(KindChorus, m)
			c := inv.chorus
			e.Chorus = &c
			readFlowName(e.Chorus, a.name, m.name)
			a.add(e, m, invoiceRole(m), m.root, 0)
			a.pieces(e, inv)
			for i, inner := range inv.inner {
				if !e.holds(inner, m) {
					e.add(inner, inv.roleOf(inner), inner.field, i)
				}
			}
		}
	}
}

// twin returns the envelope of the invoice that a file holds in another form,
// if there is one.
func (a *assembly) twin(doc *invoiceFile) *Envelope {
	if doc.own || len(doc.invoices) != 1 || doc.invoices[0].chorus.Format == FormatCDAR {
		return nil
	}
	for _, e := range a.out {
		if e.Chorus != nil && e.Chorus.isPart(&doc.invoices[0].chorus) {
			return e
		}
	}
	return nil
}

// addInvoice adds another form of the invoice of an envelope.
func (e *Envelope) addInvoice(a *assembly, m *member, inv *invoice) {
	role := RoleAnnex
	if m.sniffed == typePDF {
		role = RoleMain
	}
	a.add(e, m, role, m.root, 0)
	e.Chorus.fill(&inv.chorus)
	for i, inner := range inv.inner {
		if !e.holds(inner, m) {
			e.add(inner, RoleAnnex, inner.field, i)
		}
	}
}

// holds reports whether an envelope has the content of inner already, from
// elsewhere than m.
func (e *Envelope) holds(inner, m *member) bool {
	return inner.sum != "" && slices.ContainsFunc(e.Files, func(f File) bool {
		return f.SHA256 == inner.sum && (f.Of != m.name || f.Form == "")
	})
}

// invoiceRole returns the role of the file that an invoice was read from.
func invoiceRole(m *member) Role {
	if m.sniffed == typePDF {
		return RoleMain
	}
	return RoleTransport
}

// roleOf returns the role of a piece inside an invoice.
func (inv *invoice) roleOf(m *member) Role {
	if m.form == "pdf" {
		return RoleTransport
	}
	for _, a := range inv.chorus.Attachments {
		if a.SHA256 == m.sum && a.Name == m.path {
			return pieceRole(a.Type)
		}
	}
	return RoleAnnex
}

// pieces adds the files beside an invoice that it names, or holds as well.
func (a *assembly) pieces(e *Envelope, inv *invoice) {
	search := a.names.search()
	for i, p := range inv.named {
		found, match := search.find(p.name)
		if found == nil {
			if a.layer != LayerMessage {
				e.warn(WarnMissing, "", "PJ", "%q is not there", p.name)
			}
			continue
		}
		f := a.add(e, found, p.role, "PJ", i)
		f.Match = match
	}
	for i, inner := range inv.inner {
		for _, m := range a.members {
			if m.sum == inner.sum && !a.used[m] {
				a.add(e, m, inv.roleOf(inner), "PJ", i)
			}
		}
	}
}

// history makes an envelope of a history of statuses, or adds it to that of the
// only invoice.
func (a *assembly) history() {
	for _, m := range a.members {
		h, ok := m.doc.(*history)
		if !ok {
			continue
		}
		var e *Envelope
		switch {
		case len(a.out) == 0:
			e = a.envelope(KindChorus, m)
			e.Reason, e.Chorus = "history of statuses "+m.name, &Chorus{Format: FormatStatus}
		case len(a.out) == 1 && a.out[0].Chorus != nil:
			e = a.out[0]
		default:
			continue // nothing tells whose it is
		}
		e.Chorus.History = h.changes
		if e.Chorus.Status.Code == "" && h.current != "" {
			e.Chorus.Status = statusOf(h.current)
		}
		a.add(e, m, RoleHistory, "", 0)
	}
}

// flowName is the name of a file or archive of the exchange of data with
// Chorus Pro: code of the flow, partner, id.
var flowName = regexp.MustCompile(`^(F[SE][ON][0-9]{4}[A-Z])_([^_]+)_([A-Za-z0-9]{25})`)

func readFlowName(c *Chorus, names ...string) {
	for _, n := range names {
		if p := flowName.FindStringSubmatch(n); p != nil {
			set(&c.FlowCode, p[1])
			set(&c.FlowID, p[3])
		}
	}
}

// fromMetadata takes over what a deposit says of an invoice.
func (c *Chorus) fromMetadata(meta Metadata) {
	c.CppID = meta.first("id_facture_cpp", "identifiant_facture_cpp")
	c.Number = meta.first("no_facture", "numero_facture")
	c.Type = InvoiceTypes().Term(meta.first("type_facture"))
	c.Frame = Frames().Term(meta.first("facture_cadre", "cadre_facturation"))
	c.IssueDate, c.DepositDate = parseDate(meta.first("date_facture")), parseDate(meta.first("date_depot"))
	c.AvailableDate = parseDate(meta.first("date_mise_a_dispo"))
	c.SuspensionEnd = parseDate(meta.first("date_fin_suspension"))
	c.Supplier = Party{
		ID: meta.first("fournisseur", "code_fournisseur"), Name: meta.first("fournisseur_raison_sociale"),
		IDType: IdentifierTypes().Term(meta.first("type_identifiant")),
	}
	c.Buyer = Party{
		ID: meta.first("siret", "code_destinataire"), Name: meta.first("destinataire"), ServiceName: meta.first("service_destinataire"),
		Service: meta.first("service_destinataire_code", "code_service_executant"),
	}
	c.ContractNumber, c.EngagementNumber = meta.first("facture_numero_marche"), meta.first("facture_numero_engagement")
	c.AmountHT = Decimal(meta.first("montant_ht_total"))
	c.AmountTTC, c.NetToPay = Decimal(meta.first("montant_ttc")), Decimal(meta.first("montant_a_payer"))
	c.Status = statusOf(meta.first("statut_cpp", "statut_facture"))
	c.StatusDate = parseDate(meta.first("date_passage_statut", "date_statut_courant"))
	c.UpdateReason, c.MandateNumber = meta.first("motif_maj"), meta.first("numero_mandat")
	c.Cancelled = meta.Bool("is_annule")
	c.Integration = meta.first("type_integration")
	c.FlowID, c.Syntax = meta.first("numero_flux_depot"), meta.first("syntaxe_flux")
	c.Parapheur = parapheurOf(meta)
	c.Archiving = archivingOf(meta)
}

// mergeChorus takes over what the files of a deposit say of its invoice. About
// the invoice they count, about its progress the metadata does.
func (dec *decoding) mergeChorus(e *Envelope, members []*member) {
	said := *e.Chorus
	m, inv := e.invoiceOf(members)
	if inv != nil {
		c := inv.chorus
		e.compare(&said, &c)
		c.fill(&said)
		c.Status, c.StatusDate = said.Status, said.StatusDate
		c.Parapheur, c.Archiving = said.Parapheur, said.Archiving
		if c.Status.Code == "" {
			c.Status, c.StatusDate = inv.chorus.Status, inv.chorus.StatusDate
		}
		e.Chorus = &c
		for i, inner := range inv.inner {
			if !e.holds(inner, m) {
				e.add(inner, inv.roleOf(inner), inner.field, i)
			}
		}
	}
	for _, m := range members {
		h, ok := m.doc.(*history)
		if !ok {
			continue
		}
		e.Chorus.History = h.changes
		if e.Chorus.Status.Code == "" {
			e.Chorus.Status = statusOf(h.current)
		} else if h.current != "" && h.current != e.Chorus.Status.Code {
			e.warn(WarnDiffers, m.name, "statut_cpp", "metadata says %q, history %q", e.Chorus.Status.Code, h.current)
		}
	}
}

// invoiceOf returns the invoice that a deposit is about: in the file of its
// transport, or in another of a format of Chorus Pro.
func (e *Envelope) invoiceOf(members []*member) (*member, *invoice) {
	roles := make(map[string]Role)
	for _, f := range e.Files {
		roles[f.Path] = f.Role
	}
	for _, strict := range []bool{true, false} {
		for _, m := range members {
			doc, ok := m.doc.(*invoiceFile)
			if !ok || len(doc.invoices) == 0 || strict && roles[m.path] != RoleTransport || !strict && !doc.own {
				continue
			}
			for _, inv := range doc.invoices {
				if len(doc.invoices) == 1 || e.Chorus.isPart(&inv.chorus) {
					return m, inv
				}
			}
			e.warn(WarnCount, m.name, "", "%d invoices, none with the number %q", len(doc.invoices), e.Chorus.Number)
		}
	}
	return nil, nil
}

// compare reports where metadata and invoice differ.
func (e *Envelope) compare(said, c *Chorus) {
	differ := func(key, said, content string) {
		if said != "" && content != "" && strings.TrimSpace(said) != content {
			e.warn(WarnDiffers, "", key, "metadata says %q, content %q", said, content)
		}
	}
	differ("id_facture_cpp", said.CppID, c.CppID)
	differ("no_facture", said.Number, c.Number)
	differ("type_facture", said.Type.Code, c.Type.Code)
	differ("facture_cadre", said.Frame.Code, c.Frame.Code)
	differ("date_facture", said.IssueDate.String(), c.IssueDate.String())
	differ("fournisseur", said.Supplier.ID, c.Supplier.ID)
	differ("siret", said.Buyer.ID, c.Buyer.ID)
	differ("facture_numero_engagement", said.EngagementNumber, c.EngagementNumber)
	differ("facture_numero_marche", said.ContractNumber, c.ContractNumber)
	x, ok := said.AmountTTC.Rat()
	y, ok2 := c.AmountTTC.Rat()
	if ok && ok2 && x.Cmp(y) != 0 {
		differ("montant_ttc", string(said.AmountTTC), string(c.AmountTTC))
	}
}
