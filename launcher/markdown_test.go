package launcher_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every Go block of every *.md file compiles, so that no manual promises what
// is not there. A block is a file, declarations, or the statements of a
//
//	func(ctx context.Context) error
//
// Imports need not be written, and sink and ledger are known. What else a reader
// is to imagine, such as the type of a receiver, stands as declarations in a
// comment right before the block, where nobody sees it:
//
//	<!-- go
//	var hourly launcher.Schedule
//	-->
//
// Variables and imports may be unused.
func TestMarkdown(t *testing.T) {
	world := listPackages(t)
	t.Run("check", func(t *testing.T) { checkTheCheck(t, world) })
	blocks := 0
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "testdata"):
			return fs.SkipDir
		case e.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, b := range goBlocks(string(text)) {
			blocks++
			for _, err := range world.check(path, b) {
				t.Errorf("a block does not compile: %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if blocks == 0 {
		t.Error("no block was found, not even in README.md")
	}
}

// checkTheCheck shows that good blocks are told from bad ones.
func checkTheCheck(t *testing.T, world packages) {
	for _, tt := range []struct{ name, text, says string }{
		{"a file", "```go\npackage x\n\nimport \"io\"\n\nvar _ io.Reader\n```", ""},
		{"declarations", "```go\nfunc f() launcher.Source { return &dir.Source{Path: \"a\"} }\n```", ""},
		{"statements", "```go\nd := 10 * time.Second\nif ctx.Err() != nil {\n\treturn io.EOF\n}\n```", ""},
		{"the mail of this module", "```go\ns := &mail.Source{From: &dir.Source{}}\n```", ""},
		{"what is imagined", "<!-- go\nvar hourly launcher.Schedule\n-->\n\n```go\nl := &launcher.Launcher{Sink: sink, Schedule: hourly}\n```", ""},
		{"no Go", "```sh\ngo run .\n```", ""},
		{"an unknown field", "\n\n```go\nl := &launcher.Launcher{Sinc: nil}\n```", "x.md:4"},
		{"an unknown name", "```go\nl := &launcher.Launcher{Schedule: hourly}\n```", "hourly"},
		{"an unknown package", "```go\nx := nowhere.New()\n```", "nowhere"},
		{"imagined elsewhere", "<!-- go\nvar hourly launcher.Schedule\n-->\ntext\n```go\nl := &launcher.Launcher{Schedule: hourly}\n```", "hourly"},
		{"no syntax", "```go\nfor {\n```", "x.md"},
		{"a wrong type", "```go\nreturn 1\n```", "x.md:2"},
	} {
		var found []error
		for _, b := range goBlocks(tt.text) {
			found = append(found, world.check("x.md", b)...)
		}
		err := errors.Join(found...)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want it to say %q", tt.name, err, tt.says)
		}
	}
}

// A goBlock is what stands between the fences, and what is imagined before.
type goBlock struct {
	line           int // of its first line
	code, imagined string
}

func goBlocks(text string) []goBlock {
	const (
		outside = iota
		inCode
		inComment
	)
	var all []goBlock
	var b goBlock
	state := outside
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case state == inCode && trimmed == "```":
			all = append(all, b)
			b, state = goBlock{}, outside
		case state == inCode:
			b.code += line + "\n"
		case state == inComment && trimmed == "-->":
			state = outside
		case state == inComment:
			b.imagined += line + "\n"
		case trimmed == "```go":
			b.line, state = i+2, inCode
		case trimmed == "<!-- go":
			b.imagined, state = "", inComment
		case trimmed != "":
			b.imagined = ""
		}
	}
	return all
}

// packages are those that blocks may import.
type packages struct {
	byName map[string]string // ours before those of others
	export map[string]string // files with what they export, by path
}

func listPackages(t *testing.T) packages {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Name,Export,Standard", "./...",
		"net/http/httptest", "database/sql", "os/signal", "testing", "log/slog")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	world := packages{make(map[string]string), make(map[string]string)}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Name, Export string
			Standard                 bool
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return world
		} else if err != nil {
			t.Fatal(err)
		}
		world.export[p.ImportPath] = p.Export
		known, ok := world.byName[p.Name]
		ours := strings.HasPrefix(p.ImportPath, module)
		if hidden := strings.Contains("/"+p.ImportPath+"/", "/internal/") || strings.HasPrefix(p.ImportPath, "vendor/"); p.Name != "main" && !hidden &&
			(!ok || ours || p.Standard && !strings.HasPrefix(known, module) && len(p.ImportPath) < len(known)) {
			world.byName[p.Name] = p.ImportPath
		}
	}
}

// check returns what the compiler has against a block.
func (w packages) check(file string, b goBlock) []error {
	fset := token.NewFileSet()
	f, err := b.parse(fset, file, "")
	if err != nil {
		return []error{err}
	}
	if f, err = b.parse(fset, file, w.imports(f)); err != nil {
		return []error{err}
	}
	var found []error
	config := types.Config{
		Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
			name := w.export[path]
			if name == "" {
				return nil, fmt.Errorf("%q is not among the packages that are known", path)
			}
			return os.Open(name)
		}),
		Error: func(err error) {
			if e := (types.Error{}); !errors.As(err, &e) || !e.Soft {
				found = append(found, err)
			}
		},
	}
	config.Check("block", fset, []*ast.File{f}, nil)
	return found
}

// parse makes a file of a block: as it is, around its declarations, or around
// its statements.
func (b goBlock) parse(fset *token.FileSet, file, imports string) (*ast.File, error) {
	place := fmt.Sprintf("//line %s:%d\n", filepath.Base(file), b.line)
	if strings.HasPrefix(strings.TrimSpace(b.code), "package ") {
		return parser.ParseFile(fset, file, place+b.code, 0)
	}
	head := "package block\n" + imports + "var (sink launcher.Sink; ledger launcher.Ledger)\n" + b.imagined
	if f, err := parser.ParseFile(fset, file, head+place+b.code, 0); err == nil {
		return f, nil
	}
	return parser.ParseFile(fset, file, head+"func _(ctx context.Context) error {\n"+place+b.code+"\nreturn nil\n}\n", 0)
}

// imports returns the imports that a file lacks.
func (w packages) imports(f *ast.File) string {
	if len(f.Imports) > 0 {
		return ""
	}
	needed := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil && w.byName[x.Name] != "" {
				needed[w.byName[x.Name]] = true
			}
		}
		return true
	})
	var lines strings.Builder
	for _, path := range slices.Sorted(maps.Keys(needed)) {
		fmt.Fprintf(&lines, "import %q\n", path)
	}
	return lines.String()
}
