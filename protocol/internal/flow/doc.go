// Package flow is what the passes over mailboxes have in common: how many mails
// are offered at a time, how a body comes into the spool, who is to blame where
// that fails, and how long connections live once a pass is to end.
package flow
