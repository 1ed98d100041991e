package mime

// Defects tells what was wrong in a message or part, one bit each. Nothing was
// dropped because of a defect unless its description says so.
type Defects uint32

const (
	// HeaderJunk: a line of a header that is no field; it was ignored.
	HeaderJunk Defects = 1 << iota
	// HeaderUnseparated: no blank line between a header and what follows.
	HeaderUnseparated
	// HeaderMissing: no field at all where the header of a message belongs.
	HeaderMissing
	// TypeInvalid: a Content-Type that names no media type.
	TypeInvalid
	// BoundaryMissing: a multipart without boundary parameter; the first line
	// of its body that looks like a delimiter was taken for one.
	BoundaryMissing
	// BoundaryUnused: a multipart in whose body no part begins.
	BoundaryUnused
	// BoundaryUnclosed: a multipart without its closing delimiter. If the
	// message was cut short, so was its last part.
	BoundaryUnclosed
	// BoundaryReopened: a part after the closing delimiter; it was taken.
	BoundaryReopened
	// EncodingUnknown: a transfer encoding that is not known; the bytes were
	// left as they are.
	EncodingUnknown
	// EncodingOnContainer: a multipart that claims a transfer encoding, which
	// RFC 2045 forbids; it was ignored.
	EncodingOnContainer
	// Base64Junk: foreign bytes in base64; they were skipped.
	Base64Junk
	// Base64Padding: base64 that ends in the middle of a group. A last single
	// character holds no byte and was dropped.
	Base64Padding
	// Base64Joined: base64 that goes on after its padding; both were taken.
	Base64Joined
	// Base64Trailer: text after the end of base64, such as the footer of a
	// mailing list; it was dropped.
	Base64Trailer
	// EncodingUntrue: a body that is not in the encoding that it claims. What was
	// decoded is worthless; the body as it stands is what was meant.
	EncodingUntrue
	// QuotedInvalid: "=" in quoted-printable that begins no escape; it was
	// taken as it stands.
	QuotedInvalid
	// UUInvalid: uuencoded data with a broken line, or without begin or end.
	UUInvalid
	// Fragment: a message/partial, one piece of a larger message.
	Fragment
)
