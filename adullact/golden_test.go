package adullact

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest"
)

var update = flag.Bool("update", false, "write the JSON in testdata/golden")

// samples returns the folder of samples; the test is skipped without.
func samples(t *testing.T) string {
	t.Helper()
	dir := launchertest.Samples(t)
	return dir
}

// isDeposit reports whether a folder of the samples is one deposit.
func isDeposit(path string) bool {
	for _, glob := range []string{
		"actes/transactions/*", "pastell/actes/*", "pastell/chorus/*", "pastell/helios/*", "pastell/glaneur/*", "pastell/legacy/*",
	} {
		if ok, _ := filepath.Match(glob, path); ok {
			return true
		}
	}
	return false
}

// sampleInputs returns the deposits and files among the samples.
func sampleInputs(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		top, _, _ := strings.Cut(path, "/")
		switch {
		case path == ".":
		case !slices.Contains([]string{"actes", "helios", "chorus", "pastell"}, top):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.IsDir() && isDeposit(path):
			out = append(out, path)
			return fs.SkipDir
		case !e.IsDir() && e.Name() != "SOURCES.md":
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// decodeSample decodes a deposit or a file.
func decodeSample(t *testing.T, d *Decoder, root, path string) ([]*Envelope, error) {
	t.Helper()
	full := filepath.Join(root, filepath.FromSlash(path))
	info, err := os.Stat(full)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		return d.DecodeFS(t.Context(), os.DirFS(root), path)
	}
	f, err := os.Open(full)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return d.Decode(t.Context(), filepath.Base(full), f, info.Size())
}

// Every sample decodes to the JSON that was reviewed.
func TestSamples(t *testing.T) {
	root := samples(t)
	var d Decoder
	for _, path := range sampleInputs(t, root) {
		t.Run(path, func(t *testing.T) {
			envelopes, err := decodeSample(t, &d, root, path)
			if err != nil {
				t.Fatal(err)
			}
			got := jsonOf(t, envelopes)
			golden := filepath.Join("testdata", "golden", strings.NewReplacer("/", "~", " ", "_").Replace(path)+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("decoded to\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// jsonOf writes envelopes as JSON for people.
func jsonOf(t testing.TB, envelopes []*Envelope) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(envelopes); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What JSON holds is all that an envelope says: it can be read back.
func TestJSON(t *testing.T) {
	root := samples(t)
	for _, path := range sampleInputs(t, root) {
		envelopes, err := decodeSample(t, &Decoder{}, root, path)
		if err != nil {
			t.Fatal(err)
		}
		first := jsonOf(t, envelopes)
		var again []*Envelope
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if !bytes.Equal(jsonOf(t, again), first) {
			t.Errorf("%s: JSON that was read back is another", path)
		}
		if again[0].Kind != envelopes[0].Kind || again[0].Key != envelopes[0].Key || len(again[0].Files) != len(envelopes[0].Files) {
			t.Errorf("%s: kind, key or files were lost", path)
		}
	}
}
