package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// An opener is a Source around a mail.Source. Beside each sealed document it
// offers what is in it, as a message. A scanner for viruses would look the
// same, and return launcher.Reject for what it finds.
type opener struct {
	From launcher.Source
	Open func(sealed []byte) (entity []byte, err error) // of a library for S/MIME or OpenPGP
}

func (o opener) Poll(ctx context.Context, sink launcher.Sink) error {
	return o.From.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		opened := *p
		opened.Documents = func(ctx context.Context) ([]*launcher.Document, error) {
			docs, err := p.Documents(ctx)
			for i := 0; err == nil && i < len(docs); i++ {
				if docs[i].Role == mail.RoleSealed {
					var inside *launcher.Document
					inside, err = o.inside(ctx, docs[i])
					docs = slices.Insert(docs, i+1, inside) // the original is kept
				}
			}
			return docs, err
		}
		return sink.Store(ctx, &opened)
	}))
}

// inside returns what is in a sealed document. It reads all of it into memory:
// a real one would use a spool.Pool.
func (o opener) inside(ctx context.Context, d *launcher.Document) (*launcher.Document, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	sealed, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	entity, err := o.Open(sealed)
	if err != nil {
		return nil, launcher.Reject(fmt.Errorf("open %q: %w", d.Name, err))
	}
	inside := *d
	inside.Name, inside.MediaType, inside.Role = "opened.eml", "message/rfc822", "message"
	inside.Size = int64(len(entity))
	inside.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(entity)), nil }
	return &inside, nil
}

const encrypted = `From: renee@example.org
Subject: Facture de mai
Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m

}4cq-s4S 4y1{f;`

// What is encrypted is opened by a Source around this one; another mail.Source
// around that one takes apart what comes to light. The original is kept.
func ExampleSource_encrypted() {
	mailbox := new(launchertest.Script)
	mailbox.Add("INBOX/42", launchertest.File("42.eml", encrypted))

	decrypt := func([]byte) ([]byte, error) { // stands for a library that knows the key
		return []byte("Content-Type: application/pdf; name=facture.pdf\n\n%PDF-1.7"), nil
	}
	l := &launcher.Launcher{
		Name:   "factures",
		Source: &mail.Source{From: opener{From: &mail.Source{From: mailbox}, Open: decrypt}},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			for _, d := range docs {
				fmt.Println(p.Meta[mail.MetaSubject], "|", d.Role, d.Name, d.Size)
			}
			return nil
		}),
		Observe: func(context.Context, launcher.Event) {},
	}
	if _, err := l.Poll(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Facture de mai | sealed smime.p7m 15
	// Facture de mai | attachment facture.pdf 8
}
