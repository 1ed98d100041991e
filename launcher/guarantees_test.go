package launcher_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	proofName = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w*`)
	proofFunc = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	proofLink = regexp.MustCompile(`\[([^\]]*)\]\(([^)]*_test\.go)\)`)
)

// Every test that a manual names exists, in the file that it links to, and every
// sentence of the guarantees has one, or a command.
func TestGuaranteesAreShown(t *testing.T) {
	found := testsByFile(t)
	exists := make(map[string]bool)
	for _, names := range found {
		for name := range names {
			exists[name] = true
		}
	}
	for _, path := range manuals(t) {
		text := readText(t, path)
		for _, name := range proofName.FindAllString(text, -1) {
			// A function of the kit is meant, or a test.
			if !exists[name] && name != "TestSource" && name != "TestSink" && name != "TestLedger" {
				t.Errorf("%s: there is no %s", path, name)
			}
		}
		for _, link := range proofLink.FindAllStringSubmatch(text, -1) {
			file := filepath.Join(filepath.Dir(path), filepath.FromSlash(link[2]))
			if found[file] == nil {
				t.Errorf("%s: there is no %s", path, link[2])
			}
			for _, name := range proofName.FindAllString(link[1], -1) {
				if !found[file][name] {
					t.Errorf("%s: %s is not in %s", path, name, link[2])
				}
			}
		}
	}
	items := append(guarantees(t, "../README.md", "## Guarantees", "```sh"), guarantees(t, "doc.go", "// # Guarantees", "package launcher")...)
	if len(items) < 25 {
		t.Errorf("%d guarantees were found, want more", len(items))
	}
	for _, item := range items {
		if !proofName.MatchString(item) && !strings.Contains(item, "crashloop") && !strings.Contains(item, "the same") {
			t.Errorf("nothing is named that shows it: %s", item)
		}
	}
}

// guarantees returns the items and rows between two lines of a file.
func guarantees(t *testing.T, path, from, to string) (items []string) {
	t.Helper()
	_, text, ok := strings.Cut(readText(t, path), "\n"+from+"\n")
	text, _, end := strings.Cut(text, "\n"+to)
	if !ok || !end {
		t.Fatalf("%s: no %q before %q", path, from, to)
	}
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimPrefix(line, "//")
		switch {
		case strings.HasPrefix(line, "| what is done"), strings.HasPrefix(line, "|--"):
		case strings.HasPrefix(line, "| "), strings.HasPrefix(line, "* "), strings.HasPrefix(line, "   - "):
			items = append(items, line)
		case len(items) > 0 && (strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t")):
			items[len(items)-1] += line
		}
	}
	return items
}

// manuals returns the files that name tests to a reader.
func manuals(t *testing.T) (paths []string) {
	walkTree(t, func(path string) {
		if name := filepath.Base(path); filepath.Ext(path) == ".md" || name == "doc.go" {
			paths = append(paths, path)
		}
	})
	return paths
}

// testsByFile returns the tests of the whole tree.
func testsByFile(t *testing.T) map[string]map[string]bool {
	found := make(map[string]map[string]bool)
	walkTree(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		found[path] = make(map[string]bool)
		for _, m := range proofFunc.FindAllStringSubmatch(readText(t, path), -1) {
			found[path][m[1]] = true
		}
	})
	return found
}

func walkTree(t *testing.T, fn func(path string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "testdata"):
			return fs.SkipDir
		case !e.IsDir():
			fn(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
