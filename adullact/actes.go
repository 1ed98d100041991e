package adullact

// Actes is an act of a local authority on its way to or from the prefecture,
// after the schema actesv1_1.xsd and what a deposit says besides.
//
// Texts are as they were given: a number is not reinterpreted, and a name is
// not split. Of an exchange about an act, such as a letter of the prefecture,
// the fields that describe the act itself may be empty.
type Actes struct {
	ID     string // IDActe: department, SIREN, date, number and nature, joined by dashes
	Number string // NumeroInterne
	Date   Date   // of the decision
	Nature Term   // Code "1" to "6", Short such as "DE"

	Subject               string // Objet; may hold line breaks
	Classification        Classification
	ClassificationVersion Date
	Previous              string // ID of an act sent before

	ActType    string   // typology of the main document, such as "99_DE"
	PieceTypes []string // typologies of the annexes, as the deposit gives them

	Message   MessageType
	Direction Direction

	Department     string
	SIREN          string
	Arrondissement string
	AuthorityCode  string // Nature of the authority
	Referent       Referent
	ReturnMails    []string

	Transmitter string // first three letters of the archive's name, such as "SLO"
	Envelope    string // name of the envelope file
	Sequence    string // number of the envelope on its day
	Test        bool   // the envelope is a TACT: not for production

	Main             string // name of the main document
	Annexes          []Annex
	AnnexesDeclared  int // -1: not declared
	PaperComplement  Answer
	SignatureInside  bool   // the message holds a signature of a document
	LetterDate       Date   // DateCourrierPref
	LetterReason     string // Motif, DescriptionPieces or NatureIllegalite
	DepositedInCourt Date   // DateDepot of a referral
	Anomaly          *Anomaly
	Receipt          *Receipt // message 1-2
	Cancellation     *Receipt // message 6-2
	Cancelled        bool     // a cancellation was asked for or acknowledged
	Exchanges        []Exchange

	// Of the deposit only.
	TransactionID string
	PostedAt      Date
	PublishedAt   Date
	Signature     Signing
	Parapheur     Parapheur
	Archiving     Archiving
}

// A Direction tells who sends a message.
type Direction string

const (
	ToState   Direction = "to_state"
	FromState Direction = "from_state"
)

// An Answer is yes, no or none.
type Answer string

const (
	Yes      Answer = "yes"
	No       Answer = "no"
	NoAnswer Answer = ""
)

// A MessageType is the type of a message of ACTES, such as 1-1.
type MessageType struct {
	Code  string // "1-1"
	Root  string // its element, "Acte"
	Label string // in French
}

// A Classification says what an act is about, on up to five levels.
type Classification struct {
	Code   string   // "7.10.2"
	Label  string   // of the deposit; "" if there is none
	Levels []string // the codes; "" for a level that was skipped
}

// An Annex is what is attached to an act or letter.
type Annex struct {
	Name     string // as the message names it, without folders
	Typology string // such as "22_CO"; "" if unknown
	Signed   bool   // the message holds a signature of it
	Present  bool
}

// A Receipt is what the State answers.
type Receipt struct {
	ID                    string // IDActe
	Date                  Date
	ClassificationInForce Date
	File                  string // Name of its file; "" if only the deposit tells of it
}

// An Exchange is a letter about an act, or an answer to one.
type Exchange struct {
	Message MessageType
	Date    Date
	Reason  string
	Files   []string // as the message names them, or Names of files
	File    string   // Name of the file of the message; "" if only the deposit tells of it
}

// An Anomaly is why the State refuses an act or envelope.
type Anomaly struct {
	Date   Date
	Nature string // a code, or text
	Detail string
}

// A Referent is whom to ask at the authority.
type Referent struct{ Name, Phone, Mail string }

// Signing is what a deposit says of the signature of its main document.
type Signing struct {
	Present  bool
	PAdES    bool
	Detached bool
	Date     Date
}

// A Parapheur is the signature folder that a document went through.
type Parapheur struct{ Type, Subtype, FolderID, LastMessage string }

// Archiving is what a deposit says of its archive.
type Archiving struct{ TransferID, ID, Comment string }
