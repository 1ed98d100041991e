package adullact

// A Term is an entry of a reference table.
type Term struct {
	Code  string `json:"code"`
	Short string `json:"short,omitempty"` // abbreviation; "" if there is none
	Label string `json:"label,omitempty"` // in French
}

// A Table is a reference table.
type Table []Term

// Find returns the entry with a code; false if there is none.
func (t Table) Find(code string) (Term, bool) {
	for _, e := range t {
		if e.Code == code {
			return e, true
		}
	}
	return Term{}, false
}

// Term returns the entry with a code. An unknown code is an entry without
// label.
func (t Table) Term(code string) Term {
	if e, ok := t.Find(code); ok {
		return e
	}
	return Term{Code: code}
}

// Natures are the natures of acts, CodeNatureActe.
func Natures() Table {
	return Table{
		{"1", "DE", "Délibérations"},
		{"2", "AR", "Actes réglementaires"},
		{"3", "AI", "Actes individuels"},
		{"4", "CC", "Contrats, conventions et avenants"},
		{"5", "BF", "Documents budgétaires et financiers"},
		{"6", "AU", "Autres"},
		{"7", "", "Actes non transmis à la préfecture"},
	}
}

// MessageTypes are the messages of ACTES. Short is the root element.
func MessageTypes() Table {
	return Table{
		{"1-1", "Acte", "Transmission d'un acte"},
		{"1-2", "ARActe", "Accusé de réception d'un acte"},
		{"1-3", "AnomalieActe", "Anomalie sur un acte"},
		{"2-1", "CourrierSimple", "Courrier simple"},
		{"2-2", "ReponseCourrierSimple", "Réponse à un courrier simple"},
		{"3-1", "DemandePieceComplementaire", "Demande de pièces complémentaires"},
		{"3-2", "ARDemandePieceComplementaire", "Accusé de réception d'une demande de pièces complémentaires"},
		{"3-3", "RefusPieceComplementaire", "Refus de transmettre des pièces complémentaires"},
		{"3-4", "PieceComplementaire", "Transmission de pièces complémentaires"},
		{"3-5", "ARPieceComplementaire", "Accusé de réception de pièces complémentaires"},
		{"4-1", "LettreObservations", "Lettre d'observations"},
		{"4-2", "ARLettreObservations", "Accusé de réception d'une lettre d'observations"},
		{"4-3", "RejetLettreObservations", "Rejet d'une lettre d'observations"},
		{"4-4", "ReponseLettreObservations", "Réponse à une lettre d'observations"},
		{"4-5", "ARReponseRejetLettreObservations", "Accusé de réception de la suite donnée à une lettre d'observations"},
		{"5-1", "DefereTA", "Déféré au tribunal administratif"},
		{"6-1", "Annulation", "Demande d'annulation"},
		{"6-2", "ARAnnulation", "Accusé de réception d'une annulation"},
		{"7-1", "DemandeClassification", "Demande de classification"},
		{"7-2", "RetourClassification", "Classification"},
		{"7-3", "ReponseClassificationSansChangement", "Classification inchangée"},
	}
}

// messageOf returns the type of the message with a root element.
func messageOf(root string) (MessageType, bool) {
	for _, t := range MessageTypes() {
		if t.Short == root {
			return MessageType{t.Code, t.Short, t.Label}, true
		}
	}
	return MessageType{}, false
}

// direction tells who sends a message of a type.
func direction(code string) Direction {
	switch code {
	case "1-1", "2-2", "3-2", "3-3", "3-4", "4-2", "4-3", "4-4", "6-1", "7-1":
		return ToState
	}
	return FromState
}

// AckDomains are the domains of an acknowledgement, DomaineAck.
func AckDomains() Table {
	return Table{
		{"0", "", "Technique"},
		{"1", "", "Signature"},
		{"2", "", "Signature"},
		{"3", "", "Signature"},
		{"4", "", "Pièces justificatives"},
		{"5", "", "Dépense"},
		{"6", "", "Recette"},
		{"7", "", "Rôle"},
		{"8", "", "Budget"},
		{"11", "", "Marchés"},
		{"12", "", "Factures"},
	}
}

// PESAttachmentTypes are the types of attachments of a PES, TypePJ.
func PESAttachmentTypes() Table {
	return Table{
		{"001", "", "Pièce budgétaire"},
		{"002", "", "Pièce de recette"},
		{"003", "", "Pièce de dépense"},
		{"004", "", "Pièce de paye"},
		{"005", "", "Pièce d'aide sociale"},
		{"006", "", "PES facture"},
	}
}

// InvoiceTypes are the types of invoices.
func InvoiceTypes() Table {
	return Table{
		{"380", "", "Facture"},
		{"381", "", "Avoir"},
		{"384", "", "Facture rectificative"},
		{"386", "", "Facture d'acompte"},
		{"389", "", "Facture émise par le client"},
		{"393", "", "Facture affacturée"},
		{"396", "", "Avoir affacturé"},
	}
}

// Frames are the frames in which an invoice is submitted, Cadre.
func Frames() Table {
	return Table{
		{"A1", "", "Dépôt par un fournisseur d'une facture"},
		{"A2", "", "Dépôt par un fournisseur d'une facture déjà payée"},
		{"A3", "", "Dépôt par un fournisseur d'un mémoire de frais de justice"},
		{"A4", "", "Dépôt par un fournisseur d'un projet de décompte mensuel"},
		{"A5", "", "Dépôt par un fournisseur d'un état d'acompte"},
		{"A6", "", "Dépôt par un fournisseur d'un état d'acompte validé"},
		{"A7", "", "Dépôt par un fournisseur d'un projet de décompte final"},
		{"A8", "", "Dépôt par un fournisseur d'un décompte général et définitif"},
		{"A9", "", "Dépôt par un sous-traitant d'une facture"},
		{"A10", "", "Dépôt par un sous-traitant d'une demande de paiement"},
		{"A12", "", "Dépôt par un cotraitant d'une facture"},
		{"A13", "", "Dépôt par un cotraitant d'un projet de décompte mensuel"},
		{"A14", "", "Dépôt par un cotraitant d'un projet de décompte final"},
		{"A15", "", "Dépôt par une maîtrise d'œuvre d'un état d'acompte"},
		{"A16", "", "Dépôt par une maîtrise d'œuvre d'un état d'acompte validé"},
		{"A17", "", "Dépôt par une maîtrise d'œuvre d'un projet de décompte général"},
		{"A18", "", "Dépôt par une maîtrise d'œuvre d'un décompte général"},
		{"A19", "", "Dépôt par une maîtrise d'ouvrage d'un état d'acompte validé"},
		{"A20", "", "Dépôt par une maîtrise d'ouvrage d'un décompte général"},
		{"A21", "", "Dépôt par un bénéficiaire d'une demande de remboursement de la TIC"},
		{"A22", "", "Projet de décompte général déposé par le fournisseur ou le mandataire"},
		{"A23", "", "Décompte général et définitif tacite déposé par le fournisseur ou le mandataire"},
		{"A24", "", "Décompte général et définitif déposé par la maîtrise d'œuvre"},
		{"A25", "", "Décompte général et définitif déposé par la maîtrise d'ouvrage"},
	}
}

// Statuses are the states of an invoice in Chorus Pro. Short is the number
// that stands for them in a CPPStatut.
func Statuses() Table {
	return Table{
		{"DEPOSEE", "01", "Déposée"},
		{"EN_COURS_ACHEMINEMENT", "02", "En cours d'acheminement vers le destinataire"},
		{"MISE_A_DISPOSITION", "03", "Mise à disposition du destinataire"},
		{"A_RECYCLER", "04", "À recycler : rejetée pour erreur d'acheminement"},
		{"REJETEE", "05", "Rejetée pour un autre motif"},
		{"SUSPENDUE", "06", "Suspendue"},
		{"SERVICE_FAIT", "07", "Service fait"},
		{"MANDATEE", "08", "Mandatée"},
		{"MISE_A_DISPOSITION_COMPTABLE", "09", "Mise à disposition du comptable"},
		{"COMPTABILISEE", "10", "Comptabilisée"},
		{"MISE_EN_PAIEMENT", "11", "Mise en paiement"},
		{"COMPLETEE", "12", "Complétée"},
	}
}

// statusOf returns the status with a code or a number.
func statusOf(code string) Term {
	for _, s := range Statuses() {
		if s.Code == code || s.Short == code {
			return s
		}
	}
	return Term{Code: code}
}

// IdentifierTypes are the types of the identifier of a supplier,
// TypeIdentifiant.
func IdentifierTypes() Table {
	return Table{
		{"1", "SIRET", "Tiers avec SIRET"},
		{"2", "", "Structure européenne hors France"},
		{"3", "", "Structure hors Union européenne"},
		{"4", "RIDET", "RIDET"},
		{"5", "", "Numéro Tahiti"},
		{"6", "", "En cours d'immatriculation"},
		{"7", "", "Particulier"},
	}
}

// PaymentModes are the ways to pay an invoice, ModePaiement.
func PaymentModes() Table {
	return Table{
		{"10", "", "Espèces"},
		{"20", "", "Chèque"},
		{"30", "", "Virement"},
		{"31", "", "Virement"},
		{"42", "", "Virement bancaire"},
		{"48", "", "Carte bancaire"},
		{"49", "", "Prélèvement"},
		{"97", "", "Compensation"},
	}
}
