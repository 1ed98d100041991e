package pop3_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

func Example() {
	addr, stop := exampleServer("Subject: invoice\r\n\r\nSee below.\r\n")
	defer stop()

	source := &pop3.Source{
		Addr:     addr,
		Security: dial.Plaintext, // the server is on this machine
		User:     "cold",
		Password: launcher.SecretText("secret"),
		Delete:   true,
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
	fmt.Println(source.Poll(context.Background(), sink)) // it was deleted
	// Output:
	// mailbox uidl 42a is 42a.eml of 32 bytes
	// <nil>
	// <nil>
}

// exampleServer starts a small server with one mail.
func exampleServer(mail string) (addr string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	mails := []string{mail}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mails = exampleSession(c, mails)
		}
	}()
	return l.Addr().String(), func() { l.Close() }
}

// exampleSession serves one client, and returns what is left.
func exampleSession(c net.Conn, mails []string) []string {
	defer c.Close()
	left := mails
	fmt.Fprint(c, "+OK ready\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		command, _, _ := strings.Cut(lines.Text(), " ")
		switch command {
		case "STAT":
			fmt.Fprintf(c, "+OK %d 32\r\n", len(mails))
		case "LIST":
			fmt.Fprint(c, "+OK\r\n1 32\r\n.\r\n")
		case "UIDL":
			fmt.Fprint(c, "+OK\r\n1 42a\r\n.\r\n")
		case "RETR":
			fmt.Fprintf(c, "+OK\r\n%s.\r\n", mails[0])
		case "DELE":
			left = nil
			fmt.Fprint(c, "+OK\r\n")
		case "CAPA":
			fmt.Fprint(c, "-ERR\r\n")
		case "QUIT":
			fmt.Fprint(c, "+OK\r\n")
			return left
		default:
			fmt.Fprint(c, "+OK\r\n")
		}
	}
	return mails
}
