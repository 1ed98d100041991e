package adullact

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writerEnv tells this program to write a deposit: its name, the directory of
// the yard and the first step, joined by "|".
const writerEnv = "COLD_TEST_WRITER"

// TestWriter is the process that writes a deposit, step by step, each when it
// reads a line; it is started by TestKilledWriter.
func TestWriter(t *testing.T) {
	name, rest, ok := strings.Cut(os.Getenv(writerEnv), "|")
	if !ok {
		t.Skip("started by TestKilledWriter")
	}
	root, from, _ := strings.Cut(rest, "|")
	deposits := slowDeposits(t)
	i := slices.IndexFunc(deposits, func(d slowDeposit) bool { return d.name == name })
	first, err := strconv.Atoi(from)
	if i < 0 || err != nil {
		t.Fatalf("deposit %q, step %q: there are none", name, from)
	}
	y := &yard{t: t, root: root}
	lines := bufio.NewScanner(os.Stdin)
	for _, s := range deposits[i].steps[first:] {
		if !lines.Scan() {
			t.Fatal("nobody asks for the next step")
		}
		y.now = time.Now()
		s(y)
		fmt.Println("written")
	}
}

// A writer is a process that writes a deposit.
type writer struct {
	t       *testing.T
	cmd     *exec.Cmd
	ask     io.Writer
	answers *bufio.Scanner
}

func startWriter(t *testing.T, d slowDeposit, y *yard, from int) *writer {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriter$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%s|%d", writerEnv, d.name, y.root, from))
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &writer{t, cmd, ask, bufio.NewScanner(out)}
}

// step has one step written.
func (w *writer) step() {
	w.t.Helper()
	fmt.Fprintln(w.ask)
	for w.answers.Scan() {
		if w.answers.Text() == "written" {
			return
		}
	}
	w.t.Fatal("the writer ended before it had written")
}

func (w *writer) kill() {
	w.t.Helper()
	w.cmd.Process.Kill()
	w.cmd.Wait()
}

// A deposit that another process writes, killed at any step and resumed by the
// next one later, is taken once, whole, never early and never lost.
func TestKilledWriter(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	for _, d := range slowDeposits(t) {
		t.Run(d.name, func(t *testing.T) {
			for killed := 0; killed < len(d.steps); killed += killEvery {
				y := newYard(t)
				y.now = time.Now() // that of the files
				d.with(y.src)
				w := startWriter(t, d, y, 0)
				for i := range d.steps {
					w.step()
					y.pass(15 * time.Second)
					if i == killed {
						w.kill()
						for range 5 {
							y.pass(9 * time.Minute)
						}
						w = startWriter(t, d, y, i+1)
					}
					if n := len(y.rec.Kept()); n > 0 && i < d.early {
						t.Fatalf("killed after step %d: taken after step %d already, %q", killed, i, y.rec.Names())
					}
				}
				w.kill()
				y.taken(fmt.Sprintf("killed after step %d", killed))
			}
		})
	}
}
