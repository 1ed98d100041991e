package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Fault is something that is wrong with a scenario, and where.
type Fault struct {
	Launcher string // its name, or its place ("#2") if it has none; "" for the file as a whole
	Key      string // such as "source.port" or "routes[1].groups"; "" for the launcher as a whole
	Line     int    // counted from 1; 0 for a File that was not read from text
	Column   int    // in bytes, counted from 1; 0 as Line
	Err      error  // what is wrong
}

// Error says all of it in one line. Values of secrets are not in it.
func (f *Fault) Error() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Launcher != "" {
		fmt.Fprintf(&b, "launcher %q: ", f.Launcher)
	}
	if f.Key != "" {
		fmt.Fprintf(&b, "%s: ", f.Key)
	}
	return b.String() + f.Err.Error()
}

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Faults returns the Faults in an error of this package, in the order of the
// file.
func Faults(err error) []*Fault {
	var one *Fault
	var all faults
	switch {
	case errors.As(err, &all):
		return slices.Clone(all)
	case errors.As(err, &one):
		return []*Fault{one}
	}
	return nil
}

// faults is an error that has one line for each.
type faults []*Fault

func (fs faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

func (fs faults) Unwrap() []error {
	errs := make([]error, len(fs))
	for i, f := range fs {
		errs[i] = f
	}
	return errs
}

// err returns fs in the order of the file, or nil if there are none.
func (fs faults) err() error {
	if len(fs) == 0 {
		return nil
	}
	slices.SortStableFunc(fs, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return fs
}

// A KeyError is an error of a Form that is about one of its keys.
type KeyError struct {
	Key string // of the form, such as "ca_file"
	Err error
}

// Error names the key.
func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *KeyError) Unwrap() error { return e.Err }
