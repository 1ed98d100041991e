// Package pop3 takes mails from a mailbox on a POP3 server.
//
//	source := &pop3.Source{
//		Addr:     "pop.example.org",
//		User:     "invoices@example.org",
//		Password: launcher.SecretEnv("POP3_PASSWORD"),
//		Delete:   true,
//		Rejected: "/srv/cold/rejected",
//	}
//	l := &launcher.Launcher{
//		Name:   "invoices",
//		Source: &mail.Source{From: source}, // or source itself, for whole messages
//		…
//	}
//
// Each mail is a Parcel with one Document: the message, byte for byte as the
// server sends it, under the Role "message" and with the keys pop3.uidl and
// pop3.size in its Meta and in that of the Parcel. Package protocol/mail takes
// it apart. A message always ends with a line end, for POP3 cannot tell of one
// that has none.
//
// # Security
//
// The zero value of Security is TLS from the first byte, on port 995.
// dial.StartTLS is STLS on port 110. dial.Plaintext has to be said outright,
// and serves a stunnel on the same machine where there is one already; none is
// needed. APOP is used only if it is asked for.
//
// # What is offered
//
// Every mail in the mailbox, oldest first. POP3 has one mailbox, no folders and
// no flags. A mail that the Sink knows is not downloaded.
//
// Mails go by what the server says in UIDL, as RFC 1939 has it: one to 70
// printable characters, which no two mails share. Where there is no UIDL, and
// for mails whose UIDL is malformed or belongs to another one as well, they go
// by the SHA-256 of the whole message. These have to be read to be told apart,
// once if they are new (up to 16 MiB of them in a pass), but not in every pass:
// as long as the process lives, a mail of the same size whose header and first
// 100 lines are the same is taken for the same. Before it is deleted it is read
// in full.
//
// Where CAPA tells of UIDL, or it was answered once, which the ledger remembers,
// a server that refuses it ends the pass with an error marked Halt: under other
// IDs all its mails would be handed over again. If it has never answered, and
// refuses in the next pass as well, its mails go by the SHA-256 from then on.
//
// # What is changed
//
// Nothing, as it is: the mails stay on the server, and the ledger knows those
// that were taken. With Delete they are deleted once the Sink has taken them,
// with DeleteAfter once they are that old as well. A server deletes at the end
// of a session, if that ends in order: all deletions are sent when everything
// was offered, and count only when the server agreed to QUIT. If it did not, the
// pass returns an error, and the next one deletes, without anything being
// handed over again.
//
// A mail that was set aside is written to the folder Rejected, on this machine,
// and then treated like one that was taken. Without Rejected it stays on the
// server, whatever Delete says, and so does one that cannot be downloaded: that
// is a warning.
//
// Some servers have settings of their own about what POP3 may see: Gmail shows
// a mail once, also in Preview, unless the user is written with "recent:"
// before it (then 30 days of mail are shown), or all mail is enabled in its
// settings.
//
// # What may go wrong
//
// A mailbox that somebody else has open ([IN-USE]), a server that wants fewer
// logins ([LOGIN-DELAY]) or has trouble of its own ([SYS/TEMP]) end the pass
// with an error marked Halt: no mail is blamed. Logins are at least Interval
// apart, and as far as the server asks for with LOGIN-DELAY: a pass that comes
// too early waits.
//
// A mail that the server refuses fails alone, also with [SYS/TEMP] or
// [SYS/PERM], for one that is damaged must not block the others. If a connection
// breaks, a new one is opened and the mail is tried once more, alone; if that
// breaks as well, it fails, and the others come. Where three in a row fail, some
// others of the mailbox are asked for, known or not, to tell damaged mails from a
// server that returns none: only that, or one that cannot be reached, ends the
// pass. POP3 cannot resume: a mail that was cut is begun anew.
package pop3
