package folder

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
)

// hostileNames returns names as outsiders choose them, not made safe.
func hostileNames() []string {
	names := []string{
		// out of the folder
		"..", "../x", "../../../../../../etc/passwd", "..\\x", "a/../../x", "./../x", ".../x", "..;/x", "....//x", "%2e%2e%2fx", "%2e%2e/x",
		"..%c0%afx", "\u2025/x", "\uff0e\uff0e/x", "\uff0e\uff0e\uff0fx", "a\u2215..\u2215x", "x/..", "..\x00/x", "../\x00x", "a/b/c/../../../../x",
		// from the root
		"/", "//", "/etc/shadow", "//server/share/x", `\\server\share\x`, `\\?\C:\x`, `\\.\PhysicalDrive0`, `C:\x`, "C:x", "C:", "c:/x", "file:///etc/passwd", "~", "~root/x",
		// ours
		".", "", hidden, hidden + "/staging", "manifest.json", "MANIFEST.JSON", "manifest.json.", "manifest.json ", "manifest.json/x", "lock", "stored", "1", "2",
		// not a file on some systems
		"CON", "con.pdf", "PRN", "AUX", "NUL", "nul.tar.gz", "COM1", "COM¹", "LPT9.txt", "CONIN$", "CLOCK$", "x.", "x ", " x", "x. . .", "x:stream", "x::$DATA", ":", "a<b", "a>b", `a"b`, "a|b", "a?b", "a*b",
		// not what they seem
		"\u202egpj.exe", "a\u200bb", "\ufeffx", "a\u00adb", "\u2028x", "x\ty", "x\ny", "x\r\ny", "\x1b]0;x\x07", "\x7f", "\x00", "\x00.pdf", "\xff", "\xc0\xae\xc0\xae/x", "\xed\xa0\x80", "\ufffd", "\U0010ffff",
		// long, or nothing but marks
		strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("x", 5000), strings.Repeat("é", 128) + ".pdf", strings.Repeat("日", 100), "x." + strings.Repeat("y", 300),
		strings.Repeat("../", 100) + "x", strings.Repeat("a/", 2000) + "x", strings.Repeat(".", 300), strings.Repeat(" ", 300), "e\u0301.pdf", "é.pdf", "\u0301", "😀", "-rf", "--help", "$(id)", "`id`", "a;b", "a&b", "%s%n", "*",
	}
	return names
}

func TestHostileNamesStayInside(t *testing.T) {
	names := hostileNames()
	if len(names) < 100 {
		t.Fatalf("%d names, want at least 100", len(names))
	}
	tests := []struct {
		name  string
		loose bool
		make  func(i int, name string) *launcher.Parcel
	}{
		{"document, in a parcel's directory", false, func(i int, name string) *launcher.Parcel {
			return parcelOf(fmt.Sprint("x/", i), name, "body", name, "body")
		}},
		{"document, loose", true, func(i int, name string) *launcher.Parcel {
			return parcelOf(fmt.Sprint("x/", i), name, "body", name, "body")
		}},
		{"folder", false, func(i int, name string) *launcher.Parcel {
			p := parcelOf(fmt.Sprint("x/", i), "a", "body", "b", "body")
			docs, _ := p.Documents(context.Background())
			docs[0].Dir = name
			return p
		}},
		{"job", false, func(i int, name string) *launcher.Parcel {
			p := parcelOf(fmt.Sprint("x/", i), "a", "body", "b", "body")
			p.Job = name
			return p
		}},
		{"job, loose", true, func(i int, name string) *launcher.Parcel {
			p := parcelOf(fmt.Sprint("x/", i), "a", "body", "b", "body")
			p.Job = name
			return p
		}},
		{"ID", false, func(i int, name string) *launcher.Parcel {
			return parcelOf(fmt.Sprintf("%+q#%d", name, i), "a", "body", "b", "body")
		}},
		{"ID, loose", true, func(i int, name string) *launcher.Parcel {
			return parcelOf(fmt.Sprintf("%+q#%d", name, i), "a", "body", "b", "body")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			around := t.TempDir()
			dir := filepath.Join(around, "a", "b", "out")
			if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
				t.Fatal(err)
			}
			s := &Sink{Path: dir, Loose: tt.loose, ByJob: true, open: disktest.Calm}
			for i, name := range names {
				if err := s.Store(t.Context(), tt.make(i, name)); err != nil {
					t.Errorf("%.60q: Store = %v, want nil", name, err)
				}
			}
			if got := bodies(mustSee(t, dir)); len(got) != 2*len(names) || slices.Max(got) != "body" || slices.Min(got) != "body" {
				t.Errorf("kept %d documents, want %d", len(got), 2*len(names))
			}
			checkInside(t, around, dir)
		})
	}
}

// checkInside checks that in around there is only dir, and in dir no name that
// could mislead anyone.
func checkInside(t *testing.T, around, dir string) {
	t.Helper()
	err := filepath.WalkDir(around, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == filepath.Join(dir, hidden) {
			return fs.SkipDir
		}
		if !strings.HasPrefix(name, dir) && !strings.HasPrefix(dir, name) {
			t.Errorf("%q is outside of the root", name)
		}
		base := filepath.Base(name)
		if len(base) > 220 || !utf8.ValidString(base) || strings.ContainsAny(base, "\\:\x00\n\x1b\u202e") {
			t.Errorf("%q was let through", base)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzNamesStayInside(f *testing.F) {
	for i, name := range hostileNames() {
		f.Add(name, name, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, name, job string, loose bool) {
		around := t.TempDir()
		dir := filepath.Join(around, "out")
		p := parcelOf(fmt.Sprintf("x/%+q", job), name, "body", strings.ToUpper(name), "body")
		p.Job = job
		s := &Sink{Path: dir, Loose: loose, ByJob: true, open: disktest.Calm}
		mustStore(t, s, p)
		p.Documents = unread(t, p.ID).Documents
		mustStore(t, s, p)
		if got := bodies(mustSee(t, dir)); !slices.Equal(got, []string{"body", "body"}) {
			t.Errorf("name %q, job %q: kept %q, want both", name, job, got)
		}
		checkInside(t, around, dir)
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"id":"x/1","files":[]}`))
	f.Add([]byte(`{"id":1}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, manifest []byte) {
		dir := t.TempDir()
		in := filepath.Join(dir, dirName("x/1"))
		if err := os.Mkdir(in, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(in, manifestName), manifest, 0o600); err != nil {
			t.Fatal(err)
		}
		err := (&Sink{Path: dir, open: disktest.Calm}).Store(t.Context(), unread(t, "x/1"))
		if launcher.OutcomeOf(err) == launcher.Stop {
			t.Errorf("a directory that holds %q in the way: %v, want an error that concerns this parcel alone", manifest, err)
		}
	})
}
