package filter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
)

// Depth returns a Filter that wants the documents that lie at most n folders
// below the root of their Source: 0 is the root alone.
func Depth(n int) launcher.Filter { return depth(n) }

type depth int

func (n depth) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return depthOf(d) <= int(n), nil
}

func depthOf(d *launcher.Document) int {
	if d.Dir == "" {
		return 0
	}
	return strings.Count(d.Dir, "/") + 1
}

func (n depth) cost() cost     { return cheap }
func (n depth) String() string { return fmt.Sprintf("depth up to %d", int(n)) }

// Hidden returns a Filter that wants the documents whose name begins with a
// dot, or that of a folder which they are in.
func Hidden() launcher.Filter { return hidden{} }

type hidden struct{}

func (hidden) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return strings.HasPrefix(d.Name, ".") || strings.HasPrefix(d.Dir, ".") || strings.Contains(d.Dir, "/."), nil
}

func (hidden) cost() cost     { return cheap }
func (hidden) String() string { return "hidden files" }

// Temporary returns a Filter that wants what programs leave lying about and
// nobody means to hand in, whatever its case:
//
//	.*                          hidden files, also those in hidden folders
//	~$*  .~lock.*#  *~  *.swp   locks and copies of editors
//	*.tmp  *.part  *.partial  *.filepart  *.crdownload    transfers under way
//	Thumbs.db  desktop.ini  .DS_Store  ._*                 of file managers
//	@eaDir                                                 such a folder
//
// It is meant for Not(Temporary()). Beside it the pattern /.*\.(?!db).*/ has
// little left to do.
func Temporary() launcher.Filter { return temporary{} }

type temporary struct{}

func (temporary) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	if ok, err := (hidden{}).Match(ctx, d); ok || err != nil {
		return ok, err
	}
	name := canonical(d.Name)
	switch name {
	case "thumbs.db", "desktop.ini":
		return true, nil
	}
	if strings.HasPrefix(name, "~$") {
		return true, nil
	}
	for _, end := range [...]string{"~", ".swp", ".tmp", ".part", ".partial", ".filepart", ".crdownload"} {
		if strings.HasSuffix(name, end) {
			return true, nil
		}
	}
	return slices.Contains(strings.Split(strings.ToLower(d.Dir), "/"), "@eadir"), nil
}

func (temporary) cost() cost     { return cheap }
func (temporary) String() string { return "temporary files" }
