package adullact

import "time"

// Helios is a PES flow between an authority and its treasury. Texts and codes
// are as the flow gives them.
type Helios struct {
	Flow        Flow          `json:"flow,omitempty"`
	Root        string        `json:"root,omitempty"`     // local name of the root element
	FileName    string        `json:"fileName,omitempty"` // NomFic: any text, often not the name of the file
	Type        string        `json:"type,omitempty"`     // TypFic
	Version     string        `json:"version,omitempty"`
	Date        Date          `json:"date,omitzero"`  // DteStr
	Post        string        `json:"post,omitempty"` // IdPost
	PostLabel   string        `json:"postLabel,omitempty"`
	SIRET       string        `json:"siret,omitempty"` // IdColl
	CodCol      string        `json:"codCol,omitempty"`
	CodBud      string        `json:"codBud,omitempty"`
	BudgetLabel string        `json:"budgetLabel,omitempty"`
	Emitter     Correspondent `json:"emitter,omitzero"`
	Receiver    Correspondent `json:"receiver,omitzero"`
	Domains     []string      `json:"domains,omitempty"` // what the flow holds: "depense", "recette", "pj", "marche" …

	Bordereaux  []Bordereau     `json:"bordereaux,omitempty"`
	Pieces      []Piece         `json:"pieces,omitempty"`
	Attachments []PESAttachment `json:"attachments,omitempty"`
	Signatures  []PESSignature  `json:"signatures,omitempty"`
	Contracts   []Contract      `json:"contracts,omitempty"`
	Ack         *Ack            `json:"ack,omitempty"`
	Retours     []RetourAck     `json:"retours,omitempty"` // of a PES_ACQUIT_RETOUR

	// These count and add up everything, also what is not kept.
	BordereauCount  int `json:"bordereauCount"`
	PieceCount      int `json:"pieceCount"`
	LineCount       int `json:"lineCount"`
	AttachmentCount int `json:"attachmentCount"`

	Total      Decimal  `json:"total,omitempty"`     // of the lines, without tax
	Exercises  []string `json:"exercises,omitempty"` // distinct, in order; likewise those below
	Natures    []string `json:"natures,omitempty"`
	Functions  []string `json:"functions,omitempty"`
	Unresolved []PJRef  `json:"unresolved,omitempty"` // references to attachments that this flow does not hold
	Truncated  bool     `json:"truncated,omitempty"`  // there is more than Limits.Pieces allow to keep

	// Of the deposit only.
	Subject       string    `json:"subject,omitempty"`
	TransactionID string    `json:"transactionId,omitempty"`
	Parapheur     Parapheur `json:"parapheur,omitzero"`
	Archiving     Archiving `json:"archiving,omitzero"`
}

// A Flow tells what a PES is.
type Flow string

const (
	FlowAller        Flow = "aller"         // orders of the authority
	FlowPJ           Flow = "pj"            // attachments only
	FlowMarche       Flow = "marche"        // contracts
	FlowFacture      Flow = "facture"       // invoices
	FlowRetour       Flow = "retour"        // what became of orders
	FlowAcquit       Flow = "acquit"        // acknowledgement of an aller
	FlowAcquitRetour Flow = "acquit_retour" // acknowledgement of a retour
)

// A Correspondent is a sender or receiver of a PES: names of programs.
type Correspondent struct {
	Sigle   string `json:"sigle,omitempty"`
	Address string `json:"address,omitempty"`
}

// A Bordereau is a list of orders.
type Bordereau struct {
	Domain     string  `json:"domain,omitempty"` // "depense", "recette" …
	XMLID      string  `json:"xmlId,omitempty"`  // what signatures refer to
	ID         string  `json:"id,omitempty"`     // IdBord
	Exercise   string  `json:"exercise,omitempty"`
	Date       Date    `json:"date,omitzero"` // DteBordEm
	Type       string  `json:"type,omitempty"`
	Declared   int     `json:"declared"`             // pieces, NbrPce; -1: not declared
	Found      int     `json:"found"`                // pieces
	Amount     Decimal `json:"amount,omitempty"`     // without tax
	Cumulative Decimal `json:"cumulative,omitempty"` // since the start of the year
}

// A Piece is an order to pay or to collect.
type Piece struct {
	Bordereau string  `json:"bordereau,omitempty"` // ID
	Exercise  string  `json:"exercise,omitempty"`
	Domain    string  `json:"domain,omitempty"`
	ID        string  `json:"id,omitempty"` // IdPce
	Type      string  `json:"type,omitempty"`
	Nature    string  `json:"nature,omitempty"`
	Object    string  `json:"object,omitempty"`
	State     string  `json:"state,omitempty"`  // EtatPce, of a retour
	TakenOn   Date    `json:"takenOn,omitzero"` // DtePcePec, of a retour
	PJs       []PJRef `json:"pjs,omitempty"`
	Amount    Decimal `json:"amount,omitempty"` // of its lines, without tax; not set while WalkPES runs
	Lines     []Line  `json:"lines,omitempty"`  // not set while WalkPES runs
}

// A Line is a part of a piece.
type Line struct {
	ID       string     `json:"id,omitempty"`
	Nature   string     `json:"nature,omitempty"`
	Function string     `json:"function,omitempty"`
	Label    string     `json:"label,omitempty"` // LibVir1 and LibVir2
	Amount   Decimal    `json:"amount,omitempty"`
	State    string     `json:"state,omitempty"` // of a retour
	PJs      []PJRef    `json:"pjs,omitempty"`
	Third    ThirdParty `json:"third,omitzero"`
}

// A ThirdParty is who is paid or owes.
type ThirdParty struct {
	ID         string `json:"id,omitempty"`       // IdTiers, such as a SIRET
	IDNature   string `json:"idNature,omitempty"` // NatIdTiers
	Ref        string `json:"ref,omitempty"`      // RefTiers
	Name       string `json:"name,omitempty"`
	Complement string `json:"complement,omitempty"`
	Category   string `json:"category,omitempty"`
	Legal      string `json:"legal,omitempty"` // NatJur
	IBAN       string `json:"iban,omitempty"`
	BIC        string `json:"bic,omitempty"` // only with Decoder.BankData; IBAN may be a RIB
}

// A PJRef refers to an attachment, in this flow or another.
type PJRef struct {
	Support string `json:"support,omitempty"` // 01 electronic, 02 paper, 03 disc
	ID      string `json:"id,omitempty"`      // IdUnique
	Name    string `json:"name,omitempty"`    // NomPJ
}

// A PESAttachment is a file inside a PES.
type PESAttachment struct {
	Index       int         `json:"index,omitempty"` // from 0, in the order of the flow
	ID          string      `json:"id,omitempty"`    // IdUnique; "" is not forbidden
	ServerID    string      `json:"serverId,omitempty"`
	Name        string      `json:"name,omitempty"`      // NomPJ
	Type        string      `json:"type,omitempty"`      // "003": of an expense
	MediaType   string      `json:"mediaType,omitempty"` // declared
	Description string      `json:"description,omitempty"`
	RefCompta   []RefCompta `json:"refCompta,omitempty"`

	Form   string `json:"form,omitempty"`   // how it is wrapped, as File.Form; "empty": no content
	Size   int64  `json:"size,omitempty"`   // unwrapped; not set while WalkPES runs
	SHA256 string `json:"sha256,omitempty"` // likewise
	Broken bool   `json:"broken,omitempty"` // likewise: it cannot be unwrapped
	Stray  bool   `json:"stray,omitempty"`  // it is not in PES_PJ, where it belongs

	from, to int64 // of its characters in the file
}

// A RefCompta is what an attachment belongs to.
type RefCompta struct {
	Domain     string `json:"domain,omitempty"`
	Exercise   string `json:"exercise,omitempty"`
	Type       string `json:"type,omitempty"`
	ID         string `json:"id,omitempty"`
	Complement string `json:"complement,omitempty"`
	ThirdParty string `json:"thirdParty,omitempty"`
}

// A PESSignature is a signature of a bordereau, or of the whole flow. It is
// not verified.
type PESSignature struct {
	Bordereau string    `json:"bordereau,omitempty"` // XMLID of the bordereau; "" for the whole flow
	Global    bool      `json:"global,omitempty"`
	ID        string    `json:"id,omitempty"`
	Time      time.Time `json:"time,omitzero"`  // claimed; zero if none or none that is valid
	Role      string    `json:"role,omitempty"` // claimed
	City      string    `json:"city,omitempty"`
	Subject   string    `json:"subject,omitempty"` // of the certificate
}

// An AckState is what an acknowledgement says.
type AckState string

const (
	AckNone     AckState = ""
	AckAccepted AckState = "accepted"
	AckRefused  AckState = "refused"
)

// An Ack is the answer of the treasury to an aller.
type Ack struct {
	State    AckState     `json:"state,omitempty"`    // refused if any element is
	FileName string       `json:"fileName,omitempty"` // NomFic, of the aller; may be another
	Date     Date         `json:"date,omitzero"`
	Elements []AckElement `json:"elements,omitempty"`
	File     string       `json:"file,omitempty"` // Name of its file; "" if only the deposit tells of it
}

// An AckElement is the answer to a bordereau or to an attachment.
type AckElement struct {
	Domain    Term       `json:"domain,omitzero"`
	State     AckState   `json:"state,omitempty"`
	Bordereau string     `json:"bordereau,omitempty"`
	Exercise  string     `json:"exercise,omitempty"`
	PJ        string     `json:"pj,omitempty"` // IdUnique
	Errors    []AckError `json:"errors,omitempty"`
}

// An AckError is why something is refused.
type AckError struct {
	Piece string `json:"piece,omitempty"` // "": the element
	Line  string `json:"line,omitempty"`  // "": the piece
	Code  string `json:"code,omitempty"`
	Label string `json:"label,omitempty"`
}

// A RetourAck is the answer of the authority to a retour.
type RetourAck struct {
	Domain   Term   `json:"domain,omitzero"`
	FileName string `json:"fileName,omitempty"`
	Type     string `json:"type,omitempty"` // TypRestit
	Date     Date   `json:"date,omitzero"`
}

// A Contract is a contract in a PES_Marche.
type Contract struct {
	ID           string   `json:"id,omitempty"`
	Object       string   `json:"object,omitempty"`
	Nature       string   `json:"nature,omitempty"`
	CPV          string   `json:"cpv,omitempty"`
	Procedure    string   `json:"procedure,omitempty"`
	Amount       Decimal  `json:"amount,omitempty"`    // MontantHTNotifie
	Estimated    Decimal  `json:"estimated,omitempty"` // MontantHTEstime
	NotifiedOn   Date     `json:"notifiedOn,omitzero"`
	Holders      []Holder `json:"holders,omitempty"`
	Subcontracts []Holder `json:"subcontracts,omitempty"`
	Errors       []string `json:"errors,omitempty"` // that the program which wrote the flow left in it
}

// A Holder is a party to a contract.
type Holder struct {
	ID       string `json:"id,omitempty"`
	IDNature string `json:"idNature,omitempty"`
	Name     string `json:"name,omitempty"`
	IBAN     string `json:"iban,omitempty"`
}
