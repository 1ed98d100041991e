package spool

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// Every operation on the temporary file fails once, in turn: the body that
// needs it gets an error that blames the disk, bodies that were kept before
// stay as they are, and the next attempt goes well. Nothing is left behind.
func TestEveryOperationMayFail(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EACCES} {
		n := 0
		for spoolInTrouble(t, n, cause) {
			n++
		}
		if n < 8 {
			t.Errorf("%v: struck %d operations, want every one of two bodies", cause, n)
		}
	}
}

func spoolInTrouble(t *testing.T, at int, cause error) (struck bool) {
	dir := t.TempDir()
	p := &Pool{Dir: dir, PerBody: -1}
	count, what := 0, ""
	p.disk.before = func(op string) error {
		if count++; count-1 == at {
			what = op
			return cause
		}
		return nil
	}
	bodies := [][]byte{content(100_000, 1), content(200_000, 2)}
	for try := range 2 {
		if try > 0 {
			p.disk.before = nil
		}
		for i, want := range bodies {
			err := spoolOnce(t, p, want)
			if err == nil {
				continue
			}
			if !errors.Is(err, cause) || try > 0 {
				t.Errorf("%s fails with %v: body %d: %v", what, cause, i, err)
			}
			if launcher.OutcomeOf(err) != launcher.Stop && what != "close" {
				t.Errorf("%s fails: %v, want an error marked Halt", what, err)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%s failed: %v is left, %v", what, left, err)
	}
	return what != ""
}

// spoolOnce keeps a body, reads it and lets go of it.
func spoolOnce(t *testing.T, p *Pool, want []byte) (err error) {
	t.Helper()
	body, err := p.Read(t.Context(), bytes.NewReader(want))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	r, err := body.Open(t.Context())
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, want) {
		t.Errorf("the body read is not the one kept")
	}
	return err
}
