package filter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
)

// All returns a Filter that wants what every one of fs wants; without any, it
// wants everything. A nil among them wants everything.
//
// An error is neither yes nor no. One filter that says no settles it whatever
// the others fail at; otherwise the errors, joined, are the answer. Filters
// that look at names go first, then those that read the body, then those that
// are not of this package; the outcome is the same in any order.
func All(fs ...launcher.Filter) launcher.Filter { return newSeveral(fs, false) }

// Any returns a Filter that wants what at least one of fs wants; without any,
// it wants nothing. A nil among them wants everything.
//
// One filter that says yes settles it whatever the others fail at; otherwise
// the errors, joined, are the answer. The order is that of [All].
func Any(fs ...launcher.Filter) launcher.Filter { return newSeveral(fs, true) }

// Not returns a Filter that wants what f does not want. Where f errs, so does
// it. A nil f wants everything.
func Not(f launcher.Filter) launcher.Filter { return &not{orEverything(f)} }

// A cost says how dear the answer of a filter is.
type cost uint8

const (
	cheap   cost = iota // looks at what the Document holds
	pattern             // matches text
	body                // opens the Document
	unknown             // not of this package: it may ask a database
)

// A node is a filter of this package.
type node interface {
	launcher.Filter
	fmt.Stringer
	cost() cost
}

func costOf(f launcher.Filter) cost {
	if n, ok := f.(node); ok {
		return n.cost()
	}
	return unknown
}

// several is All and Any: the first filter whose answer is settles decides.
type several struct {
	filters []launcher.Filter // cheapest first
	settles bool              // All: false; Any: true
}

func newSeveral(fs []launcher.Filter, settles bool) *several {
	s := &several{make([]launcher.Filter, len(fs)), settles}
	for i, f := range fs {
		s.filters[i] = orEverything(f)
	}
	slices.SortStableFunc(s.filters, func(a, b launcher.Filter) int {
		return cmp.Compare(costOf(a), costOf(b))
	})
	return s
}

func (s *several) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return s.judge(ctx, d).answer()
}

func (s *several) judge(ctx context.Context, d *launcher.Document) verdict {
	rest := verdict{ok: !s.settles}
	var errs []error
	settled := false
	for _, f := range s.filters {
		switch v := judge(ctx, f, d); {
		case v.err != nil:
			errs = append(errs, v.err)
		case v.ok != s.settles:
			rest.passing = rest.passing || v.passing
		case v.passing: // another one may settle it for good
			settled = true
		default:
			return v
		}
	}
	switch {
	case settled:
		return verdict{ok: s.settles, passing: true}
	case errs != nil:
		return verdict{err: errors.Join(errs...)}
	}
	return rest
}

func (s *several) cost() cost {
	dearest := cheap
	for _, f := range s.filters {
		dearest = max(dearest, costOf(f))
	}
	return dearest
}

func (s *several) String() string {
	switch n := len(s.filters); {
	case n == 1:
		return label(s.filters[0])
	case n == 0 && s.settles:
		return "nothing"
	case n == 0:
		return "everything"
	}
	labels := make([]string, len(s.filters))
	for i, f := range s.filters {
		labels[i] = label(f)
	}
	word := " and "
	if s.settles {
		word = " or "
	}
	return "(" + strings.Join(labels, word) + ")"
}

type not struct{ filter launcher.Filter }

func (n *not) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return n.judge(ctx, d).answer()
}

func (n *not) judge(ctx context.Context, d *launcher.Document) verdict {
	v := judge(ctx, n.filter, d)
	v.ok = !v.ok && v.err == nil
	return v
}

func (n *not) cost() cost     { return costOf(n.filter) }
func (n *not) String() string { return "not " + label(n.filter) }

// orEverything makes of nil what it means in a Launcher and a Route.
func orEverything(f launcher.Filter) launcher.Filter {
	if f == nil {
		return All()
	}
	return f
}

// label names a filter for a person.
func label(f launcher.Filter) string {
	if s, ok := f.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", f)
}
