// Package custody writes down what became of every parcel in a form that shows
// if anybody has changed it since.
//
// The ledger keeps, of each parcel and each part of it that went to a job, when
// and after how many attempts it was handed over, and of each document the
// SHA-256 of what the Sink read. [Export] writes these entries as lines of JSON
// of which each holds the SHA-256 of the one before, and [Verify] names the
// first one that is not as it was written.
//
// Whoever can change a file can also write all of its hashes anew. What it
// cannot change is the head, the hash of the last line, if that is kept
// elsewhere: printed, signed or mailed. Verify returns the head that the lines
// come to; it must be the one that Export returned.
//
// # Format
//
// A line is one JSON object, and ends with a line feed:
//
//	{"n":0,"prev":"","custody":1,"launchers":["mails"],"time":"…","hash":"…"}
//	{"n":1,"prev":"…","entry":{"ID":"mails/…","State":2,…},"hash":"…"}
//	…
//	{"n":2,"prev":"…","end":1,"hash":"…"}
//
// hash is the SHA-256, in hexadecimal, of the bytes of the line before
// `,"hash"`; prev is the hash of the line before, and in the first line that of
// the head of an earlier export that this one follows, if any. end is the
// number of entries. An entry has the fields of [launcher.Entry].
package custody
