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
// asked for; where it cannot be had that is told, and the machine's serves. That
// stays as it was.
func TestOwnNetwork(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	probe := exec.Command("true")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := probe.Run(); err != nil {
		t.Skipf("no network namespace can be made: %v", err)
	}
	was, err := os.ReadFile(congestionFile)
	if err != nil {
		t.Fatal(err)
	}
	machine := strings.TrimSpace(string(was))
	for _, tt := range []struct{ ask, has, told string }{
		{"reno", "reno", ""},
		{machine, machine, ""},
		{"", machine, ""},
		{"none-such", machine, "not none-such: "},
	} {
		var out, log strings.Builder
		cmd := exec.Command(self, "-congestion", tt.ask, "-rows", "launchers", "-idle", "100ms", "-dir", t.TempDir())
		cmd.Stdout, cmd.Stderr = &out, &log
		if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "% of one core") {
			t.Errorf("-congestion %q: %v, %q; want a row on launchers", tt.ask, err, out.String())
		}
		first, rest, _ := strings.Cut(log.String(), "\n")
		if !strings.HasSuffix(first, "TCP congestion control "+tt.has) || strings.Contains(rest, "not ") != (tt.told != "") || !strings.HasPrefix(rest, tt.told) {
			t.Errorf("-congestion %q: the log begins with %q, want the congestion control %s and %q", tt.ask, log.String(), tt.has, tt.told)
		}
	}
	if is, err := os.ReadFile(congestionFile); err != nil || !bytes.Equal(is, was) {
		t.Errorf("the machine has %q now, %v; want %q, as it was", is, err, was)
	}
}
