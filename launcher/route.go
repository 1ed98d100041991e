package launcher

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const (
	anyGroup = "*"
	noGroup  = "-" // a name without extension
)

func validateRoutes(routes []Route) []error {
	var faults []error
	for i, r := range routes {
		place := fmt.Sprintf("Routes[%d]", i)
		for _, g := range r.Groups {
			if normGroup(g) == "" {
				faults = append(faults, fmt.Errorf("%s: group %q is empty", place, g))
			}
		}
		if len(r.Job) > 1024 || strings.ContainsFunc(r.Job, isControl) {
			faults = append(faults, fmt.Errorf("%s: Job is longer than 1024 bytes or holds control characters", place))
		}
	}
	return faults
}

func normGroup(g string) string { return strings.TrimPrefix(strings.ToLower(g), ".") }

// wantsGroup reports whether r names group, in lower case, or any.
func (r *Route) wantsGroup(group string) bool {
	if len(r.Groups) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Groups, func(g string) bool {
		g = normGroup(g)
		return g == anyGroup || g == group
	})
}

func (r *Route) names(group string) bool {
	return slices.ContainsFunc(r.Groups, func(g string) bool { return normGroup(g) == group })
}

// routeOf returns the index of the Route that gets d, or -1. With no Routes at
// all it is 0, which stands for the one that takes everything. A Route that does
// not want d yet has no claim on it; the error says so if no other wants it.
func (l *Launcher) routeOf(ctx context.Context, d *Document) (int, error) {
	if len(l.Routes) == 0 {
		return 0, nil
	}
	var notYet error
	for _, group := range l.groupsOf(d) {
		for i := range l.Routes {
			r := &l.Routes[i]
			if !r.wantsGroup(group) {
				continue
			}
			switch ok, err := matches(ctx, r.Filter, d); {
			case classOf(err) == later:
				notYet = err
			case err != nil:
				return -1, err
			case ok:
				return i, nil
			}
		}
	}
	return -1, notYet
}

// groupsOf returns the groups of d that Routes may name, longest first:
// "tar.gz" and "gz" for "x.tar.gz", if both are named.
func (l *Launcher) groupsOf(d *Document) []string {
	if d.Group != "" {
		return []string{strings.ToLower(d.Group)}
	}
	ext := extOf(d.Name)
	if ext == "" {
		return []string{noGroup}
	}
	var named []string
	lower := strings.ToLower(d.Name)
	for i := 1; i < len(lower); i++ {
		if lower[i] != '.' {
			continue
		}
		group := lower[i+1:]
		if slices.ContainsFunc(l.Routes, func(r Route) bool { return r.names(group) }) {
			named = append(named, group)
		}
	}
	if len(named) == 0 {
		return []string{ext}
	}
	return named
}

// matches asks f, which may be nil, and contains its panics.
func matches(ctx context.Context, f Filter, d *Document) (ok bool, err error) {
	if f == nil {
		return true, nil
	}
	defer contain(&err, "filter")
	ok, err = f.Match(ctx, d)
	if err != nil {
		return false, fmt.Errorf("filter undecided about %q: %w", d.Name, err)
	}
	return ok, nil
}
