package adullact

// A Kind is what an envelope is about. It is also the Group that its documents
// get, and so what Routes go by.
type Kind string

const (
	KindActes   Kind = "acte_nature" // an act on its way to or from the prefecture
	KindHelios  Kind = "helios"      // a PES flow between an authority and its treasury
	KindChorus  Kind = "chorus_fact" // a supplier's invoice, by Chorus Pro
	KindUnknown Kind = "unknown"     // none of these, or not to be told
)

// A Layer is the form in which an envelope came.
type Layer string

const (
	LayerFolder  Layer = "folder"  // a deposit that is a folder
	LayerZip     Layer = "zip"     // a deposit, or a group of files, in a zip
	LayerLoose   Layer = "loose"   // a deposit whose files lie side by side with others
	LayerArchive Layer = "archive" // a transport archive, tar.gz
	LayerMessage Layer = "message" // one XML file
	LayerPDF     Layer = "pdf"     // a Factur-X invoice
)

// A Role is the part that a file plays in its envelope. It is also the Role of
// the document that the file becomes.
type Role string

const (
	RoleMain            Role = "main"             // the act, the invoice
	RoleAnnex           Role = "annex"            // what is attached to it
	RolePJ              Role = "pj"               // a voucher inside a PES
	RoleTransport       Role = "transport"        // what was or is to be transmitted: a PES, a pivot, a message
	RoleSigned          Role = "signed"           // the main document or PES, signed
	RoleSignature       Role = "signature"        // a detached signature
	RoleReceipt         Role = "receipt"          // of the State: messages 1-2 and 6-2, a PES_ACQUIT
	RoleProof           Role = "proof"            // a slip of the transmission or of the signature
	RoleStamped         Role = "stamped"          // the act or an annex, stamped by the transmitter
	RoleExchange        Role = "exchange"         // a letter of the prefecture or an answer to it
	RoleExchangeReceipt Role = "exchange_receipt" // the receipt of one
	RoleCancellation    Role = "cancellation"     // of an act: message 6-1
	RoleHistory         Role = "history"          // of a signature folder or of an invoice
	RoleVisual          Role = "visual"           // a rendition of a PES for people
	RoleArchive         Role = "archive"          // about the deposit in an archive
	RoleTypology        Role = "typology"         // the types of the documents of an act
	RoleReport          Role = "report"           // the report that goes with a project of act
	RoleMetadata        Role = "metadata"         // what the deposit says of itself
	RoleMarker          Role = "marker"           // tells that a deposit is complete
	RoleNoise           Role = "noise"            // left by systems and tools, of no meaning
	RoleOther           Role = "other"            // none of these, or not to be told
)
