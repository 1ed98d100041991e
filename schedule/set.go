package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

func word[T uint8 | uint16 | uint32 | uint64](w T) [4]uint64 { return [4]uint64{uint64(w)} }

// members returns the bits that are set in w.
func members(w uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for ; w != 0; w &= w - 1 {
			if !yield(bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// A set is one column on its way to text.
type set struct {
	bits   [4]uint64
	scale  scale
	cyclic bool // ranges may pass the end of the column
	names  bool // weekdays
	clock  bool // an hour, a minute or a second: whether it is wild has a meaning
	wild   bool
}

// A run is a range of bits, both ends included. to is below from if it passes
// the end of the column.
type run struct{ from, to int }

func (s set) String() string {
	all := s.members()
	switch {
	case s.clock && !s.wild:
		return s.list(all)
	case len(all) == s.scale.size():
		return "*"
	}
	if text := s.progression(all); text != "" {
		return text
	}
	return s.ranges(s.runs(all))
}

func (s set) members() []int {
	var all []int
	for i, w := range s.bits {
		for n := range members(w) {
			all = append(all, 64*i+n)
		}
	}
	return all
}

func (s set) value(i int) string {
	if s.names {
		return weekdayName(i)
	}
	return strconv.Itoa(s.scale.origin + i)
}

func (s set) list(all []int) string {
	items := make([]string, len(all))
	for i, n := range all {
		items[i] = s.value(n)
	}
	return strings.Join(items, ",")
}

// progression returns the members as a step, or "" if they are none, or too few
// to be read as one. A step of weekdays would leave open where it counts from.
func (s set) progression(all []int) string {
	if s.names || len(all) < 2 || len(all) == 2 && !s.clock {
		return ""
	}
	first, last, by := all[0], all[len(all)-1], all[1]-all[0]
	for i := range all[1:] {
		if all[i+1]-all[i] != by || by == 1 {
			return ""
		}
	}
	switch {
	case last+by < s.scale.size():
		return fmt.Sprintf("%s-%s/%d", s.value(first), s.value(last), by)
	case first == 0 && s.scale.origin != firstYear:
		return fmt.Sprintf("*/%d", by)
	}
	return fmt.Sprintf("%s/%d", s.value(first), by)
}

// runs returns the stretches of neighbours.
func (s set) runs(all []int) []run {
	var runs []run
	for _, n := range all {
		if last := len(runs) - 1; last >= 0 && runs[last].to == n-1 {
			runs[last].to = n
		} else {
			runs = append(runs, run{n, n})
		}
	}
	if last := len(runs) - 1; s.cyclic && last > 0 && runs[0].from == 0 && runs[last].to == s.scale.size()-1 {
		runs[last].to = runs[0].to
		runs = runs[1:]
	}
	return runs
}

func (s set) length(r run) int { return (r.to-r.from+s.scale.size())%s.scale.size() + 1 }

// ranges writes runs, with at least one range among them if the column is a
// wild one of the clock.
func (s set) ranges(runs []run) string {
	var items []string
	ranged := !s.clock
	for _, r := range runs {
		switch length := s.length(r); {
		case length >= 3, length == 2 && s.clock:
			items = append(items, s.value(r.from)+"-"+s.value(r.to))
			ranged = true
		case length == 2:
			items = append(items, s.value(r.from), s.value(r.to))
		default:
			items = append(items, s.value(r.from))
		}
	}
	if !ranged {
		items[0] += "-" + items[0]
	}
	return strings.Join(items, ",")
}
