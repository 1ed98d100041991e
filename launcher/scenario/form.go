package scenario

import (
	"context"

	"github.com/ezged/coldlauncher/launcher"
)

// A Protocol returns a new Form, filled in with what holds where a scenario
// says nothing. It is what a host has for each protocol, by name:
//
//	protocols := protocol.Builtin()
//	protocols["sftp"] = func() scenario.Form { return new(SFTP) }
type Protocol func() Form

// A Form is what a protocol asks for: a pointer to a struct whose fields with a
// json tag are the keys of "source" in a scenario. They are read strictly.
// Further tags say more, for errors and for the JSON Schema:
//
//	doc:"…"          what the key means
//	required:"true"  it must be there; a string must not be empty
//	values:"a b c"   a string is one of these
//	least:"1"        a number is at least, most:"9", at most this
//
// A field is a string, bool, int, int64, a Duration, Size, Strings or Secret,
// a struct of such fields, or a pointer to or slice of one of them. The fields
// of embedded structs are keys, too.
type Form interface {
	// Origin returns the Source that the form describes. It only makes it:
	// nothing is opened or dialled. It gets secrets from the function given.
	// Errors that are about a key are KeyErrors, joined if there are several.
	Origin(secret func(Secret) (launcher.Secret, error)) (Origin, error)
}

// An Origin is a Source with what goes with it.
type Origin struct {
	// Source offers what arrives, as it came. Copies are made of that.
	Source launcher.Source

	// Open, if not nil, returns a Source around Source, or around the backup of
	// it, that takes apart what is offered: mails, envelopes.
	Open func(from launcher.Source) launcher.Source

	// Watch, if not nil, is for launcher.Launcher.
	Watch func(ctx context.Context, wake func()) error
}
