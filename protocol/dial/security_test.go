package dial

import "testing"

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
