// Command adullact opens envelopes of ACTES, HELIOS and Chorus Pro.
//
// Given files or folders it prints what is in each, as JSON: any deposit of
// Pastell, transport archive, message, PES, invoice or Factur-X.
//
//	go run ./examples/adullact ./depot/2024_017
//
// Without arguments it shows, in a few seconds and with nothing to install, what
// EzGED calls an Adullact launcher: deposits arrive in a directory, one of them
// slowly; acts, PES and invoices go to COLD jobs of their own; and an invoice
// that comes again, with another status or unchanged, is told apart.
//
// LISEZMOI.md, beside this file, is a guide for administrators, in French.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ezged/coldlauncher/adullact"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "adullact:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, paths []string) error {
	if len(paths) == 0 {
		root, err := os.MkdirTemp("", "coldlauncher-adullact-")
		if err != nil {
			return err
		}
		return show(out, root)
	}
	for _, p := range paths {
		if err := print(out, p); err != nil {
			return err
		}
	}
	return nil
}

// print writes the envelopes in a file or folder as JSON.
func print(out io.Writer, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	var d adullact.Decoder
	envelopes, err := d.DecodeFS(context.Background(), os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(envelopes)
}
