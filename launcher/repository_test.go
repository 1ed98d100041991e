package launcher_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ezged/coldlauncher"

// A goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath string
	Dir        string
	Doc        string
	Name       string
	Standard   bool
	Deps       []string
	Imports    []string
	GoFiles    []string
	TestGoFiles,
	XTestGoFiles []string
}

func goList(t *testing.T) (ours []goPackage, standard map[string]bool) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Doc,Name,Standard,Deps,Imports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Skipf("go list: %v", err)
	}
	standard = make(map[string]bool)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch {
		case p.Standard:
			standard[p.ImportPath] = true
		case strings.HasPrefix(p.ImportPath, module):
			ours = append(ours, p)
		}
	}
	if len(ours) < 5 || len(standard) < 50 {
		t.Fatalf("go list found %d packages of this module and %d of the standard library", len(ours), len(standard))
	}
	return ours, standard
}

// mayNeed says which packages, besides the standard library, a package of this
// module may need, directly or not: by path, or by the path of a module. What
// is not listed follows the rule "".
var mayNeed = map[string][]string{
	"launcher":              {},
	"launcher/launchertest": {"launcher"},
	"launcher/custody":      {"launcher"},
	"launcher/boltledger":   {"launcher", "go.etcd.io/bbolt", "golang.org/x/sys"},
	"launcher/spool":        {"launcher"},
	"launcher/folder":       {"launcher", "launcher/internal/disk", "golang.org/x/sys"},
	"launcher/backup":       {"launcher", "launcher/internal/disk", "golang.org/x/sys"},
	"launcher/console": {"launcher", "filter", "schedule", "github.com/dlclark/regexp2", "github.com/bmatcuk/doublestar",
		"github.com/gabriel-vasile/mimetype", "golang.org/x/text"},
	"launcher/internal/disk":          {"launcher", "golang.org/x/sys"},
	"launcher/internal/disk/disktest": {"launcher", "launcher/internal/disk", "golang.org/x/sys"},
	"launcher/scenario": {"launcher", "launcher/backup", "launcher/internal/disk", "filter", "schedule", "github.com/dlclark/regexp2",
		"github.com/bmatcuk/doublestar", "github.com/gabriel-vasile/mimetype", "golang.org/x/sys", "golang.org/x/text"},
	"schedule": {"golang.org/x/text"},
	"adullact": {"launcher", "launcher/spool", "protocol/dir", "github.com/fsnotify/fsnotify", "golang.org/x/sys", "golang.org/x/text"},
	"filter": {"launcher", "github.com/dlclark/regexp2", "github.com/bmatcuk/doublestar", "github.com/gabriel-vasile/mimetype",
		"golang.org/x/text"},
	"protocol/dial": {"launcher"},
	"protocol/dir":  {"launcher", "github.com/fsnotify/fsnotify", "golang.org/x/sys", "golang.org/x/text"},
	"protocol/imap": {"launcher", "launcher/spool", "protocol/dial", "protocol/internal/flow", "github.com/emersion", "golang.org/x/text"},
	"protocol/pop3": {"launcher", "launcher/spool", "protocol/dial", "protocol/internal/flow", "github.com/knadh/go-pop3", "github.com/emersion", "golang.org/x/text"},
	"protocol/mail": {"launcher", "launcher/spool", "github.com/segmentio/asm", "golang.org/x/sys", "golang.org/x/text"},
}

func TestDependencies(t *testing.T) {
	ours, standard := goList(t)
	for _, p := range ours {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, ok := mayNeed[path]
		if !ok {
			continue
		}
		for _, dep := range p.Deps {
			if standard[dep] || strings.HasPrefix(dep, p.ImportPath+"/internal/") || slices.ContainsFunc(allowed, func(a string) bool { return fits(dep, a) }) {
				continue
			}
			t.Errorf("%s needs %s, which it must not", path, dep)
		}
	}
}

func fits(dep, allowed string) bool {
	if ours, ok := strings.CutPrefix(dep, module+"/"); ok {
		return ours == allowed
	}
	return dep == allowed || strings.HasPrefix(dep, allowed+"/")
}

// Protocols know nothing of one another, and nothing below examples is needed
// by anybody but the example that it is part of.
func TestLayers(t *testing.T) {
	ours, _ := goList(t)
	protocols := []string{"dir", "imap", "pop3", "mail"}
	for _, p := range ours {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			to := strings.TrimPrefix(imported, module+"/")
			if strings.HasPrefix(to, "examples") && !strings.HasPrefix(to, from+"/") {
				t.Errorf("%s imports the example %s", from, to)
			}
			a, fromProtocol := strings.CutPrefix(from, "protocol/")
			b, toProtocol := strings.CutPrefix(to, "protocol/")
			if fromProtocol && toProtocol && slices.Contains(protocols, a) && slices.Contains(protocols, b) {
				t.Errorf("protocol %s imports protocol %s", a, b)
			}
		}
	}
}

// Every package has a comment and a test; none has an init function, a
// package-level logger or output of its own.
func TestPackagesAreWellKept(t *testing.T) {
	ours, _ := goList(t)
	for _, p := range ours {
		path := strings.TrimPrefix(p.ImportPath, module)
		if p.Doc == "" {
			t.Errorf("%s has no package comment", path)
		}
		example := strings.HasPrefix(path, "/examples")
		if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 && path != "" && !example {
			t.Errorf("%s has no test", path)
		}
		if p.Name == "main" {
			continue
		}
		for _, name := range p.GoFiles {
			checkFile(t, filepath.Join(p.Dir, name))
		}
	}
}

// Every package that others import shows in an Example what it is for; the
// Example is run.
func TestEveryPackageHasAnExample(t *testing.T) {
	ours, _ := goList(t)
	shown := 0
	for _, p := range ours {
		if p.Name == "main" || p.ImportPath == module || strings.Contains(p.ImportPath+"/", "/internal/") || strings.HasPrefix(p.ImportPath, module+"/examples/") {
			continue
		}
		if !slices.ContainsFunc(append(p.TestGoFiles, p.XTestGoFiles...), func(name string) bool { return hasExample(t, filepath.Join(p.Dir, name)) }) {
			t.Errorf("%s has no Example with an Output", p.ImportPath)
		}
		shown++
	}
	if shown < 10 {
		t.Errorf("%d packages were looked at", shown)
	}
}

func hasExample(t *testing.T, name string) bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(doc.Examples(f), func(e *doc.Example) bool { return e.Output != "" })
}

func checkFile(t *testing.T, name string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range f.Imports {
		if imp.Path.Value == `"log"` {
			t.Errorf("%s imports log: report events instead", name)
		}
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			t.Errorf("%s has an init function", name)
		}
	}
}

// The module keeps to the entries that its users know.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		"launcher", "protocol", "filter", "adullact", "schedule", "examples", "go.mod", "go.sum", "doc.go", "README.md",
		"LICENSE", "CHANGELOG.md", ".ci", ".gitignore", ".git",
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top", e.Name())
		}
	}
}

// No file names the machine that it was written on.
func TestNoMachinePaths(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.Name() == ".git" && e.IsDir():
			return fs.SkipDir
		case e.IsDir(), e.Name() == ".git", e.Name() == "repository_test.go": // .git is a file in a worktree
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, s := range []string{"/work/main", "/work/shared", "/root/"} {
			if strings.Contains(string(b), s) {
				t.Errorf("%s mentions %s", path, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What the README and the package comment name as proof is there.
func TestProofsExist(t *testing.T) {
	var tests []byte
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		tests = append(tests, b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../README.md", "doc.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(b), -1)
		if len(named) < 10 {
			t.Errorf("%s names %d tests, want the proofs of what it promises", name, len(named))
		}
		for _, n := range named {
			kit := n == "TestSource" || n == "TestSink" || n == "TestLedger"
			if !kit && !strings.Contains(string(tests), "func "+n+"(t *testing.T)") {
				t.Errorf("%s names %s, which is not there", name, n)
			}
		}
	}
}
