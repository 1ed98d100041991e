// Command bench measures coldlauncher against the least that the work can cost,
// and against other mail fetchers where they are installed:
//
//	go run ./examples/bench                                       everything; most of an hour
//	go run ./examples/bench -rows imap,job -runs 5                two rows
//	go run ./examples/bench -mails 200 -files 1000 -items 1000    less of everything
//
// It starts a Dovecot of its own on loopback (Debian: dovecot-imapd and
// dovecot-pop3d) and fills it with generated mails. Root has it in a network
// namespace of its own, with the usual TCP congestion control of Linux, so that
// the figures do not depend on how the machine is set. Everyone who is measured is
// a process of its own, from its start to its end; they take turns, and the
// table, in Markdown, has the ratios of the medians. What each run took, in CPU
// time and memory too, goes to standard error.
//
// The yardstick of mails is one command for all of them (POP3: one for each, sent
// at once) over the same connection, thrown away; that of files is a copy
// with an fsync each; that of a pass in which nothing is new, and of deposits, is
// to list the tree and to look at each file. The rows with ever more small items
// show whether time and memory grow in proportion: what each item takes stays the
// same then. They are read, with a durable ledger, and nothing else is done to
// them. The other fetchers have their usual settings, read
// everything and keep a copy in a Maildir, fetchmail in one file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is a run of the command.
type bench struct {
	mails, files, known, items, runs int
	big                              []int // megabytes
	idle, limit                      time.Duration
	profile, congestion              string

	dir    string
	server *mailtest.MailServer // nil: absent
	filled bool                 // so is reader
	peers  []peer               // those that are installed
	log    io.Writer
}

func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	b := &bench{log: log}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.IntVar(&b.mails, "mails", 2000, "mails to fetch, of 150 kB on the average")
	flags.IntVar(&b.files, "files", 10_000, "files to hand over; passes in which nothing is new have a tenth, as many, and ten times as many")
	flags.IntVar(&b.known, "known", 200_000, "known mails to list")
	flags.IntVar(&b.items, "items", 100_000, "small mails and deposits that show how time and memory grow: a hundredth, a tenth, all of them")
	big := flags.String("big", "100,300", "sizes of big mails, in MB")
	flags.IntVar(&b.runs, "runs", 3, "runs of each; whoever takes longer than a minute has one")
	flags.DurationVar(&b.idle, "idle", 30*time.Second, "how long idle launchers are watched")
	flags.DurationVar(&b.limit, "limit", 5*time.Minute, "for each run")
	only := flags.String("rows", "", "rows to measure, by what begins each line of the progress; none: all")
	dir := flags.String("dir", "", "where files are kept meanwhile, some gigabytes; none: the system's directory for temporary files")
	flags.StringVar(&b.congestion, "congestion", "cubic", "TCP congestion control; root has it in a network namespace of its own, others have the machine's; none: the machine's")
	flags.StringVar(&b.profile, "cpuprofile", "", "file for the CPU profile of the last run of coldlauncher")
	work := flags.String("task", "", "what a process does that the command starts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *work != "" {
		return perform(ctx, *work, out)
	}
	if b.runs < 1 {
		return fmt.Errorf("-runs: %d, want at least 1", b.runs)
	}
	if b.items < 1 {
		return fmt.Errorf("-items: %d, want at least 1", b.items)
	}
	for s := range strings.SplitSeq(*big, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("-big: %w", err)
		}
		b.big = append(b.big, n)
	}
	network := b.ownNetwork(args)
	if b.dir, err = os.MkdirTemp(*dir, "bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := os.Chmod(b.dir, 0o755); err != nil { // other accounts work in it
		return err
	}
	fmt.Fprintf(b.log, "%d processors, TCP congestion control %s\n", runtime.NumCPU(), congestion())
	if network != nil {
		fmt.Fprintf(b.log, "not %s: %v\n", b.congestion, network)
	}
	return b.measureAll(ctx, *only, out)
}

// measureAll prints the rows that are asked for.
func (b *bench) measureAll(ctx context.Context, only string, out io.Writer) (err error) {
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	rows := b.rows()
	for _, w := range wanted {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.key == w }) {
			return fmt.Errorf("-rows: there is no %q", w)
		}
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return len(wanted) > 0 && !slices.Contains(wanted, r.key) })
	var notes []string
	if slices.ContainsFunc(rows, func(r row) bool { return r.mail }) {
		if err := b.startServer(); err != nil {
			notes = append(notes, err.Error())
		} else {
			defer func() { err = errors.Join(err, b.server.Stop()) }()
		}
		notes = append(notes, b.findPeers()...)
	}
	fmt.Fprintf(out, "| | yardstick | coldlauncher |%s\n|---|---|---|%s\n", b.columns(" %s |"), b.columns("---|"))
	for _, r := range rows {
		if r.mail && b.server == nil {
			continue
		}
		l, err := r.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", r.key, err)
		}
		fmt.Fprintf(out, "| %s | %s | %s |", r.title, l.yardstick, l.ours)
		for _, p := range peers {
			fmt.Fprintf(out, " %s |", l.peers[p.name])
		}
		fmt.Fprintln(out)
	}
	for _, n := range notes {
		fmt.Fprintf(out, "\n%s.\n", n)
	}
	return nil
}

const congestionFile = "/proc/sys/net/ipv4/tcp_congestion_control"

// congestion returns the congestion control of TCP connections, on which it
// depends what a fast one costs its sender.
func congestion() string {
	name, err := os.ReadFile(congestionFile)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}

func (b *bench) columns(format string) string {
	var s strings.Builder
	for _, p := range peers {
		if strings.Contains(format, "%") {
			fmt.Fprintf(&s, format, p.name)
		} else {
			s.WriteString(format)
		}
	}
	return s.String()
}

// The accounts. Some fetchers know no password but in ASCII.
const (
	reader = "read-ascii"  // whose mails stay where they are
	keeper = "known-ascii" // whose mails are big, or many
)

// mover returns the account whose mails the nth run moves away.
func mover(run int) string { return fmt.Sprintf("move-ascii-%d", run) }

func (b *bench) startServer() error {
	users := []string{reader, keeper}
	for run := range b.runs {
		users = append(users, mover(run))
	}
	server, err := mailtest.StartDovecot(users...)
	if errors.Is(err, mailtest.ErrAbsent) {
		return errors.New("rows about mail need Dovecot (Debian: dovecot-imapd, dovecot-pop3d), which is not installed")
	}
	if err != nil {
		return err
	}
	b.server = server
	return nil
}

// fillReader fills the account whose mails stay, when that is first needed.
func (b *bench) fillReader() error {
	if b.filled {
		return nil
	}
	b.filled = true
	return b.fill(reader)
}

// fill gives an account, which has none, all mails. Dovecot takes notes when
// they are read for the first time: that is not measured.
func (b *bench) fill(user string) error {
	for m := range mailtest.Corpus(b.mails) {
		if err := b.server.Deliver(user, m); err != nil {
			return err
		}
	}
	defer syncDisks()
	_, err := mailtest.RawFetch(b.server.IMAPS, b.server.TLS, user)
	return err
}

// syncDisks writes what is to be written, so that no run pays for what was before.
func syncDisks() { exec.Command("sync").Run() }

// findPeers returns a note about each fetcher that is not installed.
func (b *bench) findPeers() (notes []string) {
	for _, p := range peers {
		if _, err := exec.LookPath(p.program); err != nil {
			notes = append(notes, fmt.Sprintf("%s is not installed (Debian: %s)", p.name, p.debian))
			continue
		}
		b.peers = append(b.peers, p)
	}
	return notes
}

// fillTree makes n files in a hundred folders.
func fillTree(root string, n, size int) error {
	body := make([]byte, size)
	for i := range n {
		folder := filepath.Join(root, fmt.Sprintf("%03d", i%100))
		if i < 100 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
		}
		copy(body, fmt.Sprintf("file %d", i))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("f%06d.pdf", i)), body, 0o644); err != nil {
			return err
		}
	}
	return nil
}
