package adullact

import (
	"cmp"
	"regexp"
	"strings"
)

// fromMetadata takes over what a deposit says of an act.
func (a *Actes) fromMetadata(meta Metadata) {
	a.ID = meta.first("acte_unique_id")
	a.Number = meta.first("numero_de_lacte")
	a.Date = parseDate(meta.first("date_de_lacte"))
	a.Nature = natureOf(meta.first("acte_nature"))
	a.Subject = meta.first("objet")
	a.Classification = classificationOf(meta.first("classification"))
	a.ActType = meta.first("type_acte")
	a.PieceTypes = typologyCode.FindAllString(meta.Value("type_pj"), -1)
	a.Message, _ = messageOf("Acte")
	a.Direction = ToState
	if meta.Has("document_papier") {
		a.PaperComplement = No
		if meta.Bool("document_papier") {
			a.PaperComplement = Yes
		}
	}
	a.Main = meta.firstFile("arrete")
	for i, f := range meta.Files("autre_document_attache") {
		annex := Annex{Name: cmp.Or(f.Original, f.Name)}
		if i < len(a.PieceTypes) {
			annex.Typology = a.PieceTypes[i]
		}
		a.Annexes = append(a.Annexes, annex)
	}
	a.TransactionID = meta.first("tedetis_transaction_id", "transaction_id")
	a.PostedAt = parseDate(meta.first("date_tdt_postage"))
	a.PublishedAt = parseDate(meta.first("acte_publication_date"))
	a.Signature = Signing{
		Present: meta.Bool("has_signature"), PAdES: meta.Bool("is_pades"),
		Detached: len(meta.Files("signature")) > 0, Date: parseDate(meta.first("parapheur_date_signature")), Document: meta.firstFile("document_signe"),
	}
	a.Parapheur = parapheurOf(meta)
	a.Archiving = archivingOf(meta)
	if d := parseDate(meta.first("date_ar")); !d.IsZero() || len(meta.Files("aractes")) > 0 {
		a.Receipt = &Receipt{ID: a.ID, Date: d}
	}
	if d := parseDate(meta.first("date_ar_annulation")); !d.IsZero() {
		a.Cancellation = &Receipt{ID: a.ID, Date: d}
	}
	a.Cancelled = a.Cancellation != nil || meta.Bool("has_annulation")
	fillFromID(a)
	set(&a.SIREN, meta.first("siren")) // some sites add it
	a.fromResponse(meta)
}

// fromResponse takes over what a deposit says of a letter of the prefecture: it
// has the keys of an act too.
func (a *Actes) fromResponse(meta Metadata) {
	if !meta.Has("reponse_prefecture") && !meta.Has("type_reponse") {
		return
	}
	root := ""
	switch meta.first("type_reponse") {
	case "2":
		root = "CourrierSimple"
	case "3":
		root = "DemandePieceComplementaire"
	case "4":
		root = "LettreObservations"
	case "5":
		root = "DefereTA"
	}
	a.Direction = FromState
	if t, ok := messageOf(root); ok {
		a.Message = t
	}
}

var typologyCode = regexp.MustCompile(`[0-9]{2}_[A-Z]{2}`)

func parapheurOf(meta Metadata) Parapheur {
	return Parapheur{
		meta.first("iparapheur_type"), meta.first("iparapheur_sous_type"),
		meta.first("iparapheur_dossier_id"), meta.first("parapheur_last_message"),
	}
}

func archivingOf(meta Metadata) Archiving {
	return Archiving{
		TransferID: meta.first("sae_transfert_id"), ID: meta.first("sae_archival_identifier"),
		Comment: meta.first("sae_atr_comment", "sae_ack_comment"), Ack: meta.firstFile("ar_sae"), Reply: meta.firstFile("reply_sae"),
	}
}

// classificationOf reads "7.10.2 Divers" and "1.1 - Marchés publics".
func classificationOf(text string) Classification {
	code, label, _ := strings.Cut(text, " ")
	if strings.Trim(code, "0123456789.") != "" {
		return Classification{Label: text}
	}
	label = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(label), "- "))
	c := Classification{Code: strings.Trim(code, "."), Label: label}
	if c.Code != "" {
		c.Levels = strings.Split(c.Code, ".")
	}
	return c
}

// mergeActes takes over what the messages in a deposit say. About the act they
// count, about its progress the metadata does.
func (dec *decoding) mergeActes(e *Envelope, members []*member) {
	a := e.Actes
	for i := range a.Annexes {
		for _, f := range e.Files {
			if unnumbered(f.Field) == "autre_document_attache" && f.Index == i {
				a.Annexes[i].Present = true
				a.Annexes[i].Typology = cmp.Or(f.Typology, a.Annexes[i].Typology)
			}
		}
	}
	for _, m := range flatten(members) {
		switch doc := m.doc.(type) {
		case *actesMessage:
			e.mergeMessage(m, doc)
		case *actesEnvelope:
			act := doc.act
			act.Anomaly = nil
			fresh := Actes{Department: a.Department, SIREN: a.SIREN, Anomaly: a.Anomaly}
			fresh.fromEnvelope(&act)
			a.Department, a.SIREN, a.Arrondissement = fresh.Department, fresh.SIREN, cmp.Or(a.Arrondissement, fresh.Arrondissement)
		}
	}
}

// flatten returns the members and those of archives among them.
func flatten(members []*member) []*member {
	var out []*member
	for _, m := range members {
		out = append(out, m)
		if _, ok := m.doc.(*archive); ok {
			out = append(out, flatten(m.inner)...)
		}
	}
	return out
}

// mergeMessage takes over what a message in a deposit says.
func (e *Envelope) mergeMessage(m *member, msg *actesMessage) {
	a, b := e.Actes, &msg.act
	if a.ID != "" && b.ID != "" && a.ID != b.ID {
		e.warn(WarnDiffers, m.name, "acte_unique_id", "metadata says %q, message %s %q", a.ID, b.Message.Code, b.ID)
	}
	if b.Message.Code == "1-1" || b.Message.Code == "1-2" {
		e.differs("numero_de_lacte", b.Number)
		e.differs("date_de_lacte", b.Date.String())
		e.differs("acte_nature", b.Nature.Code)
		e.differs("objet", b.Subject)
		if b.Classification.Code != "" && a.Classification.Code != "" && a.Classification.Code != b.Classification.Code {
			e.warn(WarnDiffers, m.name, "classification", "metadata says %q, message %q", a.Classification.Code, b.Classification.Code)
		}
		a.overrule(b)
	}
	a.receipts(b)
	a.Anomaly = cmp.Or(a.Anomaly, b.Anomaly)
	if msg.isExchange() {
		a.Exchanges = append(a.Exchanges, exchangeOf(msg, m.name))
		if a.Direction == FromState {
			a.Message, a.LetterDate, a.LetterReason = b.Message, b.LetterDate, b.LetterReason
		}
	}
}

// overrule takes over what a message says about the act itself.
func (a *Actes) overrule(b *Actes) {
	a.ID, a.Number, a.Subject = cmp.Or(b.ID, a.ID), cmp.Or(b.Number, a.Number), cmp.Or(b.Subject, a.Subject)
	if !b.Date.IsZero() {
		a.Date = b.Date
	}
	if b.Nature.Code != "" {
		a.Nature = b.Nature
	}
	if b.Classification.Code != "" && b.Classification.Code != a.Classification.Code {
		a.Classification = b.Classification
	}
	if !b.ClassificationVersion.IsZero() {
		a.ClassificationVersion = b.ClassificationVersion
	}
	a.ActType, a.Previous = cmp.Or(a.ActType, b.ActType), cmp.Or(b.Previous, a.Previous)
	a.AnnexesDeclared = max(a.AnnexesDeclared, b.AnnexesDeclared)
	a.Department, a.SIREN = cmp.Or(b.Department, a.Department), cmp.Or(b.SIREN, a.SIREN)
}

// receipts takes over the receipts of a message. The dates of the deposit
// count.
func (a *Actes) receipts(b *Actes) {
	if r := b.Receipt; r != nil {
		if a.Receipt != nil && !a.Receipt.Date.IsZero() {
			r.Date = a.Receipt.Date
		}
		a.Receipt = r
	}
	if r := b.Cancellation; r != nil {
		if a.Cancellation != nil && !a.Cancellation.Date.IsZero() {
			r.Date = a.Cancellation.Date
		}
		a.Cancellation, a.Cancelled = r, true
	}
}
