package boltledger_test

import (
	"os"
	"testing"
)

// childFile names the ledger that a test binary started by a test works on.
const childFile = "BOLTLEDGER_TEST_CHILD_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}
