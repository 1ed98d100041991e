//go:build !race

package pop3_test

const (
	bigMail   = 300 << 20 // size of the mail in TestBigMail
	manyMails = 200_000   // in TestManyMails
)
