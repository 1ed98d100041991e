// Package adullact opens the envelopes that the programs of Adullact and their
// relatives send: acts on their way to the prefecture (ACTES), PES flows between
// an authority and its treasury (HELIOS), and invoices of Chorus Pro. An
// envelope is one act, one flow or one invoice, whatever it came in, with all
// its files.
//
//	var d adullact.Decoder
//	envelopes, err := d.Decode(ctx, "SLO-EACT--123456789--20240517-1.tar.gz", file, size)
//	for _, e := range envelopes {
//		fmt.Println(e.Kind, e.Actes.Number, e.Actes.Subject)
//		for _, f := range e.Files {
//			fmt.Println(f.Role, f.Name, f.Size)
//		}
//	}
//
// # What is opened
//
// [Decoder.Decode] opens one file: a transport archive (EACT and TACT, lots of
// Chorus Pro), a zip, an XML message of any of the three domains, or a Factur-X
// PDF. [Decoder.DecodeFS] opens a deposit, a folder that a Pastell connector
// wrote: files, and metadata that says what they are. Both return envelopes of
// one form; Layer tells where each came from.
//
// Typed fields ([Actes], [Helios], [Chorus]) are filled from the transport
// files and from the metadata. About the business itself the transport counts,
// about its progress the metadata does; a Warning tells where they differ. The
// metadata is also there as it was written, in Meta. Amounts are exact, dates
// have no time, and numbers are not reinterpreted.
//
// Files inside XML, such as the vouchers of a PES and the pieces of an invoice,
// are files of the envelope like others. They are unwrapped as they are read,
// so that a PES of any size costs little memory. [Decoder.WalkPES] passes on
// everything in a PES as it goes by.
//
// # What is tolerated
//
// Real files deviate. What can be read is read, and what was wrong is in
// Warnings, under codes that do not change. An attachment that cannot be
// unwrapped is handed over as it stands. Only what makes an envelope meaningless
// or dangerous is an error: a cut archive, a document type, a limit of [Limits].
//
// # New, updated, again
//
// Key is the same whenever the same act, flow or invoice comes, Version tells
// its states apart, and Digest exact copies: a new Key is something new, a known
// Key with another Version or Digest an update, and all three the same a
// duplicate.
//
// # Output
//
// encoding/json writes an Envelope under names that do not change. Natures,
// Statuses and other tables hold the codes of the formats with their labels in
// French.
//
// # As a Source
//
// [Source] opens envelopes that any other Source offers, in mails or
// directories. [Deposits] watches a directory that deposits are written to, and
// knows when one is complete:
//
//	src := adullact.Deposits("/srv/depot")
//	drop := src.Directory()
//	drop.Done, drop.Rejected = "../taken", "../rejected"
//
// Each envelope is a [launcher.Unit]. The Group of its documents is its kind, so
// that a Route takes envelopes of one kind to a job:
//
//	Routes: []launcher.Route{
//		{Job: "12", Groups: []string{string(adullact.KindActes)}},
//		{Job: "87", Groups: []string{string(adullact.KindChorus)}},
//	}
//
// The fields are in the Unit's Meta, under [MetaActesNumber] and the other keys,
// the metadata of the deposit under [MetaRaw] and its own keys. The Role of a
// document is that of its file; [MetaPreferred] marks the one to show.
package adullact
