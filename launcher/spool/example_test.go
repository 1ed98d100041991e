package spool_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

func Example() {
	ctx := context.Background()
	download := strings.NewReader("%PDF-1.7 …") // can be read once

	var pool spool.Pool
	body, err := pool.Read(ctx, download)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer body.Close()

	doc := &launcher.Document{Name: "facture.pdf", Size: body.Size(), Open: body.Open}
	for range 2 {
		r, err := doc.Open(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, err := io.ReadAll(r)
		fmt.Printf("%s: %q %v\n", doc.Name, text, err)
		r.Close()
	}
	fmt.Println(body.Size())
	// Output:
	// facture.pdf: "%PDF-1.7 …" <nil>
	// facture.pdf: "%PDF-1.7 …" <nil>
	// 12
}

// A body that arrives in pieces.
func ExamplePool_Create() {
	var pool spool.Pool
	w := pool.Create()
	defer w.Close() // drops what was not committed
	for _, piece := range []string{"From: ", "cold@example.org", "\r\n"} {
		if _, err := io.WriteString(w, piece); err != nil {
			fmt.Println(err)
			return
		}
	}
	body, err := w.Commit()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer body.Close()
	fmt.Println(body.Size())
	// Output: 24
}
