package launchertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// An OpenLedger is a ledger under test, and the way to close it.
type OpenLedger struct {
	launcher.Ledger

	// Close closes the ledger. Nil means one in memory, which has nothing to
	// keep when it is closed: SurvivesReopen is skipped.
	Close func() error
}

// TestLedger tests that a ledger keeps to the contract of [launcher.Ledger].
// Each rule is a subtest, and each gets an empty ledger: it calls open with a
// new folder to keep the ledger in. SurvivesReopen closes it and calls open
// again with the same folder.
//
//	func TestLedger(t *testing.T) {
//		launchertest.TestLedger(t, func(t *testing.T, dir string) launchertest.OpenLedger {
//			l, err := mine.Open(filepath.Join(dir, "ledger"))
//			if err != nil {
//				t.Fatal(err)
//			}
//			return launchertest.OpenLedger{Ledger: l, Close: l.Close}
//		})
//	}
//
// Run it with -race. That what Save wrote survives a power cut it cannot show.
func TestLedger(t *testing.T, open func(t *testing.T, dir string) OpenLedger) {
	for _, r := range ledgerRules() {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			err := r.test(t.Context(), func() OpenLedger { return open(t, dir) }, time.Minute)
			switch {
			case errors.Is(err, errInMemory):
				t.Skip(err)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

var errInMemory = errors.New("this ledger is in memory: it has nothing to keep")

// A ledgerRule is one rule of the contract. Its checks return an error that
// states the rule if a ledger breaks it.
type ledgerRule struct {
	name     string
	check    func(ctx context.Context, l launcher.Ledger) error
	reopened func(ctx context.Context, l launcher.Ledger) error // after check, closing and opening again; may be nil
}

// test puts the rule to what open returns. A ledger that takes longer than
// patience is taken to hang; it is not closed then.
func (r ledgerRule) test(ctx context.Context, open func() OpenLedger, patience time.Duration) error {
	for _, check := range []func(context.Context, launcher.Ledger) error{r.check, r.reopened} {
		if check == nil {
			continue
		}
		l := open()
		if r.reopened != nil && l.Close == nil {
			return errInMemory
		}
		done := make(chan error, 1)
		go func() { done <- check(ctx, l) }()
		select {
		case err := <-done:
			if err != nil {
				l.close()
				return err
			}
		case <-time.After(patience):
			return fmt.Errorf("no answer after %v: a call of a ledger must return, whatever others are under way", patience)
		}
		if err := l.close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	return nil
}

func (l OpenLedger) close() error {
	if l.Close == nil {
		return nil
	}
	return l.Close()
}
