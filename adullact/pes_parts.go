package adullact

import (
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// signature reads what a signature says of itself: XAdES.
func (w *walk) signature(n *xmlscan.Node) error {
	s := &PESSignature{ID: n.Attr("Id"), Global: w.bordereau == nil}
	if w.bordereau != nil {
		s.Bordereau = w.bordereau.XMLID
	}
	if t, err := time.Parse(time.RFC3339, n.Find("SigningTime").Text()); err == nil {
		s.Time = t
	}
	s.Role, s.City = n.Find("ClaimedRole").Text(), n.Find("City").Text()
	s.Subject = subjectOf(n.Find("X509Certificate").Text())
	return w.v.Signature(s)
}

// subjectOf returns the subject of a certificate in base64; "" if it is none.
func subjectOf(text string) string {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return ""
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return ""
	}
	return c.Subject.String()
}

func (w *walk) ack(n *xmlscan.Node) error {
	e := &AckElement{
		Domain: AckDomains().Term(val(n, "DomaineAck")), Bordereau: val(n, "NumBord"), Exercise: val(n, "ExerciceBord"), PJ: val(n, "IdUnique"),
	}
	switch val(n, "EtatAck") {
	case "1":
		e.State = AckAccepted
	case "0":
		e.State = AckRefused
	}
	e.Errors = ackErrors(n, "", "")
	for _, p := range n.All("DetailPiece") {
		piece := val(p, "NumPiece")
		e.Errors = append(e.Errors, ackErrors(p, piece, "")...)
		for _, l := range p.All("DetailLigne") {
			e.Errors = append(e.Errors, ackErrors(l, piece, val(l, "NumLigne"))...)
		}
	}
	return w.v.Ack(e)
}

func ackErrors(n *xmlscan.Node, piece, line string) []AckError {
	var out []AckError
	for _, e := range n.All("Erreur") {
		out = append(out, AckError{piece, line, val(e, "NumAnoAck"), val(e, "LibelleAnoAck")})
	}
	return out
}

// oldAck reads the technical acknowledgement of before PES V2.
func (w *walk) oldAck(n *xmlscan.Node) error {
	if w.header.Root != "PES_Acquit" && w.header.Root != "PES_NonAcquit" {
		return nil
	}
	e := &AckElement{Domain: AckDomains().Term("0"), State: AckAccepted, Errors: ackErrors(n, "", "")}
	if w.header.Root == "PES_NonAcquit" {
		e.State = AckRefused
	}
	return w.v.Ack(e)
}

func (w *walk) retourAck(n *xmlscan.Node) error {
	return w.v.RetourAck(&RetourAck{
		AckDomains().Term(val(n, "DomaineAckRetour")), val(n, "NomFichierRetour"), val(n, "TypRestit"), parseDate(val(n, "DateAcquit")),
	})
}

func (w *walk) contract(n *xmlscan.Node) error {
	c := &Contract{
		ID: val(n, "IdentifiantMarche", "IdContrat"), Object: val(n, "Objet"), Nature: val(n, "NatureMarche"), CPV: val(n, "CodeCPV"),
		Procedure: val(n, "ProcedureMarche"), Amount: Decimal(val(n, "MontantHTNotifie")), Estimated: Decimal(val(n, "MontantHTEstime")),
		NotifiedOn: parseDate(val(n, "DateNotification")),
	}
	for _, h := range n.Child("Operateurs").All("Titulaire") {
		c.Holders = append(c.Holders, w.holder(h, "IdTitulaire", "NatIdTitulaire"))
	}
	for _, h := range n.Child("Operateurs").All("SousTraitantPaiementDirect") {
		c.Subcontracts = append(c.Subcontracts, w.holder(h, "IdSousTraitant", "NatIdSousTraitant"))
	}
	for _, e := range n.All("ERREUR") {
		c.Errors = append(c.Errors, e.Text())
	}
	return w.v.Contract(c)
}

func (w *walk) holder(n *xmlscan.Node, id, nature string) Holder {
	h := Holder{ID: val(n, id), IDNature: val(n, nature), Name: val(n, "DenominationSociale")}
	if w.BankData {
		h.IBAN = val(n, "CpteBancaire", "IBAN")
	}
	return h
}
