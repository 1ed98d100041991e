// Command customsink is a host with a Sink of its own, in some forty lines: it
// keeps each parcel as one zip file, named after the parcel's ID.
//
//	go run ./examples/customsink DIRECTORY ARCHIVES
package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// A ZipSink keeps parcels as zip files in a directory.
type ZipSink struct{ Dir string }

// Store is called again with the same ID after a crash. Here the file's name is
// the record of the ID, and the rename makes record and documents appear at
// once. (To withstand power cuts the directory has to be synced as well, as
// package folder does.)
func (s ZipSink) Store(ctx context.Context, p *launcher.Parcel) (err error) {
	final := filepath.Join(s.Dir, strings.ReplaceAll(p.ID, "/", "-")+".zip")
	if _, err := os.Stat(final); err == nil {
		return nil // kept before
	}
	f, err := os.CreateTemp(s.Dir, ".tmp-*")
	if err != nil {
		return launcher.Halt(err) // the disk is at fault, not the parcel
	}
	defer func() { err = errors.Join(err, ignoreMissing(os.Remove(f.Name()))) }()
	if err := errors.Join(write(ctx, f, p), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), final)
}

func write(ctx context.Context, f io.Writer, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	for _, d := range docs {
		if err := add(ctx, z, d); err != nil {
			return fmt.Errorf("archive %q: %w", d.Name, err)
		}
	}
	return z.Close()
}

func add(ctx context.Context, z *zip.Writer, d *launcher.Document) error {
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: d.Name, Method: zip.Deflate, Modified: d.Time})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: customsink DIRECTORY ARCHIVES")
		os.Exit(2)
	}
	l := &launcher.Launcher{
		Name:   "archive",
		Source: &dir.Source{Path: os.Args[1], Recursive: true},
		Sink:   ZipSink{Dir: os.Args[2]},
	}
	stats, err := l.Poll(context.Background())
	fmt.Printf("%d parcels stored, %d known\n", stats.Stored, stats.Known)
	if err != nil {
		fmt.Fprintln(os.Stderr, "customsink:", err)
		os.Exit(1)
	}
}
