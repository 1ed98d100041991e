package mailtest_test

import (
	"bytes"
	"fmt"
	"net/mail"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A mail for a test, and the password of the account that it goes to. In a test
// a server is
//
//	server := mailtest.Dovecot(t, "alice")
//	server.Drop(t, "alice", mailtest.Message(1))
func Example() {
	m, err := mail.ReadMessage(bytes.NewReader(mailtest.Message(1)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Header.Get("Subject"))
	fmt.Println(mailtest.Password("alice"))
	// Output:
	// message 1
	// alice-pässword
}
