// Package imap takes mails from folders on an IMAP server.
//
//	source := &imap.Source{
//		Addr:     "imap.example.org",
//		User:     "invoices@example.org",
//		Password: launcher.SecretEnv("IMAP_PASSWORD"),
//		Done:     "EZGED_OK",
//		Rejected: "EZGED_KO",
//	}
//	l := &launcher.Launcher{
//		Name:   "invoices",
//		Source: &mail.Source{From: source}, // or source itself, for whole messages
//		Watch:  source.Watch,               // and at once when mail arrives
//		…
//	}
//
// Each mail is a Parcel with one Document: the message, byte for byte, under
// the Role "message" and with the keys imap.folder, imap.uid,
// imap.uidvalidity, imap.flags (separated by blanks) and imap.size in its Meta
// and in that of the Parcel. Package protocol/mail takes it apart.
//
// # What is offered
//
// Every mail of the folder that is not marked as deleted, oldest first,
// whether it was read or not: that a person looked at it does not mean that it
// was taken. Search narrows that. A mail that the Sink knows is not downloaded.
//
// The Time of a parcel is when the mail arrived at the server (INTERNALDATE),
// which the sender has no say in; it is zero where the server does not tell.
//
// On a server where labels are folders, such as Gmail, a mail with several
// labels is one parcel, under the ID that the server gives it (X-GM-MSGID), and
// loses the label of every folder that is read. The ID stays the same under
// another label: a mail that was taken is not taken again if a person labels it
// anew.
//
// # What is changed
//
// Nothing, before the Sink has taken a mail. Then it is moved to Done, with
// MOVE or, where the server lacks that, copied first and deleted only once the
// server said that it is copied. EXPUNGE without UIDs is never sent, for it
// deletes what others have marked; without UIDPLUS, mails that were moved stay
// marked as deleted in their folder. With Done "" a mail is marked as read, or
// treated as After says. ReadOnly changes nothing at all, and neither does
// After: Nothing, where mails that are refused stay as well. Reading a mail
// never marks it as read.
//
// # What Check knows
//
// Check and Preview examine folders and select none: SELECT takes \Recent from
// mails. They tell which folders are not there or cannot be read, and, where
// the server offers ACL (RFC 4314, RFC 2086), which rights the account lacks
// for what is to be done: in the folders that are read, in Done and Rejected,
// or where those would be created. Without ACL nothing short of a change tells
// that. A folder that may only be read then fails in the first pass, before a
// mail of it is handed over; a Done that takes no mails is found when the first
// are moved, which stay where they are and are not handed over again.
//
// # What may go wrong
//
// A mail that cannot be had fails alone, and the others come: what the server
// leaves out is asked for again, alone, by UID and by sequence number; if a
// connection breaks, the mail that breaks it is found. A large mail is resumed
// where it was cut. Where several in a row break it, some others of the folder
// are asked for, known or not, and one of Done, to tell damaged mails from a
// server that returns none. Only that, or a server that cannot be reached, ends
// the pass with an error marked Halt; so do three or more damaged mails where
// there is no other. A server that stalls costs Limits.Idle. A password that was
// refused three times is tried again only after a minute, then ever less often,
// or when it has changed.
//
// UIDs are trusted as far as the server says that they last (UIDVALIDITY). If
// they change, everything in the folder is offered again under new IDs, and a
// warning says so. Where they never last, mails go by a hash of their headers.
package imap
