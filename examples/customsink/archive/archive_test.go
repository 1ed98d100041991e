package archive_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/examples/customsink/archive"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

func TestSink(t *testing.T) {
	launchertest.TestSink(t, func(t *testing.T) launchertest.Store {
		path := filepath.Join(t.TempDir(), "a #1?.db")
		db := open(t, path)
		return launchertest.Store{
			Sink: db,
			Kept: func() (bodies []string, err error) {
				err = db.Bodies(t.Context(), func(_ string, body []byte) error {
					bodies = append(bodies, string(body))
					return nil
				})
				return bodies, err
			},
			Reopen: func() (launcher.Sink, error) {
				err := db.Close()
				db = open(t, path)
				return db, err
			},
		}
	})
}

func open(t *testing.T, path string) *archive.DB {
	t.Helper()
	db, err := archive.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

const kills = 25

// A parcel that was kept is known by the database alone: the child below has no
// ledger, and the files stay where they are.
func TestExactlyOnceThroughKills(t *testing.T) {
	const files = 60
	in, database := t.TempDir(), filepath.Join(t.TempDir(), "test.db")
	want := make(map[string][32]byte)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range files {
		name, body := fmt.Sprintf("%02d.bin", i), make([]byte, random.IntN(600<<10))
		for j := range body {
			body[j] = byte(random.Uint32())
		}
		if err := os.WriteFile(filepath.Join(in, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
		want[name] = sha256.Sum256(body)
	}
	killed := 0
	for over := false; !over; {
		over = child(t, in, database, killed, random)
		if !over {
			killed++
		}
	}
	if killed < kills {
		t.Errorf("only %d of %d kills met a child at work: the test shows little", killed, kills)
	}
	db := open(t, database)
	err := db.Bodies(t.Context(), func(name string, body []byte) error {
		if sum, ok := want[name]; !ok || sum != sha256.Sum256(body) {
			t.Errorf("%q is kept twice, or is not what was in its file", name)
		}
		delete(want, name)
		return nil
	})
	if err != nil || len(want) > 0 {
		t.Errorf("after %d kills %d of %d files are missing: %v", killed, len(want), files, err)
	}
}

// child runs this program again as a launcher, and kills it at some moment
// after a parcel was stored. It reports whether the child came to its end.
func child(t *testing.T, in, database string, killed int, random *rand.Rand) (over bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "ARCHIVE_CHILD_IN="+in, "ARCHIVE_CHILD_DB="+database)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stores := 1 + random.IntN(4+2*killed) // those known from before count, too
	for said := bufio.NewScanner(out); said.Scan(); stores-- {
		if killed < kills && stores == 0 {
			time.AfterFunc(time.Duration(random.IntN(5000))*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	err = cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("the child failed: %v", err)
	}
	return err == nil
}

// TestMain is the child where it is told to be.
func TestMain(m *testing.M) {
	if in := os.Getenv("ARCHIVE_CHILD_IN"); in != "" {
		if err := launch(context.Background(), in, os.Getenv("ARCHIVE_CHILD_DB")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func launch(ctx context.Context, in, database string) error {
	db, err := archive.Open(ctx, database)
	if err != nil {
		return err
	}
	defer db.Close()
	l := &launcher.Launcher{
		Name:   "test",
		Source: &dir.Source{Path: in},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			fmt.Println("store")
			return db.Store(ctx, p)
		}),
		Observe: func(context.Context, launcher.Event) {},
	}
	_, err = l.Poll(ctx)
	return err
}
