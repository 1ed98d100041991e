package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// A row is one of the table.
type row struct {
	key, title string
	mail       bool // needs the server
	measure    func(ctx context.Context) (line, error)
}

// A line is what a row shows.
type line struct {
	yardstick, ours string
	peers           map[string]string
}

// A way is how long and, in bytes per second, how narrow the link to the server
// is; zero is loopback.
type way struct {
	roundTrip time.Duration
	rate      float64
}

func (b *bench) rows() []row {
	near := way{}
	far := way{roundTrip: 30 * time.Millisecond}
	narrow := way{30 * time.Millisecond, 100e6 / 8}
	return []row{
		{"imap", "IMAP over TLS", true, b.mailbox("imap", task{Do: "imap"}, near, false)},
		{"job", "the complete job: kept in a folder, durable ledger, moved to `EZGED_OK`", true, b.job},
		{"plain", "IMAP in clear", true, b.mailbox("plain", task{Do: "imap", Clear: true}, near, false)},
		{"pop3", "POP3 over TLS", true, b.mailbox("pop3", task{Do: "pop3"}, near, true)},
		{"imap30", "IMAP, 30 ms away", true, b.mailbox("imap30", task{Do: "imap"}, far, true)},
		{"pop30", "POP3, 30 ms away", true, b.mailbox("pop30", task{Do: "pop3"}, far, true)},
		{"slow", "IMAP, 30 ms away, 100 Mbit/s", true, b.mailbox("slow", task{Do: "imap", Compress: imap.CompressNever}, narrow, false)},
		{"deflate", "the same, where the server offers COMPRESS", true, b.mailbox("deflate", task{Do: "imap"}, narrow, false)},
		{"big", fmt.Sprintf("memory for a mail of %s MB", join(b.big)), true, b.bigMails},
		{"known", fmt.Sprintf("memory for %d known mails", b.known), true, b.knownMails},
		{"files", fmt.Sprintf("%d files of 20 kB: kept in a folder, durable ledger, moved", b.files), false, b.handOver},
		{"pass", fmt.Sprintf("a pass over %s files, all known", join([]int{b.files / 10, b.files, b.files * 10})), false, b.idlePasses},
		{"imapmany", fmt.Sprintf("%s small mails over IMAP, all new", join(tenfold(b.items))), true, b.grow("imapmany", b.letters(false))},
		{"popmany", fmt.Sprintf("%s small mails over POP3, all new", join(tenfold(b.items))), true, b.grow("popmany", b.letters(true))},
		{"deposits", fmt.Sprintf("%s deposits of acts, all new", join(tenfold(b.items))), false, b.grow("deposits", b.deposits())},
		{"launchers", fmt.Sprintf("%d launchers, idle, every 15 s", launchers), false, b.idleLaunchers},
	}
}

// mailbox returns what measures a pass that takes apart, hashes and reads what
// is attached to all mails, keeps nothing and leaves them where they are.
func (b *bench) mailbox(key string, t task, w way, others bool) func(context.Context) (line, error) {
	return func(ctx context.Context) (line, error) {
		if err := b.fillReader(); err != nil {
			return line{}, err
		}
		t.User, t.N = reader, b.mails
		t.CA, t.Addr = b.server.CA(), b.server.IMAPS
		if t.Clear {
			t.Addr = b.server.IMAP
		}
		if t.Do == "pop3" {
			t.Addr = b.server.POP3S
		}
		if w != (way{}) {
			link := mailtest.Link{RoundTrip: w.roundTrip, Rate: w.rate}
			addr, err := link.Listen(t.Addr)
			if err != nil {
				return line{}, err
			}
			defer link.Close()
			t.Addr = addr
		}
		raw := t
		raw.Do = "raw " + t.Do
		all := []contender{b.process("raw", raw, nil), b.process("coldlauncher", t, b.attachments)}
		if others {
			all = append(all, b.fetchers(t)...)
		}
		return b.compare(ctx, key, all)
	}
}

// attachments checks that all were handed over.
func (b *bench) attachments(_ string, a answer) error {
	want := 0
	for i := range b.mails {
		want++
		if i%20 < 3 { // see mailtest.Corpus
			want++
		}
	}
	if a.Documents != want {
		return fmt.Errorf("%d documents, want %d", a.Documents, want)
	}
	return nil
}

// job has an account for each run, and removes nothing before the last, see
// handOver.
func (b *bench) job(ctx context.Context) (l line, err error) {
	if err := b.fillReader(); err != nil {
		return line{}, err
	}
	row := *b
	if row.dir, err = os.MkdirTemp(b.dir, "job"); err != nil {
		return line{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(row.dir)) }()
	if err := os.Chmod(row.dir, 0o755); err != nil { // other accounts work in it
		return line{}, err
	}
	t := task{Do: "job", Addr: b.server.IMAPS, CA: b.server.CA(), N: b.mails}
	next := 0
	ours := contender{name: "coldlauncher", check: b.attachments,
		before: func(string) error {
			t.User = mover(next)
			next++
			return b.fill(t.User)
		},
		command: func(ctx context.Context, dir string) (*exec.Cmd, error) {
			return b.process("coldlauncher", t, nil).command(ctx, dir)
		},
	}
	read := t
	read.User = reader
	raw := read
	raw.Do = "raw imap"
	all := append([]contender{b.process("raw", raw, nil), ours}, b.fetchers(read)...)
	for i := range all {
		all[i].stays = true
	}
	return row.compare(ctx, "job", all)
}

func (b *bench) bigMails(ctx context.Context) (line, error) {
	var rss []string
	for _, mb := range b.big {
		if err := b.server.Empty(keeper); err != nil {
			return line{}, err
		}
		if err := b.server.Deliver(keeper, bigMail(mb)); err != nil {
			return line{}, err
		}
		a, err := b.once(ctx, task{Do: "imap", Addr: b.server.IMAPS, CA: b.server.CA(), User: keeper})
		if err != nil {
			return line{}, err
		}
		rss = append(rss, megabytes(a.RSS))
	}
	return line{ours: strings.Join(rss, ", ") + " MB"}, nil
}

// bigMail returns a mail with an attachment, of mb MB.
func bigMail(mb int) []byte {
	m := []byte("From: sender@example.org\r\nSubject: big\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf; name=big.pdf\r\n" +
		"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	body := []byte(strings.Repeat("JVBERi0x", 9) + "LjQK\r\n")
	return append(m, bytes.Repeat(body, mb*1_000_000/len(body))...)
}

func (b *bench) knownMails(ctx context.Context) (line, error) {
	if err := b.server.Empty(keeper); err != nil {
		return line{}, err
	}
	for i := range b.known {
		if err := b.server.Deliver(keeper, mailtest.Message(i)); err != nil {
			return line{}, err
		}
	}
	t := task{Do: "known", Addr: b.server.IMAPS, CA: b.server.CA(), User: keeper, N: b.known, Path: filepath.Join(b.dir, "known.db")}
	if _, err := b.once(ctx, t); err != nil { // to know them
		return line{}, err
	}
	a, err := b.once(ctx, t)
	return line{ours: fmt.Sprintf("%s MB, heap %s MB", megabytes(a.RSS), megabytes(a.Heap))}, err
}

// handOver removes nothing before the last run has ended: ext4 without a journal
// looks at what was freed in the last minutes, one by one, for each new file.
func (b *bench) handOver(ctx context.Context) (l line, err error) {
	row := *b
	if row.dir, err = os.MkdirTemp(b.dir, "files"); err != nil {
		return line{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(row.dir)) }()
	fill := func(dir string) error {
		if err := fillTree(filepath.Join(dir, "in"), b.files, 20_000); err != nil {
			return err
		}
		syncDisks()
		return nil
	}
	all := []contender{
		b.process("copy", task{Do: "copy", N: b.files}, nil),
		b.process("coldlauncher", task{Do: "files", N: b.files}, nil),
	}
	for i := range all {
		all[i].before, all[i].stays = fill, true
	}
	return row.compare(ctx, "files", all)
}

func (b *bench) idlePasses(ctx context.Context) (line, error) {
	var lists, ratios, heaps []string
	for _, n := range []int{b.files / 10, b.files, b.files * 10} {
		root := filepath.Join(b.dir, "known")
		if err := fillTree(root, n, 1); err != nil {
			return line{}, err
		}
		a, err := b.once(ctx, task{Do: "pass", Path: root, N: n, Runs: b.runs})
		if err != nil {
			return line{}, err
		}
		if err := os.RemoveAll(root); err != nil {
			return line{}, err
		}
		lists = append(lists, fmt.Sprintf("%.3f", median(a.Yardstick)))
		ratios = append(ratios, fmt.Sprintf("%.2f", median(a.Ours)/median(a.Yardstick)))
		heaps = append(heaps, megabytes(a.Heap))
	}
	return line{
		yardstick: strings.Join(lists, ", ") + " s",
		ours:      strings.Join(ratios, ", ") + " ×; heap " + strings.Join(heaps, ", ") + " MB",
	}, nil
}

const launchers = 500

// idleLaunchers leaves out what it takes to begin and to end.
func (b *bench) idleLaunchers(ctx context.Context) (line, error) {
	var took [2]result
	for i, wait := range []time.Duration{0, b.idle} {
		var err error
		if took[i], err = b.run(ctx, "launchers", b.process("coldlauncher", task{Do: "launchers", N: launchers, Wait: wait}, nil)); err != nil {
			return line{}, err
		}
	}
	share := (took[1].cpu - took[0].cpu).Seconds() / b.idle.Seconds()
	return line{ours: fmt.Sprintf("%.2f %% of one core", 100*max(share, 0))}, nil
}

func join(n []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(n), " ", ", "), "[]")
}

func megabytes(n int64) string {
	if n < 0 {
		return "?"
	}
	return fmt.Sprintf("%.0f", float64(n)/1e6)
}
