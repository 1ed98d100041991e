package adullact

import (
	"context"
	"io"
)

// An Envelope is one act, one PES flow or one invoice, with all its files.
//
// encoding/json writes all of it but Open of the files, in names that do not
// change: "kind", "actes", "siren". Dates are "2024-05-17", amounts are strings.
type Envelope struct {
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason,omitempty"` // the rule that told its kind, such as "metadata key acte_nature"
	Layer  Layer  `json:"layer,omitempty"`
	Name   string `json:"name,omitempty"` // of the deposit or file that it came in

	// Key is the same for two envelopes about the same thing, and made of what
	// identifies it in its domain:
	//
	//	actes:<id of the act>:<message>[:<date of the letter>]
	//	helios:<root>:<SIRET>:<CodCol>:<CodBud>:<NomFic>   acknowledgements also: :<Digest>
	//	chorus:<id in Chorus Pro>                          or :<supplier>:<number>:<date>
	//	webdelib:<id of the export>:<id of the act>
	//
	// It is "digest:" and Digest where these fields are missing.
	Key string `json:"key"`

	// Version tells apart the states of one Key: an invoice comes again when
	// its status changes. "" if there is only one.
	Version string `json:"version,omitempty"`

	// Digest is the SHA-256, in hexadecimal, over names, sizes and hashes of
	// the files at hand: equal for exact copies. Metadata and marker are left
	// out unless nothing else is there.
	Digest string `json:"digest,omitempty"`

	// Actes, Helios and Chorus are what is known in terms of the domain. The
	// one that Kind names is not nil; the others are.
	Actes  *Actes  `json:"actes,omitempty"`
	Helios *Helios `json:"helios,omitempty"`
	Chorus *Chorus `json:"chorus,omitempty"`

	// Meta is what the deposit says of itself, as found and in its order.
	Meta Metadata `json:"meta,omitzero"`

	// Files are all files, those of the transport inside a deposit included,
	// each once.
	Files []File `json:"files"`

	// Warnings are the defects that were tolerated.
	Warnings []Warning `json:"warnings,omitempty"`

	finished bool
}

// File returns the first file with a role, or nil.
func (e *Envelope) File(r Role) *File {
	for i := range e.Files {
		if e.Files[i].Role == r {
			return &e.Files[i]
		}
	}
	return nil
}

// Preferred returns the file to show to a person, or nil if there is none.
func (e *Envelope) Preferred() *File {
	for i := range e.Files {
		if e.Files[i].Preferred {
			return &e.Files[i]
		}
	}
	return nil
}

// A File is one file of an envelope. It lies on its own, in an archive, or
// inside an XML file.
type File struct {
	// Name is the last element of the name, whichever slash separates them. It
	// is never empty, "." or ".."; otherwise it is text from outside.
	Name string `json:"name,omitempty"`

	// Original is the name that the metadata or the message gives the file, if
	// that is another one.
	Original string `json:"original,omitempty"`

	// Path is the name as found, with its folders, from outside.
	Path string `json:"path,omitempty"`

	Role      Role   `json:"role,omitempty"`
	Field     string `json:"field,omitempty"`     // key of the metadata, or XML element, that names the file
	Index     int    `json:"index,omitempty"`     // among those of the same Field
	MediaType string `json:"mediaType,omitempty"` // declared; "" if nobody did
	Sniffed   string `json:"sniffed,omitempty"`   // found in the first bytes
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256,omitempty"`   // in hexadecimal, of what Open yields
	Of        string `json:"of,omitempty"`       // Name of the file that this one is inside, or belongs to
	Match     Match  `json:"match,omitempty"`    // how Field came to name this file; "" where nothing names it
	Typology  string `json:"typology,omitempty"` // of a document of an act, such as "99_DE"

	// Form tells how a file inside XML is wrapped: "gzip", "zip", "base64" or
	// "text". Open unwraps it.
	Form string `json:"form,omitempty"`

	// Broken tells that a file inside XML cannot be unwrapped. Open yields it
	// as it stands in the XML.
	Broken bool `json:"broken,omitempty"`

	// Preferred marks the file to show to a person.
	Preferred bool `json:"preferred,omitempty"`

	// Open returns a new reader of the whole file, byte for byte. It may be
	// called any number of times, also concurrently, as long as what the
	// Decoder was given can be read. The caller closes the reader.
	Open func(ctx context.Context) (io.ReadCloser, error) `json:"-"`

	origin any // what a Source knows the file by
}
