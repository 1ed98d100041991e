// Package filter decides which documents a launcher takes: by name, folder,
// size, age, type, content and the headers of the mail that they came in.
//
//	pdf := filter.All(
//		filter.Ext("pdf"),
//		filter.Not(filter.Temporary()),
//		filter.Not(filter.Prefix("brouillon")),
//	)
//
// Every filter is a launcher.Filter, and All, Any and Not take those of others
// as well. [Explain] tells which of them decided about a document, and by what.
// [Lines] reads patterns that an administrator wrote down, one on each line.
// All filters are safe for concurrent use.
//
// # Undecided
//
// A filter may be unable to answer: the body cannot be read, a match takes too
// long. That is an error, and neither yes nor no: the document stays where it
// is and is offered again. In All a plain no outweighs it, in Any a plain yes. What is
// refused for now and may be wanted later, see [Age], waits without being held
// for a failure.
//
// # Regular expressions
//
// [Regexp] takes expressions as an EzGED launcher does: between slashes, in
// the syntax of Python, matched from the start of the base name as re.match
// does. A document is taken if the expression matches. Two expressions are in
// wide use, and both do something else than they seem to:
//
//	                          /.*\.(?!db).*/   /(?!debut_nom_fichier).*\..*/
//	facture.pdf               taken            taken
//	Thumbs.db, archive.dbf    refused          taken
//	Thumbs.DB, archive.DBF    taken            taken
//	a.b.db, backup.2024.db    taken            taken
//	archive.db.gz             taken            taken
//	README, Makefile          refused          refused
//	debut_nom_fichier.pdf     taken            refused
//	Debut_nom_fichier.pdf     taken            taken
//
// Case counts, unless the flag i is given: hence Thumbs.DB. The first one asks
// for any dot that is not followed by "db", and a.b.db has one, its first:
// the extension alone is not what is looked at. Both ask for a dot, which
// README has not. What was meant is most often one of these:
//
//	filter.Not(filter.Ext("db*"))                     // no extension db…
//	/(?!.*\.db[^.]*$).*/i                             // nor .db and .dbshell
//	filter.Not(filter.Prefix("debut_nom_fichier"))    // no such beginning
//	/(?!debut_nom_fichier)/i                          // the same
//
// As nothing but the start is anchored, /facture/ takes facture_12.pdf and
// /.*\.pdf/ takes a.pdf.part: end with $, or use [Pattern.Full].
//
// # Names
//
// What is matched is Document.Name, made safe by launcher.CleanName: a colon in
// a mail's attachment has become "_" before a filter sees it.
package filter
