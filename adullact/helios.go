package adullact

import "time"

// Helios is a PES flow between an authority and its treasury. Texts and codes
// are as the flow gives them.
type Helios struct {
	Flow        Flow
	Root        string // local name of the root element
	FileName    string // NomFic: any text, often not the name of the file
	Type        string // TypFic
	Version     string
	Date        Date   // DteStr
	Post        string // IdPost
	PostLabel   string
	SIRET       string // IdColl
	CodCol      string
	CodBud      string
	BudgetLabel string
	Emitter     Correspondent
	Receiver    Correspondent
	Domains     []string // what the flow holds: "depense", "recette", "pj", "marche" …

	Bordereaux  []Bordereau
	Pieces      []Piece
	Attachments []PESAttachment
	Signatures  []PESSignature
	Contracts   []Contract
	Ack         *Ack
	Retours     []RetourAck // of a PES_ACQUIT_RETOUR

	// These count and add up everything, also what is not kept.
	BordereauCount, PieceCount, LineCount, AttachmentCount int

	Total      Decimal  // of the lines, without tax
	Exercises  []string // distinct, in order; likewise those below
	Natures    []string
	Functions  []string
	Unresolved []PJRef // references to attachments that this flow does not hold
	Truncated  bool    // there is more than Limits.Pieces allow to keep

	// Of the deposit only.
	Subject       string
	TransactionID string
	Parapheur     Parapheur
	Archiving     Archiving
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
type Correspondent struct{ Sigle, Address string }

// A Bordereau is a list of orders.
type Bordereau struct {
	Domain     string // "depense", "recette" …
	XMLID      string // what signatures refer to
	ID         string // IdBord
	Exercise   string
	Date       Date // DteBordEm
	Type       string
	Declared   int     // pieces, NbrPce; -1: not declared
	Found      int     // pieces
	Amount     Decimal // without tax
	Cumulative Decimal // since the start of the year
}

// A Piece is an order to pay or to collect.
type Piece struct {
	Bordereau string // ID
	Exercise  string
	Domain    string
	ID        string // IdPce
	Type      string
	Nature    string
	Object    string
	State     string // EtatPce, of a retour
	TakenOn   Date   // DtePcePec, of a retour
	PJs       []PJRef
	Lines     []Line // not set while WalkPES runs
}

// A Line is a part of a piece.
type Line struct {
	ID       string
	Nature   string
	Function string
	Label    string // LibVir1 and LibVir2
	Amount   Decimal
	State    string // of a retour
	PJs      []PJRef
	Third    ThirdParty
}

// A ThirdParty is who is paid or owes.
type ThirdParty struct {
	ID         string // IdTiers, such as a SIRET
	IDNature   string // NatIdTiers
	Ref        string // RefTiers
	Name       string
	Complement string
	Category   string
	Legal      string // NatJur
	IBAN, BIC  string // only with Decoder.BankData; IBAN may be a RIB
}

// A PJRef refers to an attachment, in this flow or another.
type PJRef struct {
	Support string // 01 electronic, 02 paper, 03 disc
	ID      string // IdUnique
	Name    string // NomPJ
}

// A PESAttachment is a file inside a PES.
type PESAttachment struct {
	Index       int    // from 0, in the order of the flow
	ID          string // IdUnique; "" is not forbidden
	ServerID    string
	Name        string // NomPJ
	Type        string // "003": of an expense
	MediaType   string // declared
	Description string
	RefCompta   []RefCompta

	Form   string // how it is wrapped, as File.Form; "empty": no content
	Size   int64  // unwrapped; not set while WalkPES runs
	SHA256 string // likewise
	Broken bool   // likewise: it cannot be unwrapped
	Stray  bool   // it is not in PES_PJ, where it belongs

	from, to int64 // of its characters in the file
}

// A RefCompta is what an attachment belongs to.
type RefCompta struct{ Domain, Exercise, Type, ID, Complement, ThirdParty string }

// A PESSignature is a signature of a bordereau, or of the whole flow. It is
// not verified.
type PESSignature struct {
	Bordereau string // XMLID of the bordereau; "" for the whole flow
	Global    bool
	ID        string
	Time      time.Time // claimed; zero if none or none that is valid
	Role      string    // claimed
	City      string
	Subject   string // of the certificate
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
	State    AckState // refused if any element is
	FileName string   // NomFic, of the aller; may be another
	Date     Date
	Elements []AckElement
	File     string // Name of its file; "" if only the deposit tells of it
}

// An AckElement is the answer to a bordereau or to an attachment.
type AckElement struct {
	Domain    Term
	State     AckState
	Bordereau string
	Exercise  string
	PJ        string // IdUnique
	Errors    []AckError
}

// An AckError is why something is refused.
type AckError struct {
	Piece string // "": the element
	Line  string // "": the piece
	Code  string
	Label string
}

// A RetourAck is the answer of the authority to a retour.
type RetourAck struct {
	Domain   Term
	FileName string
	Type     string // TypRestit
	Date     Date
}

// A Contract is a contract in a PES_Marche.
type Contract struct {
	ID           string
	Object       string
	Nature       string
	CPV          string
	Procedure    string
	Amount       Decimal // MontantHTNotifie
	Estimated    Decimal // MontantHTEstime
	NotifiedOn   Date
	Holders      []Holder
	Subcontracts []Holder
	Errors       []string // that the program which wrote the flow left in it
}

// A Holder is a party to a contract.
type Holder struct{ ID, IDNature, Name, IBAN string }
