package mailtest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// orphanEnv has TestServerOfAKilledProcess play the process that is killed.
const orphanEnv = "COLD_TEST_ORPHAN"

// A server ends with the process that started it, also if that is killed.
func TestServerOfAKilledProcess(t *testing.T) {
	server := mailtest.Dovecot(t, "alice")
	if os.Getenv(orphanEnv) != "" {
		fmt.Printf("\nserver %s\n", server.IMAP)
		io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerOfAKilledProcess$")
	cmd.Env = append(os.Environ(), orphanEnv+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := ""
	for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
		fmt.Sscanf(lines.Text(), "server %s", &addr)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if addr == "" {
		t.Fatal("the process started no server")
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
		if time.Now().After(until) {
			t.Fatalf("the server still listens on %s", addr)
		}
	}
}
