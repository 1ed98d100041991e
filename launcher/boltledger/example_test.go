package boltledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
)

func Example() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	ledger, err := boltledger.Open(filepath.Join(dir, "ledger.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ledger.Close()

	// The engine does this; hosts only put the ledger into their launchers.
	ctx := context.Background()
	err = ledger.Save(ctx, launcher.Entry{ID: "factures/1f0c", Launcher: "factures", State: launcher.Stored})
	if err != nil {
		fmt.Println(err)
		return
	}
	entry, err := ledger.Load(ctx, "factures/1f0c")
	fmt.Println(entry.State, err)
	entry, err = ledger.Load(ctx, "factures/unknown")
	fmt.Println(entry.State, err)
	// Output:
	// stored <nil>
	// unknown <nil>
}
