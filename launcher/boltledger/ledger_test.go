package boltledger_test

import (
	"path/filepath"
	"testing"

	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestLedger(t *testing.T) {
	launchertest.TestLedger(t, func(t *testing.T, dir string) launchertest.OpenLedger {
		l, err := boltledger.Open(filepath.Join(dir, "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		return launchertest.OpenLedger{Ledger: l, Close: l.Close}
	})
}
