// Package mail takes mails apart: it is a Source around any Source, and hands
// over attachments where that one offers messages.
package mail
