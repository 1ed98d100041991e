package dir

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// TestFolderExchanged has a folder moved away, and another put in its place,
// while a file is in the Sink: what was moved away is not touched any more, and
// what is there now is what counts.
func TestFolderExchanged(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders of open files are not renamed there")
	}
	tests := []struct {
		name, folder           string
		stored, away, in, done []string
	}{
		{"to take from", "in/sub", []string{"sub/1.pdf", "sub/2.pdf", "sub/3.pdf"},
			[]string{"3.pdf", "4.pdf"}, []string{"sub/new.pdf"}, []string{"sub/1.pdf", "sub/2.pdf"}},
		{"to put into", "done/sub", []string{"sub/1.pdf", "sub/2.pdf", "sub/3.pdf", "sub/4.pdf"},
			[]string{"1.pdf", "2.pdf"}, nil, []string{"sub/3.pdf", "sub/4.pdf", "sub/new.pdf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			put(t, base, "in/sub/1.pdf", "in/sub/2.pdf", "in/sub/3.pdf", "in/sub/4.pdf")
			k := &keeper{answer: func(p *launcher.Parcel) error {
				if p.Origin == "sub/3.pdf" {
					rename(t, filepath.Join(base, tt.folder), filepath.Join(base, "away"))
					put(t, base, tt.folder+"/new.pdf")
				}
				return nil
			}}
			src := &Source{Path: filepath.Join(base, "in"), Recursive: true, Parallel: 1, Done: "../done"}
			if err := src.Poll(t.Context(), k); err != nil {
				t.Error(err)
			}
			equal(t, "stored", k.names, tt.stored)
			equal(t, "in the folder that was moved away", tree(t, filepath.Join(base, "away")), tt.away)
			equal(t, "in place", tree(t, filepath.Join(base, "in")), tt.in)
			equal(t, "in Done", tree(t, filepath.Join(base, "done")), tt.done)
		})
	}
}

// TestFewFoldersAreOpen counts what the process has open during a pass over many
// folders, and after it.
func TestFewFoldersAreOpen(t *testing.T) {
	open := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("cannot be counted here:", err)
		}
		return len(fds)
	}
	in := filepath.Join(t.TempDir(), "in")
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("%d/a.pdf", i%50), fmt.Sprintf("%d/b.pdf", i))
	}
	put(t, in, names...)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close what was forgotten
	before, most := open(), 0
	k := &keeper{answer: func(*launcher.Parcel) error { most = max(most, open()); return nil }}
	src := &Source{Path: in, Recursive: true, Done: "../done", Parallel: 1}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Error(err)
	}
	if few := before + 10; most > few {
		t.Errorf("%d files and folders were open in a pass over 100 folders, want no more than %d", most, few)
	}
	if after := open(); after != before {
		t.Errorf("%d files and folders are open after the pass, %d were before it", after, before)
	}
}
