package filter

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/ezged/coldlauncher/launcher"
)

// Ext returns a Filter that wants the documents with one of the extensions.
// Case, and a dot in front, mean nothing.
//
// "gz" and "tar.gz" both match "x.tar.gz". A * at the end stands for any rest:
// "db*" matches "Thumbs.db", "a.DBF" and "index.db-wal", and "*" any extension.
// "" matches names without one. A dot that begins a name begins no extension:
// ".htaccess" has none.
func Ext(exts ...string) launcher.Filter {
	e := make(ext, len(exts))
	for i, text := range exts {
		e[i] = strings.TrimPrefix(canonical(text), ".")
	}
	return e
}

type ext []string

func (e ext) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	name := canonical(d.Name)
	for _, want := range e {
		prefix, open := strings.CutSuffix(want, "*")
		got := lastParts(name, strings.Count(want, ".")+1)
		switch {
		case want == "" && got == "":
			return true, nil
		case got == "":
		case got == want, open && strings.HasPrefix(got, prefix):
			return true, nil
		}
	}
	return false, nil
}

// lastParts returns the last n extensions of name, "" if it has fewer.
func lastParts(name string, n int) string {
	end := len(name)
	for range n {
		if end = strings.LastIndexByte(name[:end], '.'); end <= 0 {
			return ""
		}
	}
	return name[end+1:]
}

func (e ext) cost() cost { return cheap }

func (e ext) String() string {
	if len(e) == 0 {
		return "any of no extensions"
	}
	var named []string
	for _, x := range e {
		if x == "" {
			x = "none"
		}
		named = append(named, x)
	}
	return "extension " + strings.Join(named, ", ")
}

// Prefix returns a Filter that wants the documents whose name begins with one
// of the prefixes, whatever their case.
func Prefix(prefixes ...string) launcher.Filter {
	p := make(prefix, len(prefixes))
	for i, text := range prefixes {
		p[i] = canonical(text)
	}
	return p
}

type prefix []string

func (p prefix) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	name := canonical(d.Name)
	for _, want := range p {
		if strings.HasPrefix(name, want) {
			return true, nil
		}
	}
	return false, nil
}

func (p prefix) cost() cost     { return cheap }
func (p prefix) String() string { return fmt.Sprintf("prefix %q", []string(p)) }

// canonical makes names comparable: lower case, in normalisation form C.
func canonical(s string) string {
	return norm.NFC.String(strings.ToLower(s))
}
