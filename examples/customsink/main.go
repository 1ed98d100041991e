// Command customsink takes the files of a directory into an SQLite database,
// by a Sink of its own, and prints what the database holds.
//
//	go -C examples/customsink run . DIRECTORY DATABASE
//
// The files stay where they are: run it again, and none is kept twice.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/ezged/coldlauncher/examples/customsink/archive"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dir"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: customsink DIRECTORY DATABASE")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "customsink:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in, database string) error {
	db, err := archive.Open(ctx, database)
	if err != nil {
		return err
	}
	defer db.Close()
	l := &launcher.Launcher{
		Name:   "archive",
		Source: &dir.Source{Path: in, Recursive: true},
		Sink:   db,
	}
	if _, err := l.Poll(ctx); err != nil {
		return err
	}
	return db.Bodies(ctx, func(name string, body []byte) error {
		_, err := fmt.Printf("%8d bytes  %q\n", len(body), name)
		return err
	})
}
