// Package flow is what the passes over mailboxes have in common: how many mails
// are offered at a time, and how long connections live once a pass is to end.
package flow
