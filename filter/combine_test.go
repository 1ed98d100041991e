package filter_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
)

// A truth is what a filter may answer.
type truth string

const (
	yes       truth = "yes"
	no        truth = "no"
	undecided truth = "undecided"
	notYet    truth = "not yet"
)

var errUndecided = errors.New("undecided")

func (tr truth) filter() launcher.Filter {
	return launcher.FilterFunc(func(context.Context, *launcher.Document) (bool, error) {
		if tr == undecided {
			return false, errUndecided
		}
		return tr == yes, nil
	})
}

func truthOf(t *testing.T, f launcher.Filter, d *launcher.Document) truth {
	t.Helper()
	switch ok, err := f.Match(t.Context(), d); {
	case err != nil && ok:
		t.Errorf("%v says yes along with an error", f)
		return undecided
	case errors.Is(err, filter.ErrNotYet):
		if launcher.OutcomeOf(err) != launcher.Left {
			t.Errorf("%v: %v, want the document left", f, err)
		}
		return notYet
	case err != nil:
		return undecided
	case ok:
		return yes
	}
	return no
}

func TestTruthTables(t *testing.T) {
	for _, tt := range []struct{ a, b, all, any, not truth }{
		{yes, yes, yes, yes, no},
		{yes, no, no, yes, no},
		{yes, undecided, undecided, yes, no},
		{no, yes, no, yes, yes},
		{no, no, no, no, yes},
		{no, undecided, no, undecided, yes},
		{undecided, yes, undecided, yes, undecided},
		{undecided, no, no, undecided, undecided},
		{undecided, undecided, undecided, undecided, undecided},
	} {
		a, b := tt.a.filter(), tt.b.filter()
		if got := truthOf(t, filter.All(a, b), named("x")); got != tt.all {
			t.Errorf("All(%s, %s) is %s, want %s", tt.a, tt.b, got, tt.all)
		}
		if got := truthOf(t, filter.Any(a, b), named("x")); got != tt.any {
			t.Errorf("Any(%s, %s) is %s, want %s", tt.a, tt.b, got, tt.any)
		}
		if got := truthOf(t, filter.Not(a), named("x")); got != tt.not {
			t.Errorf("Not(%s) is %s, want %s", tt.a, got, tt.not)
		}
	}
}

func TestCombinationsOfNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		f    launcher.Filter
		want truth
	}{
		{"All()", filter.All(), yes},
		{"Any()", filter.Any(), no},
		{"All(nil)", filter.All(nil), yes},
		{"Any(nil)", filter.Any(nil), yes},
		{"Not(nil)", filter.Not(nil), no},
	} {
		if got := truthOf(t, tt.f, named("x")); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.name, got, tt.want)
		}
	}
}

// leaves are filters of every cost, of this package and others, with every
// answer.
func leaves() []launcher.Filter {
	return []launcher.Filter{
		yes.filter(), no.filter(), undecided.filter(),
		filter.Ext("pdf"), filter.Ext("xml"), filter.Age(0, -1),
		filter.Age(time.Hour, -1), filter.Age(0, time.Hour),
		must(filter.Glob("x*")), must(filter.Regexp("/y/")),
		filter.Sniff("text/plain"), filter.Size(100, -1),
		must(filter.Lines("*.pdf\n!x*")), nil,
	}
}

func shape(r *rand.Rand, depth int) launcher.Filter {
	all := leaves()
	if depth == 0 || r.IntN(4) == 0 {
		return all[r.IntN(len(all))]
	}
	fs := make([]launcher.Filter, r.IntN(4))
	for i := range fs {
		fs[i] = shape(r, depth-1)
	}
	switch r.IntN(3) {
	case 0:
		return filter.All(fs...)
	case 1:
		return filter.Any(fs...)
	}
	return filter.Not(shape(r, depth-1))
}

func TestDeMorganAndOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[truth]int{}
	now := time.Now()
	for range 2000 {
		fs := make([]launcher.Filter, 1+r.IntN(4))
		for i := range fs {
			fs[i] = shape(r, 2)
		}
		nots := make([]launcher.Filter, len(fs))
		for i, f := range fs {
			nots[i] = filter.Not(f)
		}
		d := content("text", 4)
		d.Name, d.Time = "x.pdf", now
		all, any := truthOf(t, filter.All(fs...), d), truthOf(t, filter.Any(fs...), d)
		seen[all]++
		if got := truthOf(t, filter.Not(filter.Any(nots...)), d); got != all {
			t.Fatalf("Not(Any(Not…)) is %s, All is %s, want De Morgan to hold: %v", got, all, filter.All(fs...))
		}
		if got := truthOf(t, filter.Not(filter.All(nots...)), d); got != any {
			t.Fatalf("Not(All(Not…)) is %s, Any is %s, want De Morgan to hold: %v", got, any, filter.Any(fs...))
		}
		shuffled := slices.Clone(fs)
		r.Shuffle(len(fs), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := truthOf(t, filter.All(shuffled...), d); got != all {
			t.Fatalf("All is %s, in another order %s: %v", all, got, filter.All(fs...))
		}
		if got := truthOf(t, filter.Any(shuffled...), d); got != any {
			t.Fatalf("Any is %s, in another order %s: %v", any, got, filter.Any(fs...))
		}
		says := filter.Explain(t.Context(), filter.All(fs...), d)
		for tr, word := range map[truth]string{yes: "kept", no: "refused", undecided: "undecided", notYet: "refused for now"} {
			said, _, _ := strings.Cut(says, ":")
			if (said == `"x.pdf" is `+word) != (all == tr) {
				t.Fatalf("All is %s, but Explain says %q", all, says)
			}
		}
	}
	for _, tr := range []truth{yes, no, undecided, notYet} {
		if seen[tr] < 100 {
			t.Errorf("only %d answers of 2000 were %s: the test shows little", seen[tr], tr)
		}
	}
}

// What costs more is asked only if what costs less did not settle it.
func TestCheapestFirst(t *testing.T) {
	asked := 0
	dear := launcher.FilterFunc(func(context.Context, *launcher.Document) (bool, error) {
		asked++
		return true, nil
	})
	d := &launcher.Document{Name: "a.pdf", Open: nil} // opening it panics
	f := filter.All(dear, filter.Sniff("text/plain"), must(filter.Regexp("/b/")))
	if got := truthOf(t, f, d); got != no {
		t.Errorf("%v is %s, want the name to settle it", f, got)
	}
	f = filter.Any(filter.All(dear), filter.Not(filter.Sniff("text/plain")), filter.Ext("pdf"))
	if got := truthOf(t, f, d); got != yes {
		t.Errorf("%v is %s, want the extension to settle it", f, got)
	}
	if asked > 0 {
		t.Errorf("a filter of unknown cost was asked %d times, want those of known cost to settle it", asked)
	}
}

func TestErrorsAreJoined(t *testing.T) {
	other := errors.New("other")
	f := filter.All(undecided.filter(), launcher.FilterFunc(func(context.Context, *launcher.Document) (bool, error) {
		return true, launcher.Reject(other)
	}))
	ok, err := f.Match(t.Context(), named("x"))
	if ok || !errors.Is(err, errUndecided) || !errors.Is(err, other) {
		t.Errorf("%v, %v, want both errors and no yes", ok, err)
	}
	if got := launcher.OutcomeOf(err); got != launcher.Left {
		t.Errorf("the outcome is %v, want the weaker of the two to decide", got)
	}
}
