package imap

import (
	"fmt"
	"slices"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/ezged/coldlauncher/launcher"
)

// capGmail says that a label is a folder here: a mail with several labels is in
// several folders, under a UID of its own in each, and X-GM-MSGID tells that it
// is one mail (developers.google.com/gmail/imap/imap-extensions). Moving it out
// of a folder takes that label away.
const capGmail = goimap.Cap("X-GM-EXT-1")

// numbered returns the mails that have an X-GM-MSGID. Another ID in its place
// would hand a mail over again once it has one.
func numbered(mails []mail) (kept []mail, left error) {
	kept = slices.DeleteFunc(mails, func(m mail) bool { return m.gm == 0 })
	if n := len(mails) - len(kept); n > 0 {
		left = fmt.Errorf("server does not tell X-GM-MSGID of %d mails", n)
	}
	return kept, left
}

// decided returns what became of m under another label in this pass.
func (p *pass) decided(m *mail) (outcome launcher.Outcome, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	outcome, known = p.fates[m.gm]
	return outcome, known && m.gm != 0
}

func (p *pass) decide(m *mail, outcome launcher.Outcome) {
	if m.gm == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fates[m.gm] = outcome
}
