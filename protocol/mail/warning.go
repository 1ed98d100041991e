package mail

import (
	"slices"
	"strings"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// MetaWarnings is the key of what was wrong, in Document.Meta about that
// document and in Unit.Meta about the mail as a whole: codes of the following
// list in alphabetical order, with a blank between them. The list may grow;
// codes in it keep their meaning. Nothing was lost because of a warning unless
// the list says so.
//
//	base64-joined          base64 goes on after its padding; all of it was taken
//	base64-junk            foreign bytes in base64 were skipped
//	base64-padding         base64 ends in the middle of a group
//	base64-trailer         text after the end of base64, such as a list's footer, was dropped
//	boundary-missing       a multipart without boundary; the first likely line was taken for one
//	boundary-reopened      a part after the closing delimiter was taken
//	boundary-unclosed      a multipart without its end: the mail may have been cut short
//	boundary-unused        a multipart in which no part begins: handed over whole
//	encoding-on-container  a transfer encoding on a multipart was ignored
//	encoding-unknown       an unknown transfer encoding: the bytes are as they came
//	encoding-untrue        the body is not in the transfer encoding that it claims: its bytes are as they came
//	fragment               one piece of a larger mail (message/partial): handed over whole
//	header-junk            a line of a header that is no field was ignored
//	header-missing         no header at all: handed over whole
//	header-unseparated     no blank line between header and body
//	limit-exceeded         one of the Limits: handed over whole
//	quoted-invalid         "=" in quoted-printable that begins no escape was kept
//	tnef-broken            winmail.dat could not be read to its end: it is handed over too
//	type-invalid           a Content-Type that is none
//	uu-invalid             uuencoded data with a broken line or without its end
const MetaWarnings = "mail.warnings"

// MetaWhole is the key in Unit.Meta of why a mail was handed over whole,
// present only then: text for a person.
const MetaWhole = "mail.whole"

// Codes of a mail that do not come from package mime.
const (
	warnLimit = "limit-exceeded"
	warnTNEF  = "tnef-broken"
)

// warnings is a set of codes.
type warnings struct {
	defects mime.Defects
	limit   bool // warnLimit
	tnef    bool // warnTNEF
}

func (w *warnings) merge(other warnings) {
	w.defects |= other.defects
	w.limit = w.limit || other.limit
	w.tnef = w.tnef || other.tnef
}

// put records the codes in meta.
func (w warnings) put(meta map[string]string) {
	codes := slices.Collect(w.defects.Codes())
	if w.limit {
		codes = append(codes, warnLimit)
	}
	if w.tnef {
		codes = append(codes, warnTNEF)
	}
	slices.Sort(codes)
	put(meta, MetaWarnings, strings.Join(codes, " "))
}
