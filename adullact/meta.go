package adullact

import (
	"strconv"
	"strings"
)

// Keys in Unit.Meta of what is known of every envelope.
const (
	MetaKind     = "adullact.kind"     // Envelope.Kind
	MetaLayer    = "adullact.layer"    // Envelope.Layer
	MetaDeposit  = "adullact.name"     // Envelope.Name
	MetaReason   = "adullact.reason"   // Envelope.Reason
	MetaKey      = "adullact.key"      // Envelope.Key
	MetaVersion  = "adullact.version"  // Envelope.Version
	MetaDigest   = "adullact.digest"   // Envelope.Digest
	MetaWarnings = "adullact.warnings" // distinct codes, joined by commas
)

// MetaRaw comes before the key of each value of the metadata of a deposit, in
// Unit.Meta: "pastell.objet". Lists of files are left out: see MetaField.
const MetaRaw = "pastell."

// Keys in Document.Meta.
const (
	MetaField     = "adullact.field"     // File.Field
	MetaIndex     = "adullact.index"     // File.Index
	MetaOf        = "adullact.of"        // File.Of
	MetaOriginal  = "adullact.original"  // File.Original
	MetaPath      = "adullact.path"      // File.Path, where it is not the name
	MetaTypology  = "adullact.typology"  // File.Typology
	MetaMatch     = "adullact.match"     // File.Match
	MetaSHA256    = "adullact.sha256"    // File.SHA256
	MetaPreferred = "adullact.preferred" // "true" for the document to show to a person
	MetaBroken    = "adullact.broken"    // "true" for what could not be unwrapped
	MetaError     = "adullact.error"     // why a document that looked like an envelope was not opened
)

// Keys in Unit.Meta of an act. Dates are "2024-05-17", answers "yes" or "no".
const (
	MetaActesID             = "actes.id"
	MetaActesNumber         = "actes.number"
	MetaActesDate           = "actes.date"
	MetaActesNature         = "actes.nature"       // code, "1"
	MetaActesNatureShort    = "actes.nature.short" // "DE"
	MetaActesNatureLabel    = "actes.nature.label"
	MetaActesSubject        = "actes.subject"
	MetaActesClass          = "actes.classification" // "7.10.2"
	MetaActesClassLabel     = "actes.classification.label"
	MetaActesClassVersion   = "actes.classification.version"
	MetaActesType           = "actes.type"         // "99_DE"
	MetaActesPieceTypes     = "actes.type.annexes" // joined by commas
	MetaActesMessage        = "actes.message"      // "1-1"
	MetaActesMessageLabel   = "actes.message.label"
	MetaActesDirection      = "actes.direction" // "to_state", "from_state"
	MetaActesDepartment     = "actes.department"
	MetaActesSIREN          = "actes.siren"
	MetaActesArrondissement = "actes.arrondissement"
	MetaActesAuthority      = "actes.authority" // nature of the authority
	MetaActesReferent       = "actes.referent"
	MetaActesReferentPhone  = "actes.referent.phone"
	MetaActesReferentMail   = "actes.referent.mail"
	MetaActesReturnMails    = "actes.return" // joined by commas
	MetaActesTransmitter    = "actes.transmitter"
	MetaActesEnvelope       = "actes.envelope"
	MetaActesSequence       = "actes.sequence" // number of the envelope on its day
	MetaActesTest           = "actes.test"     // "true"
	MetaActesPaper          = "actes.paper"
	MetaActesMain           = "actes.main"
	MetaActesAnnexes        = "actes.annexes" // number of them
	MetaActesPrevious       = "actes.previous"
	MetaActesReceived       = "actes.received" // date of the receipt
	MetaActesCancelled      = "actes.cancelled"
	MetaActesCancelledOn    = "actes.cancelled.date"
	MetaActesLetterDate     = "actes.letter.date"
	MetaActesLetterReason   = "actes.letter.reason"
	MetaActesCourtDate      = "actes.court.date" // of a referral
	MetaActesAnomaly        = "actes.anomaly"
	MetaActesAnomalyDate    = "actes.anomaly.date"
	MetaActesPosted         = "actes.posted"
	MetaActesPublished      = "actes.published"
	MetaActesTransaction    = "actes.transaction"
	MetaActesSigned         = "actes.signed" // "true"
	MetaActesSignedOn       = "actes.signed.date"
	MetaActesSignedFile     = "actes.signed.file"
)

// Keys in Unit.Meta of a PES flow. Lists are joined by commas.
const (
	MetaHeliosFlow            = "helios.flow"
	MetaHeliosFile            = "helios.file" // NomFic
	MetaHeliosType            = "helios.type" // TypFic
	MetaHeliosVersion         = "helios.version"
	MetaHeliosDate            = "helios.date"
	MetaHeliosPost            = "helios.post"
	MetaHeliosPostLabel       = "helios.post.label"
	MetaHeliosSIRET           = "helios.siret"
	MetaHeliosCodCol          = "helios.codcol"
	MetaHeliosCodBud          = "helios.codbud"
	MetaHeliosBudget          = "helios.budget"
	MetaHeliosEmitter         = "helios.emitter"
	MetaHeliosEmitterAddress  = "helios.emitter.address"
	MetaHeliosReceiver        = "helios.receiver"
	MetaHeliosReceiverAddress = "helios.receiver.address"
	MetaHeliosDomains         = "helios.domains"
	MetaHeliosExercises       = "helios.exercises"
	MetaHeliosBordereaux      = "helios.bordereaux" // ids, those that are kept
	MetaHeliosPieces          = "helios.pieces"     // number of them
	MetaHeliosLines           = "helios.lines"      // number of them
	MetaHeliosAttachments     = "helios.attachments"
	MetaHeliosTotal           = "helios.total"
	MetaHeliosNatures         = "helios.natures"
	MetaHeliosFunctions       = "helios.functions"
	MetaHeliosAck             = "helios.ack" // "accepted", "refused"
	MetaHeliosAckDate         = "helios.ack.date"
	MetaHeliosSigned          = "helios.signed"
	MetaHeliosSubject         = "helios.subject"
	MetaHeliosContract        = "helios.contract"
	MetaHeliosTransaction     = "helios.transaction"
)

// Keys in Unit.Meta of an invoice.
const (
	MetaChorusID                  = "chorus.id"
	MetaChorusFormat              = "chorus.format"
	MetaChorusProfile             = "chorus.profile"
	MetaChorusNumber              = "chorus.number"
	MetaChorusType                = "chorus.type"
	MetaChorusTypeLabel           = "chorus.type.label"
	MetaChorusFrame               = "chorus.frame"
	MetaChorusFrameLabel          = "chorus.frame.label"
	MetaChorusIssued              = "chorus.issued"
	MetaChorusDeposited           = "chorus.deposited"
	MetaChorusReceived            = "chorus.received"
	MetaChorusAvailable           = "chorus.available"
	MetaChorusDelivered           = "chorus.delivered"
	MetaChorusSuspended           = "chorus.suspended" // end of the suspension
	MetaChorusDue                 = "chorus.due"
	MetaChorusSupplier            = "chorus.supplier"
	MetaChorusSupplierID          = "chorus.supplier.id"
	MetaChorusSupplierIDType      = "chorus.supplier.id.type"
	MetaChorusSupplierCountry     = "chorus.supplier.country"
	MetaChorusSupplierService     = "chorus.supplier.service"
	MetaChorusSupplierServiceName = "chorus.supplier.service.name"
	MetaChorusEmission            = "chorus.emission"
	MetaChorusBuyer               = "chorus.buyer"
	MetaChorusBuyerID             = "chorus.buyer.id"
	MetaChorusBuyerIDType         = "chorus.buyer.id.type"
	MetaChorusBuyerCountry        = "chorus.buyer.country"
	MetaChorusService             = "chorus.service"
	MetaChorusServiceName         = "chorus.service.name"
	MetaChorusValidator           = "chorus.validator"
	MetaChorusContract            = "chorus.contract"
	MetaChorusEngagement          = "chorus.engagement"
	MetaChorusCurrency            = "chorus.currency"
	MetaChorusHT                  = "chorus.ht"
	MetaChorusVAT                 = "chorus.vat"
	MetaChorusTTC                 = "chorus.ttc"
	MetaChorusNet                 = "chorus.net"
	MetaChorusPayment             = "chorus.payment"
	MetaChorusPaymentLabel        = "chorus.payment.label"
	MetaChorusOriginal            = "chorus.original"
	MetaChorusRedelivery          = "chorus.redelivery"
	MetaChorusStatus              = "chorus.status"
	MetaChorusStatusLabel         = "chorus.status.label"
	MetaChorusStatusDate          = "chorus.status.date"
	MetaChorusStatusComment       = "chorus.status.comment"
	MetaChorusUpdate              = "chorus.update" // why the status was changed
	MetaChorusMandate             = "chorus.mandate"
	MetaChorusFlow                = "chorus.flow"
	MetaChorusFlowCode            = "chorus.flow.code"
	MetaChorusSyntax              = "chorus.syntax"
	MetaChorusIntegration         = "chorus.integration"
	MetaChorusCancelled           = "chorus.cancelled"
)

// Keys in Unit.Meta of what a deposit says of its signature folder and of its
// transfer to an archive, whatever its kind.
const (
	MetaParapheurType    = "parapheur.type"
	MetaParapheurSubtype = "parapheur.subtype"
	MetaParapheurFolder  = "parapheur.folder"
	MetaParapheurMessage = "parapheur.message"
	MetaArchiveTransfer  = "archive.transfer"
	MetaArchiveID        = "archive.id"
	MetaArchiveComment   = "archive.comment"
	MetaArchiveAck       = "archive.ack"   // name of the file
	MetaArchiveReply     = "archive.reply" // name of the file
)

// maxValue is the longest value of a key, in bytes.
const maxValue = 8 << 10

// A flat map takes values that are not empty.
type flatMap map[string]string

func (m flatMap) text(key, value string) {
	if value == "" {
		return
	}
	if len(value) > maxValue {
		value = strings.ToValidUTF8(value[:maxValue], "")
	}
	m[key] = value
}

func (m flatMap) date(key string, d Date) { m.text(key, d.String()) }

func (m flatMap) flag(key string, b bool) {
	if b {
		m[key] = "true"
	}
}

func (m flatMap) count(key string, n int) { m[key] = strconv.Itoa(n) }

func (m flatMap) list(key string, values []string) { m.text(key, strings.Join(values, ",")) }

// flatten adds what is known of an envelope to meta.
func (e *Envelope) flatten(meta map[string]string) {
	m := flatMap(meta)
	for _, entry := range e.Meta.Entries {
		if entry.Files == nil {
			m.text(MetaRaw+entry.Key, entry.Value)
		}
	}
	m.text(MetaKind, string(e.Kind))
	m.text(MetaLayer, string(e.Layer))
	m.text(MetaDeposit, e.Name)
	m.text(MetaReason, e.Reason)
	m.text(MetaKey, e.Key)
	m.text(MetaVersion, e.Version)
	m.text(MetaDigest, e.Digest)
	m.list(MetaWarnings, e.codes())
	switch {
	case e.Actes != nil:
		e.Actes.flatten(m)
	case e.Helios != nil:
		e.Helios.flatten(m)
	case e.Chorus != nil:
		e.Chorus.flatten(m)
	}
}

// codes returns the distinct codes of the warnings, in their order.
func (e *Envelope) codes() []string {
	var out []string
	seen := make(map[Code]bool)
	for _, w := range e.Warnings {
		if !seen[w.Code] {
			seen[w.Code] = true
			out = append(out, string(w.Code))
		}
	}
	return out
}

func (a *Actes) flatten(m flatMap) {
	m.text(MetaActesID, a.ID)
	m.text(MetaActesNumber, a.Number)
	m.date(MetaActesDate, a.Date)
	m.text(MetaActesNature, a.Nature.Code)
	m.text(MetaActesNatureShort, a.Nature.Short)
	m.text(MetaActesNatureLabel, a.Nature.Label)
	m.text(MetaActesSubject, a.Subject)
	m.text(MetaActesClass, a.Classification.Code)
	m.text(MetaActesClassLabel, a.Classification.Label)
	m.date(MetaActesClassVersion, a.ClassificationVersion)
	m.text(MetaActesType, a.ActType)
	m.list(MetaActesPieceTypes, a.PieceTypes)
	m.text(MetaActesMessage, a.Message.Code)
	m.text(MetaActesMessageLabel, a.Message.Label)
	m.text(MetaActesDirection, string(a.Direction))
	m.text(MetaActesDepartment, a.Department)
	m.text(MetaActesSIREN, a.SIREN)
	m.text(MetaActesArrondissement, a.Arrondissement)
	m.text(MetaActesAuthority, a.AuthorityCode)
	m.text(MetaActesReferent, a.Referent.Name)
	m.text(MetaActesReferentPhone, a.Referent.Phone)
	m.text(MetaActesReferentMail, a.Referent.Mail)
	m.list(MetaActesReturnMails, a.ReturnMails)
	m.text(MetaActesTransmitter, a.Transmitter)
	m.text(MetaActesEnvelope, a.Envelope)
	m.text(MetaActesSequence, a.Sequence)
	m.flag(MetaActesTest, a.Test)
	m.text(MetaActesPaper, string(a.PaperComplement))
	m.text(MetaActesMain, a.Main)
	m.count(MetaActesAnnexes, len(a.Annexes))
	m.text(MetaActesPrevious, a.Previous)
	if a.Receipt != nil {
		m.date(MetaActesReceived, a.Receipt.Date)
	}
	m.flag(MetaActesCancelled, a.Cancelled)
	if a.Cancellation != nil {
		m.date(MetaActesCancelledOn, a.Cancellation.Date)
	}
	m.date(MetaActesLetterDate, a.LetterDate)
	m.text(MetaActesLetterReason, a.LetterReason)
	m.date(MetaActesCourtDate, a.DepositedInCourt)
	if a.Anomaly != nil {
		m.text(MetaActesAnomaly, strings.TrimSpace(a.Anomaly.Nature+" "+a.Anomaly.Detail))
		m.date(MetaActesAnomalyDate, a.Anomaly.Date)
	}
	m.date(MetaActesPosted, a.PostedAt)
	m.date(MetaActesPublished, a.PublishedAt)
	m.text(MetaActesTransaction, a.TransactionID)
	m.flag(MetaActesSigned, a.Signature.Present || a.SignatureInside)
	m.date(MetaActesSignedOn, a.Signature.Date)
	m.text(MetaActesSignedFile, a.Signature.Document)
	m.parapheur(a.Parapheur, a.Archiving)
}

func (h *Helios) flatten(m flatMap) {
	m.text(MetaHeliosFlow, string(h.Flow))
	m.text(MetaHeliosFile, h.FileName)
	m.text(MetaHeliosType, h.Type)
	m.text(MetaHeliosVersion, h.Version)
	m.date(MetaHeliosDate, h.Date)
	m.text(MetaHeliosPost, h.Post)
	m.text(MetaHeliosPostLabel, h.PostLabel)
	m.text(MetaHeliosSIRET, h.SIRET)
	m.text(MetaHeliosCodCol, h.CodCol)
	m.text(MetaHeliosCodBud, h.CodBud)
	m.text(MetaHeliosBudget, h.BudgetLabel)
	m.text(MetaHeliosEmitter, h.Emitter.Sigle)
	m.text(MetaHeliosEmitterAddress, h.Emitter.Address)
	m.text(MetaHeliosReceiver, h.Receiver.Sigle)
	m.text(MetaHeliosReceiverAddress, h.Receiver.Address)
	m.list(MetaHeliosDomains, h.Domains)
	m.list(MetaHeliosExercises, h.Exercises)
	var ids []string
	for _, b := range h.Bordereaux {
		ids = append(ids, b.ID)
	}
	m.list(MetaHeliosBordereaux, ids)
	m.count(MetaHeliosPieces, h.PieceCount)
	m.count(MetaHeliosLines, h.LineCount)
	m.count(MetaHeliosAttachments, h.AttachmentCount)
	m.text(MetaHeliosTotal, string(h.Total))
	m.list(MetaHeliosNatures, h.Natures)
	m.list(MetaHeliosFunctions, h.Functions)
	if h.Ack != nil {
		m.text(MetaHeliosAck, string(h.Ack.State))
		m.date(MetaHeliosAckDate, h.Ack.Date)
	}
	m.flag(MetaHeliosSigned, len(h.Signatures) > 0)
	m.text(MetaHeliosSubject, h.Subject)
	if len(h.Contracts) > 0 {
		m.text(MetaHeliosContract, h.Contracts[0].ID)
	}
	m.text(MetaHeliosTransaction, h.TransactionID)
	m.parapheur(h.Parapheur, h.Archiving)
}

func (c *Chorus) flatten(m flatMap) {
	m.text(MetaChorusID, c.CppID)
	m.text(MetaChorusFormat, string(c.Format))
	m.text(MetaChorusProfile, c.Profile)
	m.text(MetaChorusNumber, c.Number)
	m.text(MetaChorusType, c.Type.Code)
	m.text(MetaChorusTypeLabel, c.Type.Label)
	m.text(MetaChorusFrame, c.Frame.Code)
	m.text(MetaChorusFrameLabel, c.Frame.Label)
	m.date(MetaChorusIssued, c.IssueDate)
	m.date(MetaChorusDeposited, c.DepositDate)
	m.date(MetaChorusReceived, c.ReceptionDate)
	m.date(MetaChorusAvailable, c.AvailableDate)
	m.date(MetaChorusDelivered, c.DeliveryDate)
	m.date(MetaChorusSuspended, c.SuspensionEnd)
	m.date(MetaChorusDue, c.DueDate)
	m.text(MetaChorusSupplier, c.Supplier.Name)
	m.text(MetaChorusSupplierID, c.Supplier.ID)
	m.text(MetaChorusSupplierIDType, c.Supplier.IDType.Code)
	m.text(MetaChorusSupplierCountry, c.Supplier.Country)
	m.text(MetaChorusSupplierService, c.Supplier.Service)
	m.text(MetaChorusSupplierServiceName, c.Supplier.ServiceName)
	m.text(MetaChorusEmission, c.Supplier.Emission)
	m.text(MetaChorusBuyer, c.Buyer.Name)
	m.text(MetaChorusBuyerID, c.Buyer.ID)
	m.text(MetaChorusBuyerIDType, c.Buyer.IDType.Code)
	m.text(MetaChorusBuyerCountry, c.Buyer.Country)
	m.text(MetaChorusService, c.Buyer.Service)
	m.text(MetaChorusServiceName, c.Buyer.ServiceName)
	m.text(MetaChorusValidator, c.Validator)
	m.text(MetaChorusContract, c.ContractNumber)
	m.text(MetaChorusEngagement, c.EngagementNumber)
	m.text(MetaChorusCurrency, c.Currency)
	m.text(MetaChorusHT, string(c.AmountHT))
	m.text(MetaChorusVAT, string(c.AmountVAT))
	m.text(MetaChorusTTC, string(c.AmountTTC))
	m.text(MetaChorusNet, string(c.NetToPay))
	m.text(MetaChorusPayment, c.PaymentMode.Code)
	m.text(MetaChorusPaymentLabel, c.PaymentMode.Label)
	m.text(MetaChorusOriginal, c.OriginalInvoice)
	m.text(MetaChorusRedelivery, c.Redelivery)
	m.text(MetaChorusStatus, c.Status.Code)
	m.text(MetaChorusStatusLabel, c.Status.Label)
	m.date(MetaChorusStatusDate, c.StatusDate)
	m.text(MetaChorusStatusComment, c.StatusComment)
	m.text(MetaChorusUpdate, c.UpdateReason)
	m.text(MetaChorusMandate, c.MandateNumber)
	m.text(MetaChorusFlow, c.FlowID)
	m.text(MetaChorusFlowCode, c.FlowCode)
	m.text(MetaChorusSyntax, c.Syntax)
	m.text(MetaChorusIntegration, c.Integration)
	m.flag(MetaChorusCancelled, c.Cancelled)
	m.parapheur(c.Parapheur, c.Archiving)
}

func (m flatMap) parapheur(p Parapheur, a Archiving) {
	m.text(MetaParapheurType, p.Type)
	m.text(MetaParapheurSubtype, p.Subtype)
	m.text(MetaParapheurFolder, p.FolderID)
	m.text(MetaParapheurMessage, p.LastMessage)
	m.text(MetaArchiveTransfer, a.TransferID)
	m.text(MetaArchiveID, a.ID)
	m.text(MetaArchiveComment, a.Comment)
	m.text(MetaArchiveAck, a.Ack)
	m.text(MetaArchiveReply, a.Reply)
}

// flatten returns what is known of a file.
func (f *File) flatten() map[string]string {
	m := flatMap{}
	m.text(MetaField, f.Field)
	if f.Field != "" {
		m.count(MetaIndex, f.Index)
	}
	m.text(MetaOf, f.Of)
	m.text(MetaOriginal, f.Original)
	if f.Path != f.Name {
		m.text(MetaPath, f.Path)
	}
	m.text(MetaTypology, f.Typology)
	m.text(MetaMatch, string(f.Match))
	m.text(MetaSHA256, f.SHA256)
	m.flag(MetaPreferred, f.Preferred)
	m.flag(MetaBroken, f.Broken)
	return m
}
