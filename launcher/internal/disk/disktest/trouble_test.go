package disktest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

func TestEachStrikesOnce(t *testing.T) {
	want := map[Kind]string{ // what is there after the trouble at each operation: open, mkdir, create, write, close
		Refuse: "[] [b=12] [a] [a b=] [a b=12]",
		Report: "[] [a b=12] [a b=] [a b=12] [a b=12]",
		Short:  "[] [b=12] [a] [a b=1] [a b=12]",
		Kill:   "[] [] [a] [a b=] [a b=12]",
	}
	got := make(map[Kind][]string)
	for _, kind := range []Kind{Refuse, Report, Short, Kill} {
		for at := range 5 {
			tr := &Trouble{At: at, Kind: kind}
			dir := t.TempDir()
			if err := write(tr, dir); !disk.IsFault(err) || !tr.Struck() {
				t.Errorf("%v: %v, want a fault", tr, err)
			}
			got[kind] = append(got[kind], tree(t, dir))
		}
		if s := strings.Join(got[kind], " "); s != want[kind] {
			t.Errorf("an operation %s: left %s, want %s", kind, s, want[kind])
		}
	}
	Each(t, 5, func(t *testing.T, tr *Trouble) {
		if err := write(tr, t.TempDir()); (err != nil) != tr.Struck() {
			t.Errorf("%v: %v, want an error if it struck: %v", tr, err, tr.Struck())
		}
	})
}

// write makes a folder and, whatever became of that, a file.
func write(tr *Trouble, dir string) error {
	d, err := tr.Open(dir, false)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Mkdir("a")
	f, errCreate := d.Create("b")
	if errCreate != nil {
		return errors.Join(err, errCreate)
	}
	_, errWrite := f.Write([]byte("12"))
	return errors.Join(err, errWrite, f.Close())
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if b, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
			names = append(names, fmt.Sprintf("%s=%s", e.Name(), b))
		} else {
			names = append(names, e.Name())
		}
	}
	return fmt.Sprint(names)
}
