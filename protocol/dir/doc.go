// Package dir takes documents from a directory: a drop folder of a scanner, a
// share that a printing program writes to, a deposit.
//
//	src := &dir.Source{
//		Path:      "/srv/cold/in",
//		Recursive: true,
//		Quiet:     10 * time.Second,
//		Done:      "../done",
//		Rejected:  "../rejected",
//	}
//
// Every file is a parcel of its own, unless a [Group] says which belong
// together: [Stems] for facture.pdf with facture.xml, [Folders] for one parcel
// per folder, or a function of the host.
//
// # What is not taken
//
// Only regular files are opened. Symbolic links, FIFOs, sockets and devices are
// passed over, so are the names that [Ignored] reports, and so are the folders
// Done and Rejected wherever they lie. Everything below Path is reached through
// an [os.Root]: nothing planted there leads elsewhere.
//
// # When a file is ready
//
// Writers differ, and none announces itself. A producer that writes under
// another name and renames when it is done needs nothing: [Ignored] knows the
// usual temporary names. For others, Quiet asks for that much time without a
// change, as told by the file's times and by what the Source itself saw from
// one pass to the next; Marker asks for a file that the producer writes last.
// What is not ready is offered too, and its Documents says what it waits for,
// with launcher.Later: so it shows in the status of the launcher, and nothing
// is forgotten.
//
// A file that changes after it was listed is not delivered in part. Reading it
// fails, and the next pass offers it as what it is then.
//
// # What becomes of files
//
// What was taken moves to Done, is deleted, or stays, and what was set aside
// moves to Rejected, or stays. Moving keeps sub-folders, never replaces
// anything, and works across file systems: the copy is compared before the
// original goes. A file that changed since it was offered is not moved.
//
// A parcel of several files is settled as a whole. What is to be done is
// written down first, in a folder .coldlauncher, and a pass begins by finishing
// what a crash interrupted.
package dir
