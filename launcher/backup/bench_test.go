package backup

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// What a copy costs, with all that makes it durable, and what a parcel costs
// that was copied before.
func BenchmarkPoll(b *testing.B) {
	for _, keep := range []bool{false, true} {
		b.Run(fmt.Sprint("copied before ", keep), func(b *testing.B) {
			s := launchertest.Script{Keep: keep}
			src := &Source{From: &s, Path: filepath.Join(b.TempDir(), "copies")}
			doc := launchertest.File("a.pdf", strings.Repeat("x", 100<<10))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if !keep || i == 0 {
					s.Add(fmt.Sprint(i), doc)
				}
				s.Forget()
				if err := src.Poll(b.Context(), new(launchertest.Recorder)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
