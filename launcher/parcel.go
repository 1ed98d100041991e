package launcher

import (
	"context"
	"io"
	"time"
)

// A Document is one file on its way from an origin to a [Sink].
//
// A Document and every reader opened from it are valid only until the Store
// call that received it returns.
type Document struct {
	// Name is the file's name, made safe by [CleanName]. Two documents of a
	// parcel may share a name. Where cleaning changed it, Meta[MetaName] holds
	// the name as it was at the origin.
	Name string

	// Dir is the folder of the document, slash-separated and relative to the
	// root of its Source; "" at the root.
	Dir string

	// MediaType is what the origin declared, such as "application/pdf": a
	// claim, not a finding. "" if the origin declared none.
	MediaType string

	// Size is the number of bytes that Open will yield; -1 if that is not
	// known before reading. The engine fails a read that ends elsewhere.
	Size int64

	// Time is when the document was last changed; zero if unknown.
	Time time.Time

	// Role tells what part the document plays: "file", "message", "body",
	// "attachment", "inline", or a role of package adullact.
	Role string

	// Group is what Routes go by. "" means the extension of Name, lower case
	// and without its dot.
	Group string

	// Unit is the mail or envelope that the document came in. Nil means the
	// parcel itself.
	Unit *Unit

	// Meta holds what is known besides, under dotted keys such as
	// "mail.subject". Receivers must not modify it.
	Meta map[string]string

	// Open returns a new reader of the whole body. It is never nil, and may be
	// called any number of times, also concurrently; each reader is
	// independent. The caller closes it. A reader may also be an io.ReaderAt.
	// Errors may be marked with Reject or Halt.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// MetaName is the key in Document.Meta of the name that a document had at its
// origin, present only if CleanName changed it. It is outside text: quote it.
const MetaName = "origin.name"

// A Unit is one of several things inside a parcel that are handed over apart
// and settled together, such as the acts of one archive.
type Unit struct {
	Key  string            // distinct and stable within the parcel
	Meta map[string]string // of the mail or envelope; receivers must not modify it
}

// A Parcel is a set of documents that arrived together and are settled
// together: a mail, a file, a set of companion files, an envelope.
type Parcel struct {
	// ID is the same from one Poll to the next and across restarts, and no
	// other parcel of the Source has it. IDs are compared, never parsed.
	//
	// A Sink sees an ID qualified by the launcher: printable ASCII, at most
	// 128 bytes, unique in the host as long as launchers' Names are.
	ID string

	// Origin tells a person where to look, such as "INBOX uid 42". Text from
	// outside is quoted in it.
	Origin string

	// Time is when the parcel arrived at its origin; zero if unknown.
	Time time.Time

	// Job is the COLD job that the documents go to, set by the engine from the
	// Route. Sources leave it empty.
	Job string

	// Meta is about the whole: mail headers, fields of an envelope. Receivers
	// must not modify it.
	Meta map[string]string

	// Documents yields the documents. It is never nil. It is lazy: it may
	// download or unpack, so it is called only for parcels that are not known
	// yet. An error may be marked with Reject, Halt or Later.
	Documents func(ctx context.Context) ([]*Document, error)
}
