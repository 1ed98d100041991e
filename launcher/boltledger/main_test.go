package boltledger_test

import (
	"os"
	"testing"
)

// childFile names the ledger that a test binary started by a test works on.
// On fullFile, it works until that may not grow any more.
const (
	childFile = "BOLTLEDGER_TEST_CHILD_FILE"
	fullFile  = "BOLTLEDGER_TEST_FULL_FILE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		os.Exit(child(path))
	}
	if path := os.Getenv(fullFile); path != "" {
		os.Exit(fillDisk(path))
	}
	os.Exit(m.Run())
}
