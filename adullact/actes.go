package adullact

// Actes is an act of a local authority on its way to or from the prefecture,
// after the schema actesv1_1.xsd and what a deposit says besides.
//
// Texts are as they were given: a number is not reinterpreted, and a name is
// not split. Of an exchange about an act, such as a letter of the prefecture,
// the fields that describe the act itself may be empty.
type Actes struct {
	ID     string `json:"id,omitempty"`     // IDActe: department, SIREN, date, number and nature, joined by dashes
	Number string `json:"number,omitempty"` // NumeroInterne
	Date   Date   `json:"date,omitzero"`    // of the decision
	Nature Term   `json:"nature,omitzero"`  // Code "1" to "6", Short such as "DE"

	Subject               string         `json:"subject,omitempty"` // Objet; may hold line breaks
	Classification        Classification `json:"classification,omitzero"`
	ClassificationVersion Date           `json:"classificationVersion,omitzero"`
	Previous              string         `json:"previous,omitempty"` // ID of an act sent before

	ActType    string   `json:"actType,omitempty"`    // typology of the main document, such as "99_DE"
	PieceTypes []string `json:"pieceTypes,omitempty"` // typologies of the annexes, as the deposit gives them

	Message   MessageType `json:"message,omitzero"`
	Direction Direction   `json:"direction,omitempty"`

	Department     string   `json:"department,omitempty"`
	SIREN          string   `json:"siren,omitempty"`
	Arrondissement string   `json:"arrondissement,omitempty"`
	AuthorityCode  string   `json:"authorityCode,omitempty"` // Nature of the authority
	Referent       Referent `json:"referent,omitzero"`
	ReturnMails    []string `json:"returnMails,omitempty"`

	Transmitter string `json:"transmitter,omitempty"` // first three letters of the archive's name, such as "SLO"
	Envelope    string `json:"envelope,omitempty"`    // name of the envelope file
	Sequence    string `json:"sequence,omitempty"`    // number of the envelope on its day
	Test        bool   `json:"test,omitempty"`        // the envelope is a TACT: not for production

	Main             string     `json:"main,omitempty"` // name of the main document
	Annexes          []Annex    `json:"annexes,omitempty"`
	AnnexesDeclared  int        `json:"annexesDeclared"` // -1: not declared
	PaperComplement  Answer     `json:"paperComplement,omitempty"`
	SignatureInside  bool       `json:"signatureInside,omitempty"` // the message holds a signature of a document
	LetterDate       Date       `json:"letterDate,omitzero"`       // DateCourrierPref
	LetterReason     string     `json:"letterReason,omitempty"`    // Motif, DescriptionPieces or NatureIllegalite
	DepositedInCourt Date       `json:"depositedInCourt,omitzero"` // DateDepot of a referral
	Anomaly          *Anomaly   `json:"anomaly,omitempty"`
	Receipt          *Receipt   `json:"receipt,omitempty"`      // message 1-2
	Cancellation     *Receipt   `json:"cancellation,omitempty"` // message 6-2
	Cancelled        bool       `json:"cancelled,omitempty"`    // a cancellation was asked for or acknowledged
	Exchanges        []Exchange `json:"exchanges,omitempty"`

	// Of the deposit only.
	TransactionID string    `json:"transactionId,omitempty"`
	PostedAt      Date      `json:"postedAt,omitzero"`
	PublishedAt   Date      `json:"publishedAt,omitzero"`
	Signature     Signing   `json:"signature,omitzero"`
	Parapheur     Parapheur `json:"parapheur,omitzero"`
	Archiving     Archiving `json:"archiving,omitzero"`
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
	Code  string `json:"code"`            // "1-1"
	Root  string `json:"root,omitempty"`  // its element, "Acte"
	Label string `json:"label,omitempty"` // in French
}

// A Classification says what an act is about, on up to five levels.
type Classification struct {
	Code   string   `json:"code"`             // "7.10.2"
	Label  string   `json:"label,omitempty"`  // of the deposit; "" if there is none
	Levels []string `json:"levels,omitempty"` // the codes; "" for a level that was skipped
}

// An Annex is what is attached to an act or letter.
type Annex struct {
	Name     string `json:"name,omitempty"`     // as the message names it, without folders
	Typology string `json:"typology,omitempty"` // such as "22_CO"; "" if unknown
	Signed   bool   `json:"signed,omitempty"`   // the message holds a signature of it
	Present  bool   `json:"present"`
}

// A Receipt is what the State answers.
type Receipt struct {
	ID                    string `json:"id,omitempty"` // IDActe
	Date                  Date   `json:"date,omitzero"`
	ClassificationInForce Date   `json:"classificationInForce,omitzero"`
	File                  string `json:"file,omitempty"` // Name of its file; "" if only the deposit tells of it
}

// An Exchange is a letter about an act, or an answer to one: the answer is an
// Exchange of its own, with the other Direction.
type Exchange struct {
	Message   MessageType `json:"message,omitzero"`
	Direction Direction   `json:"direction,omitempty"`
	Date      Date        `json:"date,omitzero"`
	Reason    string      `json:"reason,omitempty"`
	Files     []string    `json:"files,omitempty"` // as the message names them, or Names of files
	File      string      `json:"file,omitempty"`  // Name of the file of the message; "" if only the deposit tells of it
}

// An Anomaly is why the State refuses an act or envelope.
type Anomaly struct {
	Date   Date   `json:"date,omitzero"`
	Nature string `json:"nature,omitempty"` // a code, or text
	Detail string `json:"detail,omitempty"`
}

// A Referent is whom to ask at the authority.
type Referent struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Mail  string `json:"mail,omitempty"`
}

// Signing is what a deposit says of the signature of its main document.
type Signing struct {
	Present  bool   `json:"present"`
	PAdES    bool   `json:"pades,omitempty"`
	Detached bool   `json:"detached,omitempty"`
	Date     Date   `json:"date,omitzero"`
	Document string `json:"document,omitempty"` // name of the signed document, if that is another file
}

// A Parapheur is the signature folder that a document went through.
type Parapheur struct {
	Type        string `json:"type,omitempty"`
	Subtype     string `json:"subtype,omitempty"`
	FolderID    string `json:"folderId,omitempty"`
	LastMessage string `json:"lastMessage,omitempty"`
}

// Archiving is what a deposit says of its transfer to an archive.
type Archiving struct {
	TransferID string `json:"transferId,omitempty"`
	ID         string `json:"id,omitempty"`
	Comment    string `json:"comment,omitempty"`
	Ack        string `json:"ack,omitempty"`   // name of the file of the acknowledgement
	Reply      string `json:"reply,omitempty"` // name of the file of the answer to the transfer
}
