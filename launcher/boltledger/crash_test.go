package boltledger_test

import (
	"bufio"
	"context"
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
	"github.com/ezged/coldlauncher/launcher/boltledger"
)

const (
	crashes     = 25
	crashSavers = 4
	crashBatch  = 3 // entries of one Save
)

// child saves batches, each under a name of its own, and deletes some, until it
// is killed. It says "saved NAME" and "deleted NAME" once the call returned,
// and "deleting NAME" before.
func child(path string) int {
	l, err := boltledger.Open(path)
	if errors.Is(err, boltledger.ErrInUse) {
		fmt.Println("in use")
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for i := range crashSavers {
		wg.Go(func() {
			for n := 0; err == nil; n++ {
				err := saveBatch(l, fmt.Sprintf("%d-%d-%d", os.Getpid(), i, n), n)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		})
	}
	wg.Wait()
	return 0
}

func saveBatch(l *boltledger.Ledger, name string, n int) error {
	ctx := context.Background()
	if err := l.Save(ctx, crashEntries(name)...); err != nil {
		return err
	}
	fmt.Printf("saved %s\n", name)
	if n%3 != 0 {
		return nil
	}
	fmt.Printf("deleting %s\n", name)
	if err := l.Delete(ctx, "a/"+name); err != nil {
		return err
	}
	fmt.Printf("deleted %s\n", name)
	return nil
}

// crashEntries returns a parcel and its parts.
func crashEntries(name string) []launcher.Entry {
	parcel := launcher.Entry{ID: "a/" + name, Launcher: "a", State: launcher.Stored, Origin: strings.Repeat(name, 20)}
	entries := []launcher.Entry{parcel}
	for i := 1; i < crashBatch; i++ {
		part := parcel
		part.ID, part.Of = fmt.Sprintf("%s.%d", parcel.ID, i), parcel.ID
		entries = append(entries, part)
	}
	return entries
}

func TestKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	said := make(map[string]string) // the last word on each batch
	total := 0
	for round := range crashes {
		words := runChild(t, path, rand.IntN(60), time.Duration(rand.IntN(3000))*time.Microsecond)
		for _, line := range words {
			word, name, _ := strings.Cut(line, " ")
			said[name] = word
		}
		total += len(words)
		checkCrashed(t, path, said)
		if t.Failed() {
			t.Fatalf("after kill %d", round+1)
		}
	}
	t.Logf("%d kills, %d acknowledgements, %d batches", crashes, total, len(said))
}

// runChild starts a child, kills it a while after it said so many lines, and
// returns them and those that it still managed to say.
func runChild(t *testing.T, path string, lines int, while time.Duration) []string {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	s := bufio.NewScanner(out)
	for len(said) < lines && s.Scan() {
		said = append(said, s.Text())
	}
	time.Sleep(while) // the moment of the kill
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("the child ended by itself: %v", err)
	}
	for s.Scan() {
		said = append(said, s.Text())
	}
	cmd.Wait() // fails, as it was killed
	return said
}

func checkCrashed(t *testing.T, path string, said map[string]string) {
	l, err := boltledger.Open(path)
	if err != nil {
		t.Fatalf("after a kill the ledger must open: %v", err)
	}
	defer l.Close()
	found := make(map[string]int)
	err = l.Walk(t.Context(), "a", func(e launcher.Entry) error {
		name, _, _ := strings.Cut(strings.TrimPrefix(e.ID, "a/"), ".")
		found[name]++
		return nil
	})
	if err != nil {
		t.Errorf("after a kill every entry must be readable: %v", err)
	}
	for name, n := range found {
		if n != crashBatch {
			t.Errorf("batch %s: %d entries of %d, want all or none", name, n, crashBatch)
		}
	}
	for name, word := range said {
		switch {
		case word == "saved" && found[name] == 0:
			t.Errorf("batch %s: Save returned nil, then the entries were gone", name)
		case word == "deleted" && found[name] > 0:
			t.Errorf("batch %s: Delete returned nil, then the entries were there again", name)
		}
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := boltledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path)
	out, err := cmd.Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != "in use" {
		t.Errorf("a second process said %q, %v; want it to be told that the file is in use", got, err)
	}
}
