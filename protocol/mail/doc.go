// Package mail takes mails apart. It is a Source around any Source: where that
// one offers a message, a COLD job gets the attachments.
//
//	l := &launcher.Launcher{
//		Name:   "factures",
//		Source: &mail.Source{From: &imap.Source{Addr: "imap.example.org:993", …}},
//		Sink:   sink,
//	}
//
// A document is a message if its media type is message/rfc822 or its name ends
// in ".eml", whatever Source it came from: a mailbox, a directory, somebody's
// own. Any other document is passed on as it is. Parcels stay what they were,
// one for each of the origin, and nothing is downloaded or parsed for a parcel
// that the engine knows already.
//
// # What is handed over
//
// By default the attachments alone; with [Source.Body] also the text, and with
// [Source.Raw] the mail itself. Document.Role tells them apart:
//
//	attachment  a file, declared as attachment or not declared at all
//	inline      a file that the sender marked to be shown with the text
//	body        a form of the text, or the report of a mail server
//	message     a mail, byte for byte
//	sealed      encrypted or opaquely signed: S/MIME, OpenPGP
//	signature   a signature that stands beside what it signs
//
// Pictures that belong to the text are left out, such as logos in signatures:
// see [Pictures]. Text with a file name is a file, not the text of the mail.
// The files in a winmail.dat of Outlook take its place, and files that stand
// uuencoded in the text are attachments. What a Macintosh keeps beside a file
// (application/applefile) is left out. What is encrypted stays whole; whoever
// can decrypt it does so in the Sink, or in a Source around this one whose
// documents another mail.Source takes apart: see the example. Scanning for
// viruses has its place there too.
//
// A message/partial is one piece of a larger mail and is handed over whole; the
// pieces are not put together. A message/external-body, which only tells where
// a file is, is handed over as it stands. Archives such as *.zip are files.
//
// A mail with nothing to hand over yields no documents; the engine skips it.
//
// # Bytes and names
//
// The bytes of a document are those that were attached: transfer encodings are
// undone, charsets and line ends are left alone, so hashes and signatures
// hold. Document.Size is exact.
//
// File names are decoded whichever way they were sent, brought to NFC and made
// safe by launcher.CleanName; launcher.MetaName holds a name that this changed.
// A part without name is called after its number and media type, such as
// "part-2.pdf"; names may occur twice. Document.MediaType is what the sender
// declared, in lower case and without parameters; Dir and Time are those of the
// message.
//
// # Mails in mails
//
// A mail inside a mail is taken apart as well, unless [Source.Keep] is set.
// Each mail is a launcher.Unit: its documents reach the Sink as a parcel of
// their own, but all of them are settled together. The Unit's Key is made of
// the place of the message in its parcel and the numbers of the parts that lead
// to it, such as "m1/2".
//
// # Metadata
//
// A parcel is offered before its mail is downloaded. What the mail says is
// therefore in Unit.Meta, under [MetaFrom] and the keys that follow it, and the
// engine lays it over the Parcel.Meta that the Sink sees. What the origin knows
// stays there too, such as imap.folder, imap.uid, imap.flags and imap.size, and
// Parcel.Time is when the mail arrived there. What concerns one
// document is in Document.Meta, under [MetaPart] and the keys that follow it.
// All of it is outside text.
//
// # Mails that are not as they should be
//
// The parser follows the standards where a mail does, and keeps what can be
// kept where it does not: a mail with broken headers, lost boundaries, wrong
// encodings or no end still gives up its attachments. What was wrong is listed
// under [MetaWarnings].
//
// Of github.com/emersion/go-message nothing is used here to read mails, for it
// changes the bytes of text, gives up a whole mail for one bad line, and loses
// what stands behind a lost boundary; even its textproto fails for a line
// without a colon, and its lists of identifiers and addresses refuse what mails
// do have, in time that is quadratic in the length of a comment. Its charset
// package sets a global of the host's when imported. What it does well is to
// write mails: the examples and tests of this module do so with it. Charsets
// are those of golang.org/x/text.
//
// A mail that cannot be taken apart, that has more in it than could be found,
// or that exceeds one of the [Limits] is not lost: it is handed over whole, with
// the reason under [MetaWhole], or rejected if [Source.Strict] is set.
//
// What a mail costs is linear in its size, whatever is nested in it. Memory is
// bounded by the limits, not by the size of what is attached: the message stays
// where the origin keeps it if its reader is an io.ReaderAt, and in a
// spool.Pool if not, and documents are ranges of it. A reader that also has the
// methods Lend and Return of spool.Body, as those of IMAP and POP3, is looked at
// where it lies in memory, without a copy.
package mail
