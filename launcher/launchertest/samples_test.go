package launchertest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestSamples(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(root, "beside", "samples")
	inside := filepath.Join(root, "module", "some", "package")
	for _, dir := range []string{want, inside} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(inside)
	for _, name := range []string{want, filepath.Join("..", "beside", "samples")} {
		t.Setenv("COLD_SAMPLES", name)
		if got := launchertest.Samples(t); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	t.Setenv("COLD_SAMPLES", "")
	skipped := false
	t.Run("unset", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		launchertest.Samples(t)
	})
	if !skipped {
		t.Error("not skipped although COLD_SAMPLES is not set")
	}
}
