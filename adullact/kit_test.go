package adullact

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// Around a directory the Source keeps all rules of a Source, also for files
// that are no envelopes.
func TestSourceRules(t *testing.T) {
	launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
		in, out, rejected := t.TempDir(), t.TempDir(), t.TempDir()
		added := 0
		open := func() launcher.Source {
			return &Source{From: &dir.Source{Path: in, Done: out, Rejected: rejected}}
		}
		names := func(folder string) func(t *testing.T) []string {
			return func(t *testing.T) []string {
				entries, err := os.ReadDir(folder)
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, e := range entries {
					if !e.IsDir() {
						names = append(names, e.Name())
					}
				}
				return names
			}
		}
		return &launchertest.Origin{
			Source: open(),
			Add: func(t *testing.T, name string, body []byte) {
				full := filepath.Join(in, name)
				if err := os.WriteFile(full, body, 0o666); err != nil {
					t.Fatal(err)
				}
				added++
				at := time.Now().Add(time.Duration(added)*time.Second - time.Hour)
				if err := os.Chtimes(full, at, at); err != nil {
					t.Fatal(err)
				}
			},
			Waiting:  names(in),
			Rejected: names(rejected),
			Reopen:   func(*testing.T) launcher.Source { return open() },
			Break: func(t *testing.T) {
				if err := os.Rename(in, in+".gone"); err != nil {
					t.Fatal(err)
				}
			},
			Repair: func(t *testing.T) {
				if err := os.Rename(in+".gone", in); err != nil {
					t.Fatal(err)
				}
			},
			Faulty: func(t *testing.T) (launcher.Source, []string) {
				return &Source{Quiet: -7, Deadline: -7}, []string{"From", "Quiet", "Deadline"}
			},
		}
	})
}
