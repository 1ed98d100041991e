package dial

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
)

// Security is how a connection is protected.
type Security int

const (
	// ImplicitTLS begins with a TLS handshake, usually on a port of its own
	// (RFC 8314). It is the zero value and the one to prefer.
	ImplicitTLS Security = iota

	// StartTLS upgrades a connection with STARTTLS or STLS before anything
	// else, and gives up if the server does not offer it.
	StartTLS

	// Plaintext sends everything in clear, the password too. It is for
	// servers on the same machine, or behind a tunnel.
	Plaintext
)

var securities = [...]string{"implicit TLS", "STARTTLS", "plaintext"}

// String returns "implicit TLS", "STARTTLS" or "plaintext".
func (s Security) String() string {
	if s >= 0 && int(s) < len(securities) {
		return securities[s]
	}
	return "invalid security"
}

// address returns host and port of addr. Without a port, or with port 0, the
// port is secure for ImplicitTLS and plain otherwise.
func (s Security) address(addr, plain, secure string) (host, port string, err error) {
	host, port = addr, ""
	if h, p, err := net.SplitHostPort(addr); err == nil {
		host, port = h, p
	} else if strings.Count(addr, ":") == 1 || strings.HasSuffix(addr, "]:") {
		return "", "", fmt.Errorf("address %q: %w", addr, err)
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" {
		return "", "", fmt.Errorf("address %q has no host", addr)
	}
	if port == "" || port == "0" {
		port = plain
		if s == ImplicitTLS {
			port = secure
		}
	}
	return host, port, nil
}

// tlsConfig returns a copy of c, or a new configuration if c is nil, that asks
// for TLS 1.2 or later and verifies host unless c names another server.
func tlsConfig(c *tls.Config, host string) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	if c.ServerName == "" {
		c.ServerName = host
	}
	return c
}
