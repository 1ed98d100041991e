package custody_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/custody"
)

func Example() {
	ctx := context.Background()
	ledger := new(launcher.MemoryLedger) // in earnest from boltledger.Open
	ledger.Save(ctx, launcher.Entry{ID: "mails/1", Launcher: "mails", State: launcher.Stored, Attempts: 1,
		Files: []launcher.File{{Name: "F-1.pdf", Size: 1234, SHA256: "…"}}})

	var file bytes.Buffer
	chain, err := custody.Export(ctx, &file, ledger, "", "mails")
	if err != nil {
		fmt.Println(err)
		return
	}
	// chain.Head is kept elsewhere. Later:
	again, err := custody.Verify(bytes.NewReader(file.Bytes()), "")
	fmt.Println(again.Entries, again.Head == chain.Head, err)

	forged := bytes.Replace(file.Bytes(), []byte("1234"), []byte("1235"), 1)
	_, err = custody.Verify(bytes.NewReader(forged), "")
	fmt.Println(err)
	// Output:
	// 1 true <nil>
	// line 2, parcel "mails/1": does not have the hash that it says
}
