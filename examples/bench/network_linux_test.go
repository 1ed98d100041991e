package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Where network namespaces may be made, the congestion control is that which is
// asked for, and the machine keeps its own.
func TestOwnNetwork(t *testing.T) {
	probe := exec.Command("true")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := probe.Run(); err != nil {
		t.Skipf("no network namespace can be made: %v", err)
	}
	was, err := os.ReadFile(congestionFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"reno", strings.TrimSpace(string(was))} {
		var out, log strings.Builder
		args := []string{"-rows", "launchers", "-idle", "100ms", "-congestion", name, "-dir", t.TempDir()}
		if err := run(t.Context(), args, &out, &log); err != nil || !strings.Contains(out.String(), "% of one core") {
			t.Errorf("%v, %q; want a row on launchers", err, out.String())
		}
		if first, _, _ := strings.Cut(log.String(), "\n"); !strings.HasSuffix(first, "TCP congestion control "+name) {
			t.Errorf("log begins with %q, want the congestion control %s", first, name)
		}
	}
	var log strings.Builder
	if err := run(t.Context(), []string{"-congestion", "none at all"}, &log, &log); err == nil || !strings.Contains(log.String(), congestionFile) {
		t.Errorf("a congestion control that does not exist: %v, %q; want an error that names %s", err, log.String(), congestionFile)
	}
	if is, err := os.ReadFile(congestionFile); err != nil || !bytes.Equal(is, was) {
		t.Errorf("the machine has %q now, %v; want %q, as it was", is, err, was)
	}
}
