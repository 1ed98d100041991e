// Package spool makes of a body that can be read once, such as a download, one
// that can be opened many times, in bounded memory.
//
//	var pool spool.Pool // shared by all that a launcher downloads
//
//	body, err := pool.Read(ctx, literal)
//	if err != nil {
//		return err
//	}
//	defer body.Close()
//	doc := &launcher.Document{Name: "facture.pdf", Size: body.Size(), Open: body.Open}
//
// A small body stays in memory, as long as the budget that all bodies of a Pool
// share allows it. All others lie in one temporary file. It exists only while
// it is needed, and where the system lets an open file be removed, as Unix
// does, it has no name: nothing is left behind even when the process is killed.
// Elsewhere, closing the last body in it removes it.
//
// On Linux, bodies of more than 32 KiB that a Pool keeps in memory lie outside Go's
// heap once it keeps more than 512 KiB: in large pages, if the system has them
// (transparent huge pages, 2 MiB each). That is given back by a garbage collection
// once none of these bodies is open, and runtime/debug.SetMemoryLimit does not
// count it.
//
// Whoever gets a Body or a Writer defers its Close; then a panic leaves nothing
// behind either. There is no Close of a Pool.
//
// Errors carry the marks of package launcher. A body over its limit is the
// fault of its parcel, Reject; a temporary file that cannot be made or written,
// as on a full disk, is that of the surroundings, Halt. Errors of the reader
// that is spooled keep the mark they have.
package spool
