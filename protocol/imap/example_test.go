package imap_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

func Example() {
	addr, stop := exampleServer("Subject: invoice\r\n\r\nSee below.\r\n")
	defer stop()

	source := &imap.Source{
		Addr:     addr,
		Security: dial.Plaintext, // the server is on this machine
		User:     "cold",
		Password: launcher.SecretText("secret"),
		Done:     "EZGED_OK",
		Rejected: "EZGED_KO",
	}
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		fmt.Println(p.Origin, "is", docs[0].Name, "of", docs[0].Size, "bytes")
		return nil
	})
	fmt.Println(source.Poll(context.Background(), sink))
	fmt.Println(source.Poll(context.Background(), sink)) // it was moved
	// Output:
	// INBOX uid 1 is INBOX-1.eml of 32 bytes
	// <nil>
	// <nil>
}

// exampleServer starts a server with one mail.
func exampleServer(mail string) (addr string, stop func()) {
	mem := imapmemserver.New()
	user := imapmemserver.NewUser("cold", "secret")
	user.Create("INBOX", nil)
	user.Append("INBOX", sized{strings.NewReader(mail)}, &goimap.AppendOptions{})
	mem.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)
	return l.Addr().String(), func() { server.Close() }
}

type sized struct{ *strings.Reader }

func (s sized) Size() int64 { return int64(s.Len()) }
