package adullact

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A Match tells how a name in metadata or in a message was found to mean a
// file, from the most to the least certain.
type Match string

const (
	MatchExact      Match = "exact"      // the same name
	MatchInternal   Match = "internal"   // the file is named by its key: k3FgT2z.yml_arrete_0
	MatchUnicode    Match = "unicode"    // but for the Unicode form of accents
	MatchCleaned    Match = "cleaned"    // but for characters that were replaced, such as slashes
	MatchUnaccented Match = "unaccented" // but for accents and blanks, too
	MatchCase       Match = "case"       // but for case, too
	MatchExtension  Match = "extension"  // the only file left of its type
)

// A claim is a name that waits for its file.
type claim struct {
	field    string
	index    int
	name     string // as given
	original string
	member   *member // nil: not found
	match    Match
}

// reconcile finds for each claim the file that it means. A file may be meant by
// several claims with its very name, otherwise by one only.
func reconcile(claims []*claim, members []*member) {
	used := make(map[*member]bool)
	for _, level := range []struct {
		match Match
		form  func(string) string
	}{
		{MatchExact, func(s string) string { return s }},
		{MatchInternal, nil},
		{MatchUnicode, norm.NFC.String},
		{MatchCleaned, cleaned},
		{MatchUnaccented, asciified},
		{MatchCase, func(s string) string { return strings.ToLower(asciified(s)) }},
	} {
		if level.form == nil {
			matchInternal(claims, members, used)
		} else {
			matchBy(claims, members, used, level.match, level.form)
		}
	}
	matchExtensions(claims, members, used)
}

func matchBy(claims []*claim, members []*member, used map[*member]bool, match Match, form func(string) string) {
	by := make(map[string]*member)
	for _, m := range members {
		if key := form(m.name); by[key] == nil && (match == MatchExact || !used[m]) {
			by[key] = m
		}
	}
	for _, c := range claims {
		if c.member != nil {
			continue
		}
		m := by[form(c.name)]
		if m == nil {
			m = by[form(baseName(c.name))]
		}
		if m == nil || match != MatchExact && used[m] {
			continue
		}
		c.member, c.match = m, match
		used[m] = true
	}
}

// cleaned returns a name as deposits and systems change it to store it.
func cleaned(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`\/<>:"|?*`, r) {
			return '-'
		}
		return r
	}, norm.NFC.String(name))
}

// asciified returns a name as Pastell 2 stored it: without accents and blanks.
func asciified(name string) string {
	return strings.ReplaceAll(unaccented(cleaned(name)), " ", "_")
}

// internalName is the name that Pastell itself gives a file: <id>.yml_<key>_<n>.
var internalName = regexp.MustCompile(`\.yml_(.+)_([0-9]{1,6})$`)

func matchInternal(claims []*claim, members []*member, used map[*member]bool) {
	for _, m := range members {
		parts := internalName.FindStringSubmatch(m.name)
		if parts == nil || used[m] {
			continue
		}
		n, _ := strconv.Atoi(parts[2])
		for _, c := range claims {
			if c.member == nil && c.field == parts[1] && c.index == n {
				c.member, c.match = m, MatchInternal
				used[m] = true
				break
			}
		}
	}
}

// matchExtensions pairs a claim and a file that are alone of their type.
func matchExtensions(claims []*claim, members []*member, used map[*member]bool) {
	wanted := make(map[string][]*claim)
	for _, c := range claims {
		if c.member == nil {
			wanted[ext(c.name)] = append(wanted[ext(c.name)], c)
		}
	}
	for e, cs := range wanted {
		var found []*member
		for _, m := range members {
			if !used[m] && ext(m.name) == e {
				found = append(found, m)
			}
		}
		if len(cs) == 1 && len(found) == 1 && e != "" {
			cs[0].member, cs[0].match = found[0], MatchExtension
			used[found[0]] = true
		}
	}
}

// names finds files by their names.
type names struct{ exact, folded map[string][]*member }

func namesOf(members []*member) *names {
	n := &names{make(map[string][]*member), make(map[string][]*member)}
	for _, m := range members {
		n.exact[m.name] = append(n.exact[m.name], m)
		n.folded[folded(m.name)] = append(n.folded[folded(m.name)], m)
	}
	return n
}

func folded(name string) string { return strings.ToLower(cleaned(name)) }

// A search is for what one message names.
type search struct {
	names  *names
	taken  map[*member]bool
	passed map[string]int // of the files of a name, those at the front that are taken
}

func (n *names) search() *search {
	return &search{n, make(map[*member]bool), make(map[string]int)}
}

// find returns the file that a message means by a name, and takes it. Of several
// of one name it is the first that is not taken; if all are, the first.
func (s *search) find(name string) (*member, Match) {
	name = baseName(name)
	exact, alike := s.names.exact[name], s.names.folded[folded(name)]
	if m := s.free("="+name, exact); m != nil {
		return m, MatchExact
	}
	if m := s.free("~"+folded(name), alike); m != nil {
		return m, MatchCase
	}
	switch {
	case len(exact) > 0:
		return exact[0], MatchExact
	case len(alike) > 0:
		return alike[0], MatchCase
	}
	return nil, ""
}

// free takes the first of files that is not taken; nil if all are.
func (s *search) free(key string, files []*member) *member {
	for i := s.passed[key]; i < len(files); i++ {
		if m := files[i]; !s.taken[m] {
			s.taken[m], s.passed[key] = true, i+1
			return m
		}
	}
	s.passed[key] = len(files)
	return nil
}
