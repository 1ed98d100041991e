// Command crashloop kills a launcher with SIGKILL, again and again, while it
// hands documents over to a folder Sink with a durable ledger, and then counts
// what was lost and what was handed over twice:
//
//	go run ./launcher/launchertest/crashloop -kills 100 -files 2000
//	go run ./launcher/launchertest/crashloop -kills 250 -files 1250 -source all
//
// The documents are files in a directory (dir), deposits of Adullact (deposits)
// or the attachments of as many mails on a Dovecot that it starts, each of which
// is backed up and moved to EZGED_OK (imap), or deleted (pop3); or all of these
// in turn.
//
// First it kills at each step of a small pass in turn: before and after every
// change of the ledger, every Store and every answer to the Source. Then it
// kills at random moments. It exits with 1 if anything was lost or doubled, or
// was not let go of at its origin in the end.
//
// With -cut n it kills nothing, but cuts the connection of a process that
// fetches three mails at every n-th byte, in both directions, and lets another
// process end the work.
//
// With -source getmail it does the same to getmail6, the mail retriever, and
// only prints what became of the mails: to compare.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

func main() {
	kills := flag.Int("kills", 100, "how often to kill at random moments")
	files := flag.Int("files", 2000, "how many files, or mails, to hand over meanwhile")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random moments")
	cut := flag.Int("cut", 0, "cut connections at every n-th byte instead")
	var c child
	flag.StringVar(&c.source, "source", "dir", "where documents come from: dir, deposits, imap, pop3, or all of them in turn; or getmail, to compare")
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
		sources := []string{c.source}
		if c.source == "all" {
			sources = []string{"dir", "deposits", "imap", "pop3"}
		}
		for _, source := range sources {
			if err = run(ctx, source, *cut, *kills, *files, *seed); err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crashloop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, source string, cut, kills, files int, seed uint64) error {
	o, stop, err := newOrigin(source)
	if errors.Is(err, mailtest.ErrAbsent) && source == "getmail" {
		fmt.Println("getmail: skipped:", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer stop()
	var all report
	switch {
	case cut > 0:
		err = cuts(ctx, o, source, &all, cut)
	case source == "getmail":
		err = moments(ctx, o, source, &all, kills, files, rand.New(rand.NewPCG(seed, 0)))
	default:
		if err = steps(ctx, o, source, &all, 1); err == nil {
			err = moments(ctx, o, source, &all, kills, files, rand.New(rand.NewPCG(seed, 0)))
		}
	}
	if err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	if all.lost+all.doubled+all.altered > 0 && source != "getmail" {
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

func (r report) print(o origin, source, what, faults string, took time.Duration) {
	fmt.Printf("%-8s  %-20s %5d %s  %5d %-8s  lost %d  doubled %d  altered %d  (%.1f s)\n",
		source, what, r.kills, faults, r.handed, o, r.lost, r.doubled, r.altered, took.Seconds())
}

// steps kills at the first step of a pass over three documents, then so many
// further on, and so on until a pass survives.
func steps(ctx context.Context, o origin, source string, all *report, stride int) error {
	begun := time.Now()
	var sum report
	for n := 0; ; n += stride {
		r, killed, err := small(ctx, o, func(p place) (bool, error) {
			survived, err := start(ctx, p, target{step: n}, nil)
			return !survived, err
		})
		if err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		sum.add(r)
		if !killed {
			break
		}
		sum.kills++
	}
	sum.print(o, source, "at every step", "kills", time.Since(begun))
	all.add(sum)
	return nil
}

// small has something happen to a process that hands three documents over, and
// lets another end the work.
func small(ctx context.Context, o origin, happens func(p place) (struck bool, err error)) (r report, struck bool, err error) {
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
	if struck, err = happens(p); err != nil {
		return report{}, false, err
	}
	r, err = finish(ctx, p, want)
	return r, struck, err
}

// cuts cuts the connection at every n-th byte from the server, and of those to
// it.
func cuts(ctx context.Context, o origin, source string, all *report, n int) error {
	if o.server() == "" {
		return fmt.Errorf("-cut: -source %s connects to no server", source)
	}
	proxy, err := mailtest.StartProxy(o.server())
	if err != nil {
		return err
	}
	defer proxy.Close()
	begun := time.Now()
	var sum report
	for _, up := range []bool{false, true} {
		for at := 0; ; at += n {
			r, struck, err := small(ctx, o, func(p place) (bool, error) {
				proxy.Arm(mailtest.Fault{Kind: mailtest.Cut, Up: up, After: int64(at)})
				start(ctx, p, target{step: -1, addr: proxy.Addr}, nil) // fails, of course
				return proxy.Struck(), ctx.Err()
			})
			if err != nil {
				return fmt.Errorf("cut after %d bytes: %w", at, err)
			}
			sum.add(r)
			if !struck {
				break
			}
			sum.kills++
		}
	}
	sum.print(o, source, fmt.Sprintf("every %d. byte", n), "cuts ", time.Since(begun))
	all.add(sum)
	return nil
}

// moments kills at random moments, and adds documents when the child has moved
// them all before it was killed often enough.
func moments(ctx context.Context, o origin, source string, all *report, kills, files int, rnd *rand.Rand) error {
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
		survived, err := start(ctx, p, target{step: -1}, func(kill func()) {
			time.Sleep(after) // a random moment of its work, not a condition
			kill()
		})
		if err != nil && source != "getmail" {
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
	r, err := finish(ctx, p, want)
	if err != nil {
		return err
	}
	sum.add(r)
	sum.print(o, source, "at random moments", "kills", time.Since(begun))
	all.add(sum)
	return nil
}
