package filter_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/ezged/coldlauncher/filter"
)

// A vectors file holds what CPython answers: the same shape for the samples
// and for testdata.
type vectors struct {
	Patterns []struct {
		Source, Pattern string
		Refused         bool
		Rows            [][4]any // name, match, fullmatch, search
	}
}

func readVectors(t *testing.T, path string) vectors {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Patterns) == 0 {
		t.Fatalf("%s holds no patterns", path)
	}
	return v
}

func TestSamplesAgreeWithPython(t *testing.T) {
	dir := os.Getenv("COLD_SAMPLES")
	if dir == "" {
		t.Skip("COLD_SAMPLES is not set: it names the folder with the sample vectors")
	}
	// Python compares names as they are; we bring them to form C first. These
	// are all the answers that this changes, and there are no others.
	composed := map[string]bool{}
	used := map[string]bool{}
	for _, p := range readVectors(t, filepath.Join(dir, "filter", "python_re.json")).Patterns {
		re, err := filter.Regexp(p.Source)
		if err != nil {
			t.Errorf("%v, want it understood as Python does", err)
			continue
		}
		for _, row := range p.Rows {
			name := row[0].(string)
			for i, re := range []*filter.Pattern{re, re.Full(), re.Search()} {
				got, err := re.MatchString(name)
				if err != nil {
					t.Errorf("%s on %q: %v", p.Source, name, err)
				}
				key := p.Source + " " + name + " " + []string{"match", "fullmatch", "search"}[i]
				want := row[i+1].(bool)
				if composed[key] {
					want, used[key] = !want, true
				}
				if got != want {
					t.Errorf("re.%s: %v, want %v", key, got, want)
				}
			}
		}
	}
	for key := range composed {
		if !used[key] {
			t.Errorf("%s is listed as different, but not in the samples", key)
		}
	}
}
