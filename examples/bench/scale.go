package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/adullact"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// grow returns what measures a task with a hundredth of the items, a tenth, and
// all of them. Before each, fill sees to it that there are so many.
func (b *bench) grow(do string, fill func(n int) (task, error)) func(context.Context) (line, error) {
	return func(ctx context.Context) (line, error) {
		var heaps []string
		var least, first, known course
		for _, n := range tenfold(b.items) {
			t, err := fill(n)
			if err != nil {
				return line{}, err
			}
			t.Do, t.N, t.Runs = do, n, b.runs
			a, err := b.once(ctx, t)
			if err != nil {
				return line{}, err
			}
			least.add(a.Yardstick, n)
			first.add(a.First, n)
			known.add(a.Ours, n)
			heaps = append(heaps, megabytes(a.Heap))
		}
		return line{
			yardstick: least.String(),
			ours:      fmt.Sprintf("%s; all known %s; heap %s MB", first, known, strings.Join(heaps, ", ")),
		}, nil
	}
}

// A course is how long ever more items took, in all and each.
type course struct{ seconds, each []string }

func (c *course) add(runs []float64, n int) {
	s := median(runs)
	c.seconds = append(c.seconds, fmt.Sprintf("%.2f", s))
	c.each = append(c.each, fmt.Sprintf("%.0f", s/float64(n)*1e6))
}

func (c course) String() string {
	return fmt.Sprintf("%s s (%s µs each)", strings.Join(c.seconds, ", "), strings.Join(c.each, ", "))
}

// tenfold returns a hundredth of n, a tenth, and n.
func tenfold(n int) []int { return []int{max(n/100, 1), max(n/10, 1), n} }

// letters returns a function that sees to it that there are n small mails, and
// that Dovecot has taken its notes of them.
func (b *bench) letters(pop bool) func(n int) (task, error) {
	have := 0
	return func(n int) (task, error) {
		if have == 0 {
			if err := b.server.Empty(keeper); err != nil {
				return task{}, err
			}
		}
		for ; have < n; have++ {
			if err := b.server.Deliver(keeper, mailtest.Message(have)); err != nil {
				return task{}, err
			}
		}
		t := task{Addr: b.server.IMAPS, CA: b.server.CA(), User: keeper}
		if pop {
			t.Addr = b.server.POP3S
			return t, mailtest.RawRetrieve(t.Addr, b.server.TLS, keeper, n)
		}
		_, err := mailtest.RawFetch(t.Addr, b.server.TLS, keeper)
		return t, err
	}
}

// deposits returns a function that sees to it that there are n deposits, of an
// act in one file.
func (b *bench) deposits() func(n int) (task, error) {
	root, have := filepath.Join(b.dir, "deposits"), 0
	return func(n int) (task, error) {
		for ; have < n; have++ {
			name := fmt.Sprintf("act%06d", have)
			deposit := filepath.Join(root, name)
			meta := fmt.Sprintf(`{"acte_nature":"1","numero_de_lacte":%q,"objet":"x","arrete":["act.pdf"]}`, name)
			err := errors.Join(
				os.MkdirAll(deposit, 0o755),
				os.WriteFile(filepath.Join(deposit, "act.pdf"), []byte("%PDF-1.4 "+name), 0o644),
				os.WriteFile(filepath.Join(deposit, "metadata.json"), []byte(meta), 0o644),
			)
			if err != nil {
				return task{}, err
			}
		}
		return task{Tree: root}, nil
	}
}

// A subject is a Source, and what the least does that a first pass over it can
// cost.
type subject struct {
	source launcher.Source
	least  func() error
}

func manyMails(t task) (subject, error) {
	s, err := t.imap()
	if err != nil {
		return subject{}, err
	}
	s.ReadOnly = true
	return subject{s, func() error {
		_, err := mailtest.RawFetch(t.Addr, s.TLSConfig, t.User)
		return err
	}}, nil
}

func manyOverPOP3(t task) (subject, error) {
	config, err := t.tls()
	s := &pop3.Source{
		Addr: t.Addr, TLSConfig: config, User: t.User, Password: launcher.SecretText(mailtest.Password(t.User)),
		Interval: -1, // passes follow one another
	}
	return subject{s, func() error { return mailtest.RawRetrieve(t.Addr, config, t.User, t.N) }}, err
}

func manyDeposits(t task) (subject, error) {
	s := adullact.Deposits(t.Tree)
	s.Quiet = -1 // they were there before
	return subject{s, func() error {
		_, err := lookAt(t.Tree)
		return err
	}}, nil
}

// grown returns a task: first passes, each with a new ledger, and after each some
// in which all is known.
func grown(open func(t task) (subject, error)) func(context.Context, task, *answer) error {
	return func(ctx context.Context, t task, a *answer) error {
		for begun := time.Now(); len(a.First) < t.Runs && time.Since(begun) < time.Minute; {
			s, err := open(t)
			if err != nil {
				return err
			}
			turn := time.Now()
			if err := s.least(); err != nil {
				return err
			}
			a.Yardstick = append(a.Yardstick, time.Since(turn).Seconds())
			if err := s.passes(ctx, t, a); err != nil {
				return err
			}
		}
		return nil
	}
}

// passes makes a first pass and those that come after it.
func (s subject) passes(ctx context.Context, t task, a *answer) (err error) {
	ledger, err := boltledger.Open(filepath.Join(t.Path, fmt.Sprintf("ledger%d.db", len(a.First))))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	l := &launcher.Launcher{Source: s.source, Sink: launcher.SinkFunc(mailtest.Drain), Ledger: ledger, Parallel: 8}
	turn := time.Now()
	if stats, err := pass(ctx, l, a); err != nil || stats.Stored != t.N {
		return fmt.Errorf("%+v, want %d stored: %w", stats, t.N, err)
	}
	a.First = append(a.First, time.Since(turn).Seconds())
	for range t.Runs {
		turn = time.Now()
		if stats, err := pass(ctx, l, a); err != nil || stats.Known != t.N {
			return fmt.Errorf("%+v, want %d known: %w", stats, t.N, err)
		}
		a.Ours = append(a.Ours, time.Since(turn).Seconds())
	}
	return nil
}
