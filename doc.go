// Package coldlauncher is the map of a module that takes documents in: from
// mailboxes, directories and Adullact envelopes, on a schedule, filtered and
// routed, into a host program. What EzGED calls « lanceur COLD », as a library.
//
//	launcher              the words and the engine: start here
//	launcher/boltledger   remembers across crashes what became of parcels
//	launcher/folder       a ready Sink: a directory per parcel, or loose files
//	launcher/backup       copies what arrives before it is handed over, around any Source
//	launcher/scenario     launchers from a JSON file that an administrator writes
//	launcher/spool        bodies that can be read many times, in bounded memory
//	launcher/launchertest tests for Sources, Sinks and Ledgers; fakes
//	protocol              the protocols that such a file may name
//	protocol/dir          a directory as a Source
//	protocol/imap         a mailbox over IMAP as a Source
//	protocol/pop3         a mailbox over POP3 as a Source
//	protocol/mail         takes messages apart, around any Source
//	protocol/dial         connections to mail servers: TLS, STARTTLS, OAuth 2.0
//	adullact              envelopes of the French public sector: ACTES, HELIOS, Chorus Pro
//	filter                which documents are wanted
//	schedule              when to poll: rows of seven columns
//	examples              programs to run and to copy from
//
// A first program, which moves what arrives in a directory to another:
//
//	package main
//
//	import (
//		"context"
//		"log"
//		"os"
//		"os/signal"
//
//		"github.com/ezged/coldlauncher/filter"
//		"github.com/ezged/coldlauncher/launcher"
//		"github.com/ezged/coldlauncher/launcher/boltledger"
//		"github.com/ezged/coldlauncher/launcher/folder"
//		"github.com/ezged/coldlauncher/protocol/dir"
//		"github.com/ezged/coldlauncher/schedule"
//	)
//
//	func main() {
//		ledger, err := boltledger.Open("ledger.db")
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer ledger.Close()
//		every15s, err := schedule.Row("* * * * * * */15")
//		if err != nil {
//			log.Fatal(err)
//		}
//		l := &launcher.Launcher{
//			Name:     "invoices",
//			Source:   &dir.Source{Path: "in", Recursive: true, Done: "done", Rejected: "rejected"},
//			Filter:   filter.Ext("pdf", "xml"),
//			Routes:   []launcher.Route{{Job: "87"}},
//			Sink:     &folder.Sink{Path: "cold"},
//			Ledger:   ledger,
//			Schedule: every15s,
//		}
//		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
//		defer stop()
//		if err := l.Run(ctx); err != nil && ctx.Err() == nil {
//			log.Fatal(err)
//		}
//	}
package coldlauncher
