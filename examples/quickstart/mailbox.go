package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-message/mail"
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
		raw, err := message(m.subject, m.name, m.body)
		if err != nil {
			return nil, err
		}
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
func message(subject, name, body string) ([]byte, error) {
	var h mail.Header
	h.SetAddressList("From", []*mail.Address{{Name: "Fournisseur", Address: "factures@example.com"}})
	h.SetAddressList("To", []*mail.Address{{Address: account}})
	h.SetDate(time.Now())
	h.SetSubject(subject)
	var b bytes.Buffer
	if name == "" {
		w, err := mail.CreateSingleInlineWriter(&b, h)
		if err != nil {
			return nil, err
		}
		err = write(w, "Nothing is attached.\r\n")
		return b.Bytes(), err
	}
	w, err := mail.CreateWriter(&b, h)
	if err != nil {
		return nil, err
	}
	text, err := w.CreateSingleInline(mail.InlineHeader{})
	if err != nil {
		return nil, err
	}
	if err := write(text, "See the attachment.\r\n"); err != nil {
		return nil, err
	}
	var a mail.AttachmentHeader
	a.SetContentType("application/octet-stream", nil)
	a.SetFilename(name)
	file, err := w.CreateAttachment(a)
	if err != nil {
		return nil, err
	}
	err = errors.Join(write(file, body), w.Close())
	return b.Bytes(), err
}

// write writes and closes one part of a mail.
func write(w io.WriteCloser, body string) error {
	_, err := io.WriteString(w, body)
	return errors.Join(err, w.Close())
}
