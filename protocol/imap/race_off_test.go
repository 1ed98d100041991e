//go:build !race

package imap_test

const (
	bigMail   = 300 << 20 // size of the mail in TestBigMail
	manyMails = 200_000   // in TestManyMails
	cutStep   = 1         // from one cut to the next, in TestCutEverywhere
	bigBody   = 16 << 20  // in TestSource: the kit notices if that is held in memory
)
