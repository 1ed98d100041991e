package filter

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// maxReasons is how many filters Explain names.
const maxReasons = 8

// Explain tells an administrator what f says about d, and which filters decided
// it by what: one line if it was one filter, otherwise a line for each. It asks
// the filters anew, so it may open d. Text from outside is quoted. A nil f
// keeps everything, as in a Launcher.
//
//	"scans/Thumbs.db" is refused: matches extension db* (extension "db")
func Explain(ctx context.Context, f launcher.Filter, d *launcher.Document) string {
	a := explain(ctx, orEverything(f), d)
	head := fmt.Sprintf("%q is %s", clip(path.Join(d.Dir, d.Name)), a.word())
	switch n := len(a.reasons); {
	case n == 0:
		return head
	case n == 1:
		return head + ": " + a.reasons[0]
	case n > maxReasons:
		a.reasons = append(a.reasons[:maxReasons:maxReasons], fmt.Sprintf("and %d more", n-maxReasons))
	}
	return head + ":\n  " + strings.Join(a.reasons, "\n  ")
}

// An answer is a verdict, and why.
type answer struct {
	verdict
	reasons []string
}

func (a answer) word() string {
	switch {
	case a.err != nil:
		return "undecided"
	case a.ok:
		return "kept"
	case a.passing:
		return "refused for now"
	}
	return "refused"
}

func explain(ctx context.Context, f launcher.Filter, d *launcher.Document) answer {
	switch f := f.(type) {
	case *several:
		return explainSeveral(ctx, f, d)
	case *not:
		a := explain(ctx, f.filter, d)
		a.ok = !a.ok
		return a
	case *List:
		return explain(ctx, f.filter, d)
	}
	return explainLeaf(ctx, f, d)
}

// explainSeveral names the filter that settled it, for good if there is one,
// else those that erred, else all.
func explainSeveral(ctx context.Context, s *several, d *launcher.Document) answer {
	all := answer{verdict: verdict{ok: !s.settles}}
	var undecided answer
	var passing []answer
	for _, f := range s.filters {
		switch a := explain(ctx, f, d); {
		case a.err != nil:
			undecided.err = a.err
			undecided.reasons = append(undecided.reasons, a.reasons...)
		case a.ok != s.settles:
			all.passing = all.passing || a.passing
			all.reasons = append(all.reasons, a.reasons...)
		case a.passing:
			passing = append(passing, a)
		default:
			return a
		}
	}
	switch {
	case passing != nil:
		return passing[0]
	case undecided.err != nil:
		return undecided
	}
	return all
}

func explainLeaf(ctx context.Context, f launcher.Filter, d *launcher.Document) answer {
	v := judge(ctx, f, d)
	if v.err != nil {
		why := strings.ReplaceAll(v.err.Error(), "\n", "; ") // joined errors
		return answer{v, []string{"cannot tell " + label(f) + ": " + why}}
	}
	reason := "matches " + label(f)
	if !v.ok {
		reason = "does not match " + label(f)
	}
	if about := fact(ctx, f, d); about != "" {
		reason += " (" + about + ")"
	}
	return answer{v, []string{reason}}
}

// fact says what of d a filter looked at, if its name does not show it.
func fact(ctx context.Context, f launcher.Filter, d *launcher.Document) string {
	switch f := f.(type) {
	case ext:
		if x := lastParts(d.Name, 1); x != "" {
			return fmt.Sprintf("extension %q", clip(x))
		}
		return "no extension"
	case size:
		if d.Size >= 0 {
			return fmt.Sprintf("%d bytes", d.Size)
		}
	case age:
		return "age " + time.Since(d.Time).Round(time.Second).String()
	case depth:
		return fmt.Sprintf("depth %d", depthOf(d))
	case mediaType:
		return fmt.Sprintf("declared %q", clip(d.MediaType))
	case sniff:
		if found, err := detect(ctx, d); err == nil {
			return "content " + found.String()
		}
	case *meta:
		return metaFact(d, f.key)
	case sender:
		return metaFact(d, metaFrom)
	}
	return ""
}

func metaFact(d *launcher.Document, key string) string {
	if v, ok := lookUp(d, key); ok {
		return fmt.Sprintf("%q", clip(v))
	}
	return "no " + key
}
