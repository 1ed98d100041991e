package dial

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// login is the plain command of that name, for want of a mechanism.
const login = "LOGIN"

// credentials are what is shown to a server, and how.
type credentials struct {
	mechanism string
	user      string
	secret    string // password or token
	response  string // initial response of the mechanism
	abort     string // answer to a challenge that tells of an error
}

// credentials asks for the secret and chooses the best of the mechanisms that
// are offered for it.
func (s *Server) credentials(ctx context.Context, offered []string) (credentials, error) {
	secret, what := s.Password, "password"
	wanted := []string{"PLAIN", login}
	switch {
	case s.APOP:
		wanted = []string{apop}
	case s.Token != nil:
		secret, what = s.Token, "token"
		wanted = []string{"XOAUTH2", "OAUTHBEARER"}
	}
	i := slices.IndexFunc(wanted, func(m string) bool { return slices.Contains(offered, m) })
	if i < 0 {
		return credentials{}, fmt.Errorf("server takes no %s here: it offers neither %s", what, strings.Join(wanted, " nor "))
	}
	text, err := secret(ctx)
	switch {
	case err != nil:
		return credentials{}, fmt.Errorf("%s: %w", what, err)
	case text == "":
		return credentials{}, fmt.Errorf("%s is empty", what)
	}
	if err := checkText(what, text); err != nil {
		return credentials{}, err
	}
	if what == "token" && strings.Contains(s.User+text, "\x01") {
		return credentials{}, errors.New("user or token contains a control character")
	}
	return s.respond(wanted[i], text), nil
}

func (s *Server) respond(mechanism, secret string) credentials {
	c := credentials{mechanism: mechanism, user: s.User, secret: secret}
	switch mechanism {
	case "PLAIN": // RFC 4616
		c.response = "\x00" + s.User + "\x00" + secret
		c.abort = "*"
	case "XOAUTH2": // developers.google.com/gmail/imap/xoauth2-protocol
		c.response = "user=" + s.User + "\x01auth=Bearer " + secret + "\x01\x01"
	case "OAUTHBEARER": // RFC 7628
		host, port, _ := net.SplitHostPort(s.Addr)
		c.response = "n,a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.User) + ",\x01"
		if host != "" && port != "" && port != "0" {
			c.response += "host=" + host + "\x01port=" + port + "\x01"
		}
		c.response += "auth=Bearer " + secret + "\x01\x01"
		c.abort = base64.StdEncoding.EncodeToString([]byte{1})
	}
	return c
}

func (c credentials) encoded() string {
	return base64.StdEncoding.EncodeToString([]byte(c.response))
}

// challenge returns what a server says about a token that it refuses.
func (c credentials) challenge(text string) string {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	return c.clean(string(b))
}

// clean takes the secret out of what the server said.
func (c credentials) clean(text string) string {
	return saying(text, c.secret, c.encoded())
}

// passing are response codes (RFC 5530, RFC 2449, RFC 3206) of refusals that have nothing to do
// with the credentials.
var passing = []string{"UNAVAILABLE", "INUSE", "IN-USE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "OVERQUOTA", "SYS/TEMP", "SYS/PERM", "LOGIN-DELAY"}

// verdict reads the end of an attempt to log in: nil for OK.
func (c credentials) verdict(word, text, detail string) error {
	if word == "OK" {
		return nil
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(text, "["), "]")
	code, _, _ = strings.Cut(strings.ToUpper(code), " ")
	temporary := strings.HasPrefix(text, "[") && slices.Contains(passing, code) ||
		isCrowded(text)
	return &refusal{said: c.clean(word + " " + text), detail: detail, final: !temporary}
}
