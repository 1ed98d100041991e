// Command crashloop kills a launcher with SIGKILL, again and again, while it
// moves files from a directory to a folder Sink with a durable ledger, and then
// counts what was lost and what was handed over twice:
//
//	go run ./launcher/launchertest/crashloop -kills 100 -files 2000
//
// First it kills at each step of a small pass in turn: before and after every
// change of the ledger, every Store and every answer to the Source. Then it
// kills at random moments. It exits with 1 if anything was lost or doubled.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

func main() {
	kills := flag.Int("kills", 100, "how often to kill at random moments")
	files := flag.Int("files", 2000, "how many files to hand over meanwhile")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random moments")
	child := flag.String("child", "", "directory to work in (the command starts itself with it)")
	step := flag.Int("step", -1, "step at which the child kills itself; -1: none")
	flag.Parse()
	err := run(*child, *step, *kills, *files, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crashloop:", err)
		os.Exit(1)
	}
}

func run(child string, step, kills, files int, seed uint64) error {
	if child != "" {
		return work(child, step)
	}
	var all report
	err := steps(&all)
	if err == nil {
		err = moments(&all, kills, files, rand.New(rand.NewPCG(seed, 0)))
	}
	if err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	if all.lost+all.doubled+all.altered > 0 {
		return fmt.Errorf("seed %d: promise broken", seed)
	}
	return nil
}

// A report adds up what became of files.
type report struct{ kills, handed, lost, doubled, altered int }

func (r *report) add(s report) {
	r.kills += s.kills
	r.handed += s.handed
	r.lost += s.lost
	r.doubled += s.doubled
	r.altered += s.altered
}

func (r report) print(what string, took time.Duration) {
	fmt.Printf("%-24s %5d kills  %5d files  lost %d  doubled %d  altered %d  (%.1f s)\n",
		what, r.kills, r.handed, r.lost, r.doubled, r.altered, took.Seconds())
}

// steps kills at the first step of a pass over three files, then at the
// second, and so on until a pass survives.
func steps(all *report) error {
	begun := time.Now()
	var sum report
	for n := 0; ; n++ {
		r, killed, err := oneStep(n)
		if err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		sum.add(r)
		if !killed {
			break
		}
		sum.kills++
	}
	sum.print("at every step", time.Since(begun))
	all.add(sum)
	return nil
}

func oneStep(n int) (r report, killed bool, err error) {
	root, err := os.MkdirTemp("", "crashloop")
	if err != nil {
		return report{}, false, err
	}
	defer os.RemoveAll(root)
	want, err := fill(root, 0, 3)
	if err != nil {
		return report{}, false, err
	}
	survived, err := start(root, n, nil)
	if err != nil {
		return report{}, false, err
	}
	r, err = finish(root, want)
	return r, !survived, err
}

// moments kills at random moments, and adds files when the child has moved
// them all before it was killed often enough.
func moments(all *report, kills, files int, rnd *rand.Rand) error {
	root, err := os.MkdirTemp("", "crashloop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	begun := time.Now()
	want, err := fill(root, 0, files)
	if err != nil {
		return err
	}
	var sum report
	for sum.kills < kills {
		after := time.Duration(rnd.Int64N(int64(60 * time.Millisecond)))
		survived, err := start(root, -1, func(kill func()) {
			time.Sleep(after) // a random moment of its work, not a condition
			kill()
		})
		if err != nil {
			return err
		}
		if !survived {
			sum.kills++
			continue
		}
		more, err := fill(root, len(want), files)
		if err != nil {
			return err
		}
		for name, hash := range more {
			want[name] = hash
		}
	}
	r, err := finish(root, want)
	if err != nil {
		return err
	}
	sum.add(r)
	sum.print("at random moments", time.Since(begun))
	all.add(sum)
	return nil
}

// fill puts n files into the waiting directory of root and returns their
// hashes by name.
func fill(root string, first, n int) (map[string]string, error) {
	in := filepath.Join(root, "in")
	if err := os.MkdirAll(in, 0o755); err != nil {
		return nil, err
	}
	hashes := make(map[string]string, n)
	for i := range n {
		name := fmt.Sprintf("f%06d.txt", first+i)
		body := []byte(strings.Repeat(name, 1+(first+i)%200))
		sum := sha256.Sum256(body)
		hashes[name] = hex.EncodeToString(sum[:])
		if err := os.WriteFile(filepath.Join(in, name), body, 0o644); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// start runs a child until it has handed over everything, or dies. Once the
// child has begun, assassin is called with a function that kills it.
func start(root string, step int, assassin func(kill func())) (survived bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.Command(self, "-child", root, "-step", strconv.Itoa(step))
	var out strings.Builder
	cmd.Stderr = &out
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if line, err := bufio.NewReader(pipe).ReadString('\n'); err == nil && line == "begin\n" && assassin != nil {
		assassin(func() { cmd.Process.Kill() })
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &exit) && !exit.Exited():
		return false, nil // killed
	}
	return false, fmt.Errorf("%w: %s", err, out.String())
}

// finish lets a child end the work undisturbed and compares what the Sink and
// the origin hold with want.
func finish(root string, want map[string]string) (report, error) {
	if survived, err := start(root, -1, nil); err != nil || !survived {
		return report{}, errors.Join(errors.New("the last pass did not end well"), err)
	}
	kept := make(map[string][]string)
	out := filepath.Join(root, "out")
	err := filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && e.Name() == ".coldlauncher" {
			return fs.SkipDir
		}
		if e.IsDir() || e.Name() != "manifest.json" {
			return nil
		}
		return readManifest(path, kept)
	})
	if err != nil {
		return report{}, err
	}
	r := report{handed: len(want)}
	for name, hash := range want {
		switch hashes := kept[name]; {
		case len(hashes) == 0:
			r.lost++
		case len(hashes) > 1:
			r.doubled++
		case hashes[0] != hash:
			r.altered++
		}
		if _, err := os.Stat(filepath.Join(root, "done", name)); err != nil {
			return report{}, fmt.Errorf("not settled: %w", err)
		}
	}
	return r, nil
}

// readManifest adds the documents of one parcel, hashed anew, to kept.
func readManifest(path string, kept map[string][]string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m struct{ Files []struct{ Name string } }
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range m.Files {
		file, err := os.Open(filepath.Join(filepath.Dir(path), f.Name))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, file)
		file.Close()
		if err != nil {
			return err
		}
		kept[f.Name] = append(kept[f.Name], hex.EncodeToString(h.Sum(nil)))
	}
	return nil
}

// work is the child: one launcher, polled until nothing waits.
func work(root string, step int) (err error) {
	ledger, err := boltledger.Open(filepath.Join(root, "ledger"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	l := &launcher.Launcher{
		Name:    "crash",
		Source:  &dir.Source{Path: filepath.Join(root, "in"), Done: filepath.Join(root, "done")},
		Sink:    &folder.Sink{Path: filepath.Join(root, "out")},
		Ledger:  ledger,
		Observe: func(context.Context, launcher.Event) {},
	}
	if step >= 0 {
		c := launchertest.Crash(step)
		c.Died = func() {
			p, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = p.Kill()
			}
			if err != nil {
				panic(err)
			}
			select {} // until the signal has come
		}
		l.Source, l.Sink, l.Ledger = c.Source(l.Source), c.Sink(l.Sink), c.Ledger(l.Ledger)
	}
	fmt.Println("begin")
	for {
		stats, err := l.Poll(context.Background())
		if err != nil {
			return err
		}
		if stats.Offered == 0 {
			return nil
		}
	}
}
