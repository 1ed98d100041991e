// Package protocol lists the protocols of this module for scenarios: what a
// file that an administrator writes may name, and by which keys.
//
//	f, err := scenario.Load(text, scenario.Env{
//		Protocols: protocol.Builtin(),
//		Openers:   protocol.Openers(),
//		Sinks:     map[string]launcher.Sink{"cold": sink},
//	})
//
// Builtin returns a plain map. A protocol from elsewhere is one more entry:
//
//	protocols := protocol.Builtin()
//	protocols["sftp"] = func() scenario.Form { return new(SFTP) }
//
// where SFTP is a struct with a field for each key and one method, as
// scenario.Form says.
//
// Programs that make their Sources in Go need nothing of this: they import the
// packages of the protocols that they use, and those alone.
package protocol
