// Command crashloop kills a launcher with SIGKILL, again and again, while it
// hands documents over to a folder Sink with a durable ledger, and then counts
// what was lost and what was handed over twice:
//
//	go run ./launcher/launchertest/crashloop -kills 100 -files 2000
//	go run ./launcher/launchertest/crashloop -kills 100 -files 2000 -source imap
//
// The documents are files in a directory, or with -source imap the attachments
// of as many mails on a Dovecot that it starts, each of which is backed up and
// moved to EZGED_OK.
//
// First it kills at each step of a small pass in turn: before and after every
// change of the ledger, every Store and every answer to the Source. Then it
// kills at random moments. It exits with 1 if anything was lost or doubled, or
// was not let go of at its origin in the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

func main() {
	kills := flag.Int("kills", 100, "how often to kill at random moments")
	files := flag.Int("files", 2000, "how many files, or mails, to hand over meanwhile")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random moments")
	source := flag.String("source", "dir", "where documents come from: dir or imap")
	var c child
	flag.StringVar(&c.root, "child", "", "directory to work in (the command starts itself with it)")
	flag.IntVar(&c.step, "step", -1, "step at which the child kills itself; -1: none")
	flag.StringVar(&c.addr, "addr", "", "IMAP server of the child; none: a directory")
	flag.StringVar(&c.user, "user", "", "account of the child")
	flag.StringVar(&c.ca, "ca", "", "file with the certificate authority of the server")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if c.root != "" {
		err = c.work(ctx)
	} else {
		err = run(ctx, *source, *kills, *files, *seed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crashloop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, source string, kills, files int, seed uint64) error {
	o, stop, err := newOrigin(source)
	if err != nil {
		return err
	}
	defer stop()
	var all report
	err = steps(ctx, o, &all)
	if err == nil {
		err = moments(ctx, o, &all, kills, files, rand.New(rand.NewPCG(seed, 0)))
	}
	if err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	if all.lost+all.doubled+all.altered > 0 {
		return fmt.Errorf("seed %d: promise broken", seed)
	}
	return nil
}

// A report adds up what became of documents.
type report struct{ kills, handed, lost, doubled, altered int }

func (r *report) add(s report) {
	r.kills += s.kills
	r.handed += s.handed
	r.lost += s.lost
	r.doubled += s.doubled
	r.altered += s.altered
}

func (r report) print(o origin, what string, took time.Duration) {
	fmt.Printf("%-24s %5d kills  %5d %s  lost %d  doubled %d  altered %d  (%.1f s)\n",
		what, r.kills, r.handed, o, r.lost, r.doubled, r.altered, took.Seconds())
}

// steps kills at the first step of a pass over three documents, then at the
// second, and so on until a pass survives.
func steps(ctx context.Context, o origin, all *report) error {
	begun := time.Now()
	var sum report
	for n := 0; ; n++ {
		r, killed, err := oneStep(ctx, o, n)
		if err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		sum.add(r)
		if !killed {
			break
		}
		sum.kills++
	}
	sum.print(o, "at every step", time.Since(begun))
	all.add(sum)
	return nil
}

func oneStep(ctx context.Context, o origin, n int) (r report, killed bool, err error) {
	root, err := os.MkdirTemp("", "crashloop")
	if err != nil {
		return report{}, false, err
	}
	defer os.RemoveAll(root)
	p, err := o.place(root)
	if err != nil {
		return report{}, false, err
	}
	want, err := fill(p, 0, 3)
	if err != nil {
		return report{}, false, err
	}
	survived, err := start(ctx, p, root, n, nil)
	if err != nil {
		return report{}, false, err
	}
	r, err = finish(ctx, p, root, want)
	return r, !survived, err
}

// moments kills at random moments, and adds documents when the child has moved
// them all before it was killed often enough.
func moments(ctx context.Context, o origin, all *report, kills, files int, rnd *rand.Rand) error {
	root, err := os.MkdirTemp("", "crashloop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	begun := time.Now()
	p, err := o.place(root)
	if err != nil {
		return err
	}
	want, err := fill(p, 0, files)
	if err != nil {
		return err
	}
	var sum report
	for sum.kills < kills {
		after := time.Duration(rnd.Int64N(int64(o.span())))
		survived, err := start(ctx, p, root, -1, func(kill func()) {
			time.Sleep(after) // a random moment of its work, not a condition
			kill()
		})
		if err != nil {
			return err
		}
		if !survived {
			sum.kills++
			continue
		}
		more, err := fill(p, len(want), files)
		if err != nil {
			return err
		}
		for name, hash := range more {
			want[name] = hash
		}
	}
	r, err := finish(ctx, p, root, want)
	if err != nil {
		return err
	}
	sum.add(r)
	sum.print(o, "at random moments", time.Since(begun))
	all.add(sum)
	return nil
}
