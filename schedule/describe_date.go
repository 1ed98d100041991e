package schedule

import (
	"fmt"
	"math/bits"
	"strings"
)

func (r *row) restrictsDays() bool { return r.days != allDays || r.week != allWeek }

// movable reports whether the day column depends on how the month lies.
func (r *row) movable() bool { return r.fromEnd|r.near|r.nearEnd != 0 }

// date describes the columns from year to day, "" if all are open.
func (l language) date(r *row) string {
	var parts []string
	inMonths := l.monthsOf(r)
	switch {
	case r.days != allDays:
		days := l.list(l.days(r), l.and)
		if bits.OnesCount16(r.months) == 1 && !r.movable() {
			days = fmt.Sprintf(l.dayIn, days, l.months[bits.TrailingZeros16(r.months)])
			inMonths = ""
		}
		parts = append(parts, days)
		if r.week != allWeek {
			which := l.weekdaysOf(r, func(name string) string { return fmt.Sprintf(l.oneWeekday, name) }, nil)
			parts = append(parts, fmt.Sprintf(l.ifItIs, l.list(which, l.or)))
		}
	case r.week != allWeek:
		which := l.weekdaysOf(r,
			func(name string) string { return fmt.Sprintf(l.eachWeekday, name) },
			func(from, to string) string { return fmt.Sprintf(l.weekdaySpan, from, to) })
		parts = append(parts, l.list(which, l.and))
	}
	for _, text := range []string{inMonths, l.yearsOf(r)} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

// weekdaysOf names what the weekday column allows, one by one if span is nil.
func (l language) weekdaysOf(r *row, one func(string) string, span func(from, to string) string) []string {
	name := func(d int) string { return l.weekdays[d] }
	names := items(set{bits: word(r.week), scale: weekday.scale(0), cyclic: true}, name, one, span)
	for i, days := range r.nth {
		for d := range members(uint64(days)) {
			names = append(names, fmt.Sprintf(l.nthWeekday, l.ordinals[i], l.weekdays[d]))
		}
	}
	for d := range members(uint64(r.last)) {
		names = append(names, fmt.Sprintf(l.nthWeekday, l.last, l.weekdays[d]))
	}
	return names
}

func (l language) days(r *row) []string {
	days := items(set{bits: word(r.days), scale: day.scale(0)},
		func(d int) string { return l.dayOfMonth(d + 1) },
		func(name string) string { return fmt.Sprintf(l.theDay, name) },
		func(from, to string) string { return fmt.Sprintf(l.daySpan, from, to) })
	for n := range members(uint64(r.fromEnd)) {
		days = append(days, fmt.Sprintf(l.theDay, l.fromLast(n)))
	}
	for n := range members(uint64(r.near)) {
		days = append(days, fmt.Sprintf(l.nearest, l.dayOfMonth(n+1)))
	}
	for n := range members(uint64(r.nearEnd)) {
		if n == 0 {
			days = append(days, l.lastWork)
		} else {
			days = append(days, fmt.Sprintf(l.nearest, l.fromLast(n)))
		}
	}
	return days
}

func (l language) fromLast(n int) string {
	if n == 0 {
		return l.lastDay
	}
	return fmt.Sprintf(l.beforeLast, l.ordinal(n))
}

func (l language) monthsOf(r *row) string {
	if r.months == allMonths {
		return ""
	}
	s := set{bits: word(r.months), scale: month.scale(0), cyclic: true}
	all := s.members()
	if runs := s.runs(all); len(runs) == 1 && len(all) >= 3 {
		return l.monthSpan(l.months[runs[0].from], l.months[runs[0].to])
	}
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = l.months[m]
	}
	return fmt.Sprintf(l.in, l.list(names, l.and))
}

func (l language) yearsOf(r *row) string {
	s := set{bits: r.years, scale: year.scale(0)}
	all := s.members()
	first, last := firstYear+all[0], firstYear+all[len(all)-1]
	switch runs := s.runs(all); {
	case len(all) == allYears:
		return ""
	case len(runs) == 1 && len(all) >= 3 && last == lastYear:
		return fmt.Sprintf(l.yearsFrom, first)
	case len(runs) == 1 && len(all) >= 3:
		return fmt.Sprintf(l.yearSpan, first, last)
	case len(all) > 3 && s.progression(all) != "":
		return fmt.Sprintf(l.everyYears, all[1]-all[0], first, last)
	}
	return fmt.Sprintf(l.in, l.list(l.numbers(s), l.and))
}
