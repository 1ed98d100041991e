package pop3

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher/spool"
)

// TestAsideIsDurable: before keep says that a mail is there, the names of its
// file and of every folder that was made for it are, whichever sync fails first.
func TestAsideIsDurable(t *testing.T) {
	for fails := range 5 {
		top := t.TempDir()
		var pool spool.Pool
		n, synced := 0, []string(nil)
		a := &aside{folder: filepath.Join(top, "a", "b", "c"), sync: func(path string) error {
			if n++; n-1 == fails {
				return errors.New("no disk")
			}
			synced = append(synced, path)
			return syncFolder(path)
		}}
		want := []string{top, filepath.Join(top, "a"), filepath.Join(top, "a", "b"), a.folder}
		bodies := 0
		body := func() (*spool.Body, error) {
			bodies++
			w := pool.Create()
			if _, err := w.Write([]byte("x\r\n")); err != nil {
				return nil, err
			}
			return w.Commit()
		}
		_, err := a.keep("id", "x.eml", body)
		if (err != nil) != (fails < len(want)) {
			t.Fatalf("sync %d fails: keep: %v", fails, err)
		}
		if err != nil {
			if _, err := a.keep("id", "x.eml", body); err != nil {
				t.Fatal(err)
			}
		}
		for _, folder := range want {
			if !slices.Contains(synced, folder) {
				t.Errorf("sync %d fails: %q was not synced, only %q", fails, folder, synced)
			}
		}
		n, synced, bodies = fails+1, nil, 0
		if _, err := a.keep("id", "x.eml", body); err != nil || bodies != 0 || !slices.Equal(synced, want[3:]) {
			t.Errorf("once more: %v, %d bodies, synced %q; want the folder synced and nothing written", err, bodies, synced)
		}
	}
}
