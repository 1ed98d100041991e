//go:build race

package pop3_test

// The race detector makes tests slow that are about amounts: they make do with
// less of it here.
const (
	bigMail   = 50 << 20 // size of the mail in TestBigMail
	manyMails = 20_000   // in TestManyMails
)
