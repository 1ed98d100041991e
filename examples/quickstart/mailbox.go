package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// A mailbox is an IMAP server in this process, with one account.
type mailbox struct {
	addr   string
	user   *imapmemserver.User
	server *imapserver.Server
	ended  chan error
}

const (
	account  = "cold@example.org"
	password = "quickstart"
)

// openMailbox starts a server on loopback that holds a few mails.
func openMailbox() (*mailbox, error) {
	user := imapmemserver.NewUser(account, password)
	if err := user.Create("INBOX", nil); err != nil {
		return nil, err
	}
	for _, m := range []struct{ subject, name, body string }{
		{"Votre facture F2026-117", "F2026-117.pdf", "%PDF-1.7 invoice 117"},
		{"Relevé de novembre", "relevé.csv", "date;amount\n2026-11-23;99,00\n"},
		{"Bonjour", "", ""},
	} {
		raw := message(m.subject, m.name, m.body)
		if _, err := user.Append("INBOX", literal{bytes.NewReader(raw)}, &goimap.AppendOptions{Time: time.Now()}); err != nil {
			return nil, err
		}
	}
	accounts := imapmemserver.New()
	accounts.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return accounts.NewSession(), nil, nil
		},
		Caps: goimap.CapSet{
			goimap.CapIMAP4rev1: {}, goimap.CapNamespace: {}, goimap.CapUIDPlus: {}, goimap.CapMove: {},
		},
		InsecureAuth: true, // it listens on loopback only
		Logger:       log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &mailbox{addr: l.Addr().String(), user: user, server: server, ended: make(chan error, 1)}
	go func() { m.ended <- server.Serve(l) }()
	return m, nil
}

func (m *mailbox) close() {
	m.server.Close()
	<-m.ended
}

// count returns how many mails a folder holds.
func (m *mailbox) count(folder string) (uint32, error) {
	st, err := m.user.Status(folder, &goimap.StatusOptions{NumMessages: true})
	if err != nil {
		return 0, err
	}
	return *st.NumMessages, nil
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// message is a mail with one attachment, or without if name is "".
func message(subject, name, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Fournisseur <factures@example.com>\r\nTo: %s\r\nSubject: =?utf-8?b?%s?=\r\nMIME-Version: 1.0\r\n",
		account, base64.StdEncoding.EncodeToString([]byte(subject)))
	if name == "" {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\nNothing is attached.\r\n")
		return b.Bytes()
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n")
	fmt.Fprintf(&b, "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''%s\r\n",
		percent(name))
	fmt.Fprintf(&b, "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", base64.StdEncoding.EncodeToString([]byte(body)))
	return b.Bytes()
}

// percent encodes a name as RFC 2231 has it.
func percent(name string) string {
	var b bytes.Buffer
	for _, c := range []byte(name) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '.' || c == '-' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
