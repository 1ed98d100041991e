package dial_test

import (
	"fmt"

	"github.com/ezged/coldlauncher/protocol/dial"
)

func ExampleSecurity() {
	var s dial.Security
	fmt.Println(s, "is the zero value")
	fmt.Println(dial.Plaintext, "has to be said")
	// Output:
	// implicit TLS is the zero value
	// plaintext has to be said
}
