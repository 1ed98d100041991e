package protocol

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// A Server holds the keys of a mail server and an account on it.
type Server struct {
	Host        string          `json:"server" required:"true" doc:"host name of the server (« Serveur »)"`
	Port        int             `json:"port,omitempty" least:"0" most:"65535" doc:"0: that of the protocol (« Port d'écoute »)"`
	Security    string          `json:"security,omitempty" values:"tls starttls plaintext" doc:"tls, by default (« SSL » checked), starttls, or plaintext for a server on the same machine"`
	CA          string          `json:"ca_file,omitempty" doc:"certificates, in PEM, of the authority to trust in place of those of the system"`
	Certificate string          `json:"certificate_file,omitempty" doc:"a client certificate, in PEM"`
	Key         string          `json:"key_file,omitempty" doc:"its private key, in PEM"`
	Account     string          `json:"account" required:"true" doc:"name of the account (« Compte »)"`
	Password    scenario.Secret `json:"password,omitzero" doc:"its password, or application password (« Mot de passe »)"`
	Token       scenario.Secret `json:"token,omitzero" doc:"an OAuth 2.0 access token in place of a password"`
}

func (s *Server) addr() string {
	if s.Port == 0 {
		return s.Host
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

func (s *Server) security() dial.Security {
	switch s.Security {
	case "starttls":
		return dial.StartTLS
	case "plaintext":
		return dial.Plaintext
	}
	return dial.ImplicitTLS
}

// credentials returns the two secrets, of which one is nil.
func (s *Server) credentials(secret func(scenario.Secret) (launcher.Secret, error)) (password, token launcher.Secret, err error) {
	switch {
	case s.Password.IsZero() && s.Token.IsZero():
		return nil, nil, &scenario.KeyError{Key: "password", Err: errors.New("missing, and so is token")}
	case !s.Password.IsZero() && !s.Token.IsZero():
		return nil, nil, &scenario.KeyError{Key: "token", Err: errors.New("there is a password as well: leave one out")}
	case s.Token.IsZero():
		password, err = found("password", s.Password, secret)
	default:
		token, err = found("token", s.Token, secret)
	}
	return password, token, err
}

// found looks a secret up.
func found(key string, s scenario.Secret, secret func(scenario.Secret) (launcher.Secret, error)) (launcher.Secret, error) {
	v, err := secret(s)
	if err == nil && v == nil {
		err = errors.New("the host program has no such secret")
	}
	if err != nil {
		return nil, &scenario.KeyError{Key: key, Err: err}
	}
	return v, nil
}

// tls reads the certificates; nil is what the system trusts.
func (s *Server) tls() (*tls.Config, error) {
	if s.CA == "" && s.Certificate == "" && s.Key == "" {
		return nil, nil
	}
	if s.Security == "plaintext" {
		return nil, &scenario.KeyError{Key: "security", Err: errors.New("certificates mean nothing to plaintext")}
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	return c, errors.Join(s.trust(c), s.present(c))
}

func (s *Server) trust(c *tls.Config) error {
	if s.CA == "" {
		return nil
	}
	pem, err := readSmall(s.CA)
	if err != nil {
		return &scenario.KeyError{Key: "ca_file", Err: err}
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return &scenario.KeyError{Key: "ca_file", Err: fmt.Errorf("%q holds no certificate in PEM", s.CA)}
	}
	return nil
}

// present has the client certificate shown. It is read anew for each
// connection, for it expires.
func (s *Server) present(c *tls.Config) error {
	if s.Certificate == "" && s.Key == "" {
		return nil
	}
	if s.Certificate == "" || s.Key == "" {
		return &scenario.KeyError{Key: "certificate_file", Err: errors.New("certificate_file and key_file belong together")}
	}
	certificate, key := s.Certificate, s.Key
	if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
		return &scenario.KeyError{Key: "certificate_file", Err: err}
	}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		return &pair, err
	}
	return nil
}

// readSmall reads a file of at most 1 MiB.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 1 << 20
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("%q is longer than %d bytes", path, most)
	}
	return b, err
}

// Mail holds the keys for what is taken from each mail.
type Mail struct {
	Message bool `json:"message,omitempty" doc:"also the mail itself, as an .eml file (« Fichier attaché uniquement » unchecked)"`
	Body    bool `json:"body,omitempty" doc:"also the text of the mail, as body.txt and body.html"`
	Nested  bool `json:"keep_nested,omitempty" doc:"leaves mails that are attached to a mail whole"`
	Strict  bool `json:"strict,omitempty" doc:"sets aside a mail that cannot be taken apart, rather than handing it over as it is"`
}

func (m Mail) open(from launcher.Source) launcher.Source {
	return &mail.Source{From: from, Raw: m.Message, Body: m.Body, Keep: m.Nested, Strict: m.Strict}
}
