//go:build race

package imap_test

// The race detector makes tests slow that are about amounts: they make do with
// less of it here.
const (
	bigMail   = 100 << 20 // size of the mail in TestBigMail
	manyMails = 50_000    // in TestManyMails
	cutStep   = 7         // from one cut to the next, in TestCutEverywhere
	bigBody   = -1        // in TestSource; TestBigMail is enough
)
