package adullact

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// Opening envelopes needs nothing of the rest of the module: only the Source
// does.
func TestDecodingStandsAlone(t *testing.T) {
	source := []string{"source.go", "opening.go", "handover.go", "ready.go", "deposits.go"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || slices.Contains(source, name) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		looked++
		for _, imp := range f.Imports {
			if p := strings.Trim(imp.Path.Value, `"`); strings.HasPrefix(p, "github.com/ezged/coldlauncher/") && !strings.Contains(p, "/adullact/internal/") {
				t.Errorf("%s imports %s", name, p)
			}
		}
	}
	if looked < 20 {
		t.Errorf("looked at %d files only", looked)
	}
}
