package protocol

import (
	"github.com/ezged/coldlauncher/adullact"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// A Registry holds protocols by the name that scenarios give them. It is a map
// like any other, for scenario.Env.
type Registry map[string]scenario.Protocol

// Builtin returns a new Registry with the protocols of this module: "adullact",
// "directory", "imap" and "pop3". Callers may change it.
func Builtin() Registry {
	return Registry{
		"adullact":  func() scenario.Form { return new(Adullact) },
		"directory": func() scenario.Form { return new(Directory) },
		"imap":      func() scenario.Form { return new(IMAP) },
		"pop3":      func() scenario.Form { return new(POP3) },
	}
}

// Openers returns a new map of what "open" in a scenario may name: "mail" takes
// apart messages, and "adullact" envelopes, whatever Source they came from.
// What they do not open they pass on. Callers may change it.
func Openers() map[string]func(from launcher.Source) launcher.Source {
	return map[string]func(from launcher.Source) launcher.Source{
		"adullact": func(from launcher.Source) launcher.Source { return &adullact.Source{From: from} },
		"mail":     func(from launcher.Source) launcher.Source { return &mail.Source{From: from} },
	}
}
