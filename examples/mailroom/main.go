// Command mailroom takes the attachments of a mailbox: the job of EzGED's form
// for a Gmail account, against any IMAP server.
//
//	export COLD_PASSWORD='the application password'
//	go run ./examples/mailroom -addr imap.gmail.com:993 -user me@gmail.com \
//		-folder inbox -recursive -done EZGED_OK -rejected EZGED_KO \
//		-backup backup -out cold -schedule '* * * * * */5 0'
//
// Without -schedule it makes one pass. With -check it only tells what is wrong
// with the settings, with -preview what a pass would take, and neither changes
// anything. On a terminal it shows how far a pass has come.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/schedule"
)

// settings are the fields of the form.
type settings struct {
	addr, user, folder      string
	security, ca            string
	recursive, body, raw    bool
	done, rejected          string
	backup, out             string
	names, row, job         string
	check, preview, verbose bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "mailroom:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("mailroom", flag.ExitOnError)
	flags.SetOutput(log)
	flags.StringVar(&s.addr, "addr", "", "server, with or without port (Serveur, Port d'écoute)")
	flags.StringVar(&s.security, "security", "tls", "tls, starttls or plaintext (SSL)")
	flags.StringVar(&s.ca, "ca", "", "file with the certificate authority of the server")
	flags.StringVar(&s.user, "user", "", "account (Compte); its password is in $COLD_PASSWORD or the file $COLD_PASSWORD_FILE")
	flags.StringVar(&s.folder, "folder", "inbox", "folder to read (Chemin source)")
	flags.BoolVar(&s.recursive, "recursive", false, "also the folders below it (Avec sous-répertoires)")
	flags.BoolVar(&s.body, "body", false, "also the text of each mail")
	flags.BoolVar(&s.raw, "raw", false, "also each mail as it is (Fichier attaché uniquement: no)")
	flags.StringVar(&s.done, "done", "", "folder for mails that were taken (Répertoire de sortie); none: mark them as read")
	flags.StringVar(&s.rejected, "rejected", "", "folder for mails that were refused; none: leave them")
	flags.StringVar(&s.backup, "backup", "", "local directory for copies of all mails (Activer la sauvegarde); none: no copies")
	flags.StringVar(&s.out, "out", "cold", "directory for the documents")
	flags.StringVar(&s.names, "names", "", "which file names to take, such as '/.*\\.pdf$/i' or '*.pdf'; none: all")
	flags.StringVar(&s.row, "schedule", "", "when, in seven columns such as '* * * * * */5 0'; none: once, now")
	flags.StringVar(&s.job, "job", "mail", "name of the COLD job (Travail de référence)")
	flags.BoolVar(&s.check, "check", false, "only tell what is wrong with the settings")
	flags.BoolVar(&s.preview, "preview", false, "only tell what a pass would take")
	flags.BoolVar(&s.verbose, "v", false, "log more")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.addr == "" || s.user == "" {
		return errors.New("-addr and -user are needed; -help tells the other settings")
	}
	if isTerminal(out) {
		terminal := &screen{out: out}
		if isTerminal(log) {
			log = terminal
		}
		out = terminal
	}
	level := slog.LevelInfo
	if s.verbose {
		level = slog.LevelDebug
	}
	return s.work(ctx, out, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})))
}

// work does what the settings say.
func (s *settings) work(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	ledger, stop, err := s.ledger()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	l, err := s.launcher(ledger, log)
	if err != nil {
		return err
	}
	switch {
	case s.check:
		if err := l.Check(ctx); err != nil {
			return err
		}
		fmt.Fprintln(out, "the settings are good")
		return nil
	case s.preview:
		return preview(ctx, l, out)
	}
	endProgress := showProgress(l, out)
	if l.Schedule != nil {
		defer endProgress()
		return l.Run(ctx)
	}
	stats, err := l.Poll(ctx)
	endProgress()
	fmt.Fprintf(out, "%d mails taken with %d documents of %.1f MB; %d refused, %d failed, %d with nothing that is wanted\n",
		stats.Stored, stats.Documents, float64(stats.Bytes)/1e6, stats.Rejected, stats.Left, stats.Skipped)
	return err
}

// ledger opens the ledger beside the documents. To check or preview, none is
// made where there is none.
func (s *settings) ledger() (l launcher.Ledger, stop func() error, err error) {
	path := filepath.Join(s.out, ".mailroom.db")
	if s.check || s.preview {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return new(launcher.MemoryLedger), func() error { return nil }, nil
		}
	} else if err := os.MkdirAll(s.out, 0o755); err != nil {
		return nil, nil, err
	}
	db, err := boltledger.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}

// launcher builds the launcher that the settings describe.
func (s *settings) launcher(ledger launcher.Ledger, log *slog.Logger) (*launcher.Launcher, error) {
	box, err := s.mailbox()
	if err != nil {
		return nil, err
	}
	var origin launcher.Source = box
	if s.backup != "" {
		origin = &backup.Source{From: box, Path: s.backup}
	}
	l := &launcher.Launcher{
		Name:    "mailroom",
		Source:  &mail.Source{From: origin, Body: s.body, Raw: s.raw},
		Routes:  []launcher.Route{{Job: s.job}},
		Sink:    &folder.Sink{Path: s.out},
		Ledger:  ledger,
		Watch:   box.Watch, // new mail is taken at once where the server tells of it
		Observe: launcher.LogTo(log),
		Explain: filter.Explain,
	}
	if s.names != "" {
		if l.Filter, err = filter.Lines(s.names); err != nil {
			return nil, err
		}
	}
	if s.row != "" {
		if l.Schedule, err = schedule.Row(s.row); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (s *settings) mailbox() (*imap.Source, error) {
	password := launcher.SecretEnv("COLD_PASSWORD")
	if file := os.Getenv("COLD_PASSWORD_FILE"); file != "" {
		password = launcher.SecretFile(file)
	}
	box := &imap.Source{
		Addr: s.addr, User: s.user, Password: password,
		Folder: s.folder, Recursive: s.recursive, Done: s.done, Rejected: s.rejected,
	}
	switch s.security {
	case "tls":
	case "starttls":
		box.Security = dial.StartTLS
	case "plaintext":
		box.Security = dial.Plaintext
	default:
		return nil, fmt.Errorf("-security is %q, want tls, starttls or plaintext", s.security)
	}
	if s.ca != "" {
		pem, err := os.ReadFile(s.ca)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", s.ca)
		}
		box.TLSConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return box, nil
}

func preview(ctx context.Context, l *launcher.Launcher, out io.Writer) error {
	list, err := l.Preview(ctx, 50)
	for _, d := range list {
		fmt.Fprintf(out, "%-9s %-20s %-30s %10d  %s\n", d.Verdict, d.Origin, d.Name, d.Size, d.Reason)
	}
	return err
}
