package launchertest_test

import (
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestMemoryLedger(t *testing.T) {
	launchertest.TestLedger(t, func(*testing.T, string) launchertest.OpenLedger {
		return launchertest.OpenLedger{Ledger: new(launcher.MemoryLedger)}
	})
}
