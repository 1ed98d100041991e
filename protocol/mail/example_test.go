package mail_test

import (
	"context"
	"fmt"
	"io"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

const message = `From: =?iso-8859-1?Q?Ren=E9e?= <renee@example.org>
Subject: Facture de mai
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Bonjour, voici la facture.
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename*=iso-8859-1''relev%E9.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjc=
--b--
`

// The file of a mail reaches the Sink, and with it what the mail says.
func Example() {
	mailbox := new(launchertest.Script) // stands for an imap.Source
	mailbox.Add("INBOX/42", launchertest.File("42.eml", message))

	l := &launcher.Launcher{
		Name:   "factures",
		Source: &mail.Source{From: mailbox},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			fmt.Println(p.Meta[mail.MetaFrom], "|", p.Meta[mail.MetaSubject])
			for _, d := range docs {
				r, err := d.Open(ctx)
				if err != nil {
					return err
				}
				body, err := io.ReadAll(r)
				r.Close()
				if err != nil {
					return err
				}
				fmt.Println(d.Role, d.Name, d.MediaType, d.Size, string(body))
			}
			return nil
		}),
		Observe: func(context.Context, launcher.Event) {},
	}
	if _, err := l.Poll(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Renée <renee@example.org> | Facture de mai
	// attachment relevé.pdf application/pdf 8 %PDF-1.7
}
