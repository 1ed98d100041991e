package adullact

import (
	"errors"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// Errors of Decode, DecodeFS and WalkPES, to be found with errors.Is.
var (
	// ErrTruncated: the input ends before its end. It may still be arriving.
	ErrTruncated = xmlscan.ErrTruncated

	// ErrDoctype: an XML file declares a document type. None has a reason to,
	// and the declarations are a way to attack parsers.
	ErrDoctype = xmlscan.ErrDoctype

	// ErrTooLarge: a limit was exceeded. The error is a *LimitError.
	ErrTooLarge = xmlscan.ErrTooLarge

	// ErrEncrypted: an archive asks for a password.
	ErrEncrypted = payload.ErrEncrypted

	// ErrMalformed: the input is not well-formed.
	ErrMalformed = errors.New("malformed")
)

// A LimitError tells which of the Limits was exceeded: its field Limit is the
// name of the field, such as "Entries", and Max its value.
type LimitError = xmlscan.LimitError

// A SyntaxError tells where an XML file is not well-formed: Offset is in bytes,
// about, and Msg says what is wrong.
type SyntaxError = xmlscan.SyntaxError
