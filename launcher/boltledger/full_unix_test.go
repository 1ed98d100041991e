//go:build unix

package boltledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
)

// A limit on the size of files stands for a full disk. It is one of the whole
// process, so a child meets it.
func TestFullDisk(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fullFile+"="+filepath.Join(t.TempDir(), "ledger.db"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func fillDisk(path string) int {
	if err := tryFullDisk(path); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func tryFullDisk(path string) error {
	signal.Ignore(syscall.SIGXFSZ) // a write is an error then, not the end
	l, err := boltledger.Open(path)
	if err != nil {
		return err
	}
	defer l.Close()
	var former syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &former); err != nil {
		return err
	}
	limited := former
	limited.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		return err
	}
	ctx, saved := context.Background(), 0
	for ; saved < 1000; saved++ {
		if err := l.Save(ctx, fullEntry(saved)); err != nil {
			break
		}
	}
	if saved == 0 || saved == 1000 {
		return fmt.Errorf("%d saves, want some, and then an error", saved)
	}
	if err := l.Save(ctx, fullEntry(saved)); err == nil {
		return errors.New("a Save that has no space returned nil")
	}
	if err := holdsAll(l, saved); err != nil {
		return fmt.Errorf("while the disk is full: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &former); err != nil {
		return err
	}
	if err := l.Save(ctx, fullEntry(saved)); err != nil {
		return fmt.Errorf("once there is space again: %w", err)
	}
	if err := l.Close(); err != nil {
		return err
	}
	again, err := boltledger.Open(path)
	if err != nil {
		return fmt.Errorf("opened again: %w", err)
	}
	defer again.Close()
	return holdsAll(again, saved+1)
}

func fullEntry(i int) launcher.Entry {
	return launcher.Entry{ID: fmt.Sprint("a/", i), Launcher: "a", State: launcher.Stored, Origin: strings.Repeat("x", 8000)}
}

func holdsAll(l *boltledger.Ledger, saved int) error {
	for i := range saved {
		e, err := l.Load(context.Background(), fmt.Sprint("a/", i))
		if err != nil || e.State != launcher.Stored {
			return fmt.Errorf("entry %d of %d is %v, %v; want what Save returned nil for", i, saved, e.State, err)
		}
	}
	return nil
}
