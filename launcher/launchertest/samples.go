package launchertest

import (
	"os"
	"path/filepath"
	"testing"
)

// Samples returns the folder of sample documents that the environment variable
// COLD_SAMPLES names, and skips the test if it names none. A relative name counts
// from the folder of the test or the nearest one above in which it exists, so
// that one setting fits the packages of a whole module. A folder that is not
// there fails the test.
func Samples(t testing.TB) string {
	t.Helper()
	name := os.Getenv("COLD_SAMPLES")
	if name == "" {
		t.Skip("COLD_SAMPLES is not set: it names the folder of sample documents")
	}
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err != nil {
			t.Fatalf("COLD_SAMPLES: %v", err)
		}
		return name
	}
	above, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		folder := filepath.Join(above, name)
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
		next := filepath.Dir(above)
		if next == above {
			t.Fatalf("COLD_SAMPLES: there is no %q, neither here nor in a folder above", name)
		}
		above = next
	}
}
