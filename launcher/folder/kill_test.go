package folder

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// Environment of a process that is to be killed.
const (
	killDir   = "COLDLAUNCHER_FOLDER_KILL" // the Sink's Path
	killLoose = "COLDLAUNCHER_FOLDER_LOOSE"
)

const killRounds, killParcels = 25, 400

// killedParcel returns the n-th parcel: three documents, two under a name that
// all parcels share, of sizes that take several writes.
func killedParcel(n int) *launcher.Parcel {
	var docs []string
	for i, name := range []string{"scan.pdf", "scan.pdf", fmt.Sprintf("scan-%d.xml", n)} {
		docs = append(docs, name, killedBody(n, i))
	}
	p := parcelOf(fmt.Sprintf("killed/%d", n), docs...)
	p.Job = "87"
	return p
}

func killedBody(n, i int) string {
	head := fmt.Sprintf("document %d of parcel %d\n", i, n)
	return head + strings.Repeat(head, 1000*i) + "end\n"
}

// TestKilledChild is the process that TestSurvivesKills kills: it stores the
// parcels that it reads from its input, four at a time, and tells of each when
// Store has returned.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("runs only as a child of TestSurvivesKills")
	}
	s := &Sink{Path: dir, Loose: os.Getenv(killLoose) != "", ByJob: true}
	work := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range work {
				if err := s.Store(t.Context(), killedParcel(n)); err != nil {
					fmt.Printf("failed %d %q\n", n, err)
					continue
				}
				fmt.Printf("stored %d\n", n)
			}
		})
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var n int
		if _, err := fmt.Sscan(in.Text(), &n); err != nil {
			t.Fatal(err)
		}
		work <- n
	}
	close(work)
	wg.Wait()
}

func TestSurvivesKills(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, loose := range []bool{false, true} {
		t.Run(fmt.Sprint("loose ", loose), func(t *testing.T) {
			t.Parallel()
			k := &killing{t: t, dir: filepath.Join(t.TempDir(), "out"), loose: loose, stored: make(map[int]bool), seen: make(map[string]int)}
			killed := 0
			for range killRounds {
				if k.round(time.Duration(rand.IntN(int(60 * time.Millisecond)))) {
					killed++
				}
				k.check()
			}
			if killed < killRounds/2 {
				t.Errorf("%d of %d processes were killed, want most", killed, killRounds)
			}
			k.finish()
		})
	}
}

// A killing is one store and what is known of it from outside.
type killing struct {
	t      *testing.T
	dir    string
	loose  bool
	next   int            // the first parcel that was never offered
	stored map[int]bool   // parcels of which Store returned nil
	seen   map[string]int // how often a body was found, and consumed if loose
}

// round starts a process, offers it parcels, kills it when it has stored one
// and the time is over, and reports whether it was still at work.
func (k *killing) round(after time.Duration) bool {
	cmd := exec.CommandContext(k.t.Context(), os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
	cmd.Env = append(os.Environ(), killDir+"="+k.dir)
	if k.loose {
		cmd.Env = append(cmd.Env, killLoose+"=1")
	}
	var offer []int
	for n := max(0, k.next-6); n < k.next+killParcels; n++ { // also some that are stored
		offer = append(offer, n)
	}
	cmd.Stdin = strings.NewReader(strings.Trim(strings.ReplaceAll(fmt.Sprint(offer), " ", "\n"), "[]"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	var timer *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n int
		switch text := lines.Text(); {
		case strings.HasPrefix(text, "failed "):
			k.t.Errorf("a child that was started after a kill: %s", text)
		case strings.HasPrefix(text, "stored "):
			fmt.Sscanf(text, "stored %d", &n)
			k.stored[n] = true
			k.next = max(k.next, n+1)
			if timer == nil {
				timer = time.AfterFunc(after, func() { cmd.Process.Kill() })
			}
		}
	}
	err = cmd.Wait()
	if timer == nil {
		k.t.Fatalf("the child stored nothing: %v", err)
	}
	timer.Stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		k.t.Fatal(err)
	}
	k.next += 4 // what may have been begun
	return err != nil
}

// check looks at what a user of the store finds now: every file is complete.
// In a waiting directory it consumes about half of them.
func (k *killing) check() {
	k.t.Helper()
	files, err := visible(k.dir)
	if err != nil {
		k.t.Fatal(err)
	}
	for name, body := range files {
		if !strings.HasSuffix(body, "end\n") {
			k.t.Errorf("%s is half a file: %d bytes", name, len(body))
		}
		if !k.loose || rand.IntN(2) == 0 {
			continue
		}
		if err := os.Remove(filepath.Join(k.dir, filepath.FromSlash(name))); err != nil {
			k.t.Fatal(err)
		}
		k.seen[body]++
	}
	if !k.loose {
		if err := checkParcels(filepath.Join(k.dir, "87")); err != nil {
			k.t.Errorf("half a parcel is visible: %v", err)
		}
	}
}

// finish stores everything that may have been begun, and checks that each
// document is there once.
func (k *killing) finish() {
	k.t.Helper()
	s := &Sink{Path: k.dir, Loose: k.loose, ByJob: true}
	for n := range k.next {
		p := killedParcel(n)
		if k.stored[n] {
			p.Documents = unread(k.t, p.ID).Documents
		}
		mustStore(k.t, s, p)
	}
	for _, body := range mustSee(k.t, k.dir) {
		k.seen[body]++
	}
	for n := range k.next {
		for i := range 3 {
			if got := k.seen[killedBody(n, i)]; got != 1 {
				k.t.Errorf("document %d of parcel %d, of which Store had returned nil: %v, was kept %d times, want once", i, n, k.stored[n], got)
			}
			delete(k.seen, killedBody(n, i))
		}
	}
	if len(k.seen) > 0 {
		k.t.Errorf("%d files are there that nobody stored", len(k.seen))
	}
	if left := underWay(k.t, k.dir); len(left) > 0 {
		k.t.Errorf("left behind: %v", left)
	}
	k.t.Logf("%d parcels, %d acknowledged by a process that was killed", k.next, len(k.stored))
}
