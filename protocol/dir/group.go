package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A Group tells which files are one parcel. fsys is Path; paths are the files
// that were found there, slash-separated and sorted. Each element of the
// result is a parcel, its primary file first; the others follow by name,
// whatever their order there. A path may be in one parcel only.
//
// A folder in the result stands for all files below it, be Source.Recursive set
// or not; it is the only path of its parcel, and moves as a whole.
//
// Paths that are in no parcel wait, and so do those that an error of type
// [Incomplete] lists. Any other error ends the pass.
type Group func(ctx context.Context, fsys fs.FS, paths []string) ([][]string, error)

// Incomplete is the error of a Group that found all the parcels that it
// returned, and lists those that lack something.
type Incomplete []Lack

// A Lack is a parcel that lacks something.
type Lack struct {
	Paths []string // what is there, the primary file first if it is
	Why   string   // what is missing, for a person
}

// Error tells what the first parcel lacks, and how many there are.
func (e Incomplete) Error() string {
	switch len(e) {
	case 0:
		return "nothing is incomplete"
	case 1:
		return e[0].Why
	}
	return fmt.Sprintf("%s, and %d more are incomplete", e[0].Why, len(e)-1)
}

// Stems groups the files of one folder that differ only in their extension,
// such as facture.pdf and facture.xml. All the extensions required must be
// there, but those that end in "?", which join if they are:
//
//	Stems("pdf", "xml", "jpg?")
//
// The first is the primary one: its file comes first in the parcel, and its
// extension decides the Route. An extension may have several parts, "tar.gz";
// the longest counts. Only these extensions are taken off a name, so a.b.pdf
// and a.b.xml meet at a.b. Case and Unicode form do not count, and two files
// that differ in nothing else wait for a person. A file with another extension
// is a parcel of its own.
func Stems(required ...string) Group {
	exts := parseExts(required)
	return func(ctx context.Context, fsys fs.FS, paths []string) ([][]string, error) {
		if len(exts) == 0 {
			return nil, errors.New("Stems needs an extension")
		}
		var out [][]string
		stems := map[string][]string{} // by stem: path of each extension, "" if missing
		twins := map[string]Lack{}
		var order []string
		for _, path := range paths {
			stem, i := exts.cut(path)
			if i < 0 {
				out = append(out, []string{path})
				continue
			}
			members := stems[stem]
			if members == nil {
				members = make([]string, len(exts))
				stems[stem] = members
				order = append(order, stem)
			}
			if members[i] != "" {
				twin := twins[stem]
				twin.Why = fmt.Sprintf("%q and %q differ only in case or Unicode form", members[i], path)
				twin.Paths = append(twin.Paths, path)
				twins[stem] = twin
				continue
			}
			members[i] = path
		}
		var lacks Incomplete
		for _, stem := range order {
			members := present(stems[stem])
			twin, twins := twins[stem]
			missing := exts.missing(stems[stem])
			switch {
			case twins:
				lacks = append(lacks, Lack{append(members, twin.Paths...), twin.Why})
			case len(missing) > 0:
				lacks = append(lacks, Lack{members, fmt.Sprintf("%q lacks its %s", members[0], strings.Join(missing, ", "))})
			default:
				out = append(out, members)
			}
		}
		if len(lacks) > 0 {
			return out, lacks
		}
		return out, nil
	}
}

type stemExt struct {
	text     string // folded, with its dot
	optional bool
}

type stemExts []stemExt

func parseExts(exts []string) stemExts {
	var out stemExts
	for _, ext := range exts {
		name, optional := strings.CutSuffix(strings.TrimSpace(ext), "?")
		name = strings.TrimPrefix(name, ".")
		if name != "" {
			out = append(out, stemExt{"." + fold(name), optional})
		}
	}
	return out
}

// cut takes the longest extension off path. It returns the folded stem, with
// its folder, and the extension's index; -1 if path has none of them.
func (x stemExts) cut(path string) (string, int) {
	dir, name := split(path)
	name = fold(name)
	best := -1
	for i, ext := range x {
		if len(name) > len(ext.text) && strings.HasSuffix(name, ext.text) &&
			(best < 0 || len(ext.text) > len(x[best].text)) {
			best = i
		}
	}
	if best < 0 {
		return "", -1
	}
	return join(dir, name[:len(name)-len(x[best].text)]), best
}

func (x stemExts) missing(members []string) []string {
	var out []string
	for i, path := range members {
		if path == "" && !x[i].optional {
			out = append(out, x[i].text[1:])
		}
	}
	return out
}

func present(members []string) []string {
	return slices.DeleteFunc(slices.Clone(members), func(path string) bool { return path == "" })
}

// fold makes names equal that differ only in case or Unicode form.
func fold(name string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(name)))
}

// Folders makes each folder of the first level one parcel, of all files below
// it. A file beside them is a parcel of its own. A folder waits while a file
// below it is not quiet, or has a temporary name, or is none that can be taken,
// such as a symbolic link. A folder without files is passed over.
func Folders() Group {
	return func(ctx context.Context, fsys fs.FS, paths []string) ([][]string, error) {
		entries, err := fs.ReadDir(fsys, ".")
		if err != nil {
			return nil, err
		}
		var out [][]string
		for _, e := range entries {
			if e.IsDir() {
				out = append(out, []string{e.Name()})
			}
		}
		for _, path := range paths {
			if _, below := top(path); !below {
				out = append(out, []string{path})
			}
		}
		return out, nil
	}
}
