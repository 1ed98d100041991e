package adullact

import "fmt"

// A Code tells what kind of defect a Warning is about. Codes do not change.
type Code string

const (
	WarnMissing    Code = "missing-file"      // the metadata or a message names a file that is not there
	WarnDuplicate  Code = "same-name"         // two files of the same name: one replaced the other, or they are hard to tell apart
	WarnUnlisted   Code = "unlisted-file"     // a file that nothing names
	WarnMatch      Code = "inexact-name"      // the name in the metadata is not the one on disk
	WarnEmpty      Code = "empty-file"        // a file without content
	WarnConflict   Code = "kind-conflict"     // metadata and content speak of different kinds; the content counts
	WarnDiffers    Code = "metadata-differs"  // metadata and content give different values; Field names the key
	WarnUnreadable Code = "unreadable"        // a file is not what it should be, or is malformed
	WarnBroken     Code = "broken-attachment" // a file inside XML cannot be unwrapped
	WarnNotGzip    Code = "unusual-wrapping"  // a file inside XML is wrapped in another way than the format says
	WarnNoContent  Code = "empty-attachment"  // a file inside XML without content
	WarnStray      Code = "stray-attachment"  // an attachment at a place where the format has none
	WarnUnresolved Code = "unresolved-pj"     // a reference to an attachment that this flow does not hold
	WarnCharset    Code = "charset"           // bytes that the declared charset does not have
	WarnCharacter  Code = "character"         // characters that XML forbids
	WarnEntity     Code = "entity"            // an undefined entity
	WarnEncoding   Code = "encoding"          // an unknown charset is declared
	WarnUnsafeName Code = "unsafe-name"       // a name that leads elsewhere
	WarnNotRegular Code = "not-regular"       // a link or device; it was left out
	WarnNoise      Code = "noise"             // files that systems leave behind
	WarnCount      Code = "count"             // a declared number is not the number found
	WarnValue      Code = "value"             // a value that is not of its kind, such as a date that is none
	WarnTruncated  Code = "truncated"         // more pieces or lines than are kept
	WarnNested     Code = "nested"            // a container that is not opened, because it lies too deep
)

// A Warning is a defect that was tolerated.
type Warning struct {
	Code   Code   `json:"code"`
	File   string `json:"file,omitempty"`   // Name of the file that it is about; "" for the whole
	Field  string `json:"field,omitempty"`  // key or element; "" if none
	Detail string `json:"detail,omitempty"` // for a person; holds text from outside
}

// String returns the warning in one line; text from outside is quoted.
func (w Warning) String() string {
	s := string(w.Code)
	if w.File != "" {
		s += fmt.Sprintf(" %q", w.File)
	}
	if w.Field != "" {
		s += fmt.Sprintf(" %q", w.Field)
	}
	if w.Detail != "" {
		s += ": " + w.Detail
	}
	return s
}
