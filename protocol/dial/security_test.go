package dial

import (
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

func TestAddress(t *testing.T) {
	for _, test := range []struct {
		addr       string
		s          Security
		host, port string
	}{
		{"imap.example.org", ImplicitTLS, "imap.example.org", "993"},
		{"imap.example.org", StartTLS, "imap.example.org", "143"},
		{"imap.example.org:0", Plaintext, "imap.example.org", "143"},
		{"imap.example.org:", Plaintext, "imap.example.org", "143"},
		{"imap.example.org:1993", StartTLS, "imap.example.org", "1993"},
		{"[2001:db8::1]:1993", ImplicitTLS, "2001:db8::1", "1993"},
		{"[2001:db8::1]", ImplicitTLS, "2001:db8::1", "993"},
		{"2001:db8::1", ImplicitTLS, "2001:db8::1", "993"},
		{"", ImplicitTLS, "", ""},
		{":993", ImplicitTLS, "", ""},
	} {
		host, port, err := test.s.address(test.addr, "143", "993")
		if host != test.host || port != test.port || (err != nil) != (test.host == "") {
			t.Errorf("address(%q, %v) = %q, %q, %v, want %q, %q", test.addr, test.s, host, port, err, test.host, test.port)
		}
	}
}

// TestValidate: every fault of the fields is told at once.
func TestValidate(t *testing.T) {
	err := (&Server{Addr: "x:y:z]:", Security: 9, APOP: true, Token: launcher.SecretText("t"), Password: launcher.SecretText("p")}).Validate()
	for _, want := range []string{"address", "security 9", "no user", "exactly one of", "APOP"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("faults %v, want %q among them", err, want)
		}
	}
	if err := (&Server{Addr: "mail.example.org", User: "a\nb", Token: launcher.SecretText("t")}).Validate(); err == nil || !strings.Contains(err.Error(), "line end") {
		t.Errorf("a user with a line end: %v, want a fault", err)
	}
	if err := (&Server{Addr: "mail.example.org", User: "a", Token: launcher.SecretText("t")}).Validate(); err != nil {
		t.Errorf("a Server that is right: %v", err)
	}
}
