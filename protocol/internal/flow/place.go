package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"strings"
)

// Place names an account, or a place in it, in few characters. Neither the port
// nor the case of the host counts.
func Place(addr, user string, parts ...string) string {
	host := addr
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	sum := sha256.Sum256([]byte(strings.Join(append([]string{strings.ToLower(host), user}, parts...), "\x00")))
	return hex.EncodeToString(sum[:8])
}
