package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// Describe returns a sentence that tells a person when s fires, in French if
// lang is "fr" or a tag such as "fr-FR", in English otherwise. It names the
// zone of what is not read in time.Local. The zero value yields "".
func (s *Schedule) Describe(lang string) string {
	l := english()
	if tag := strings.ToLower(lang); tag == "fr" || strings.HasPrefix(tag, "fr-") {
		l = french()
	}
	var parts []string
	for i := range s.rows {
		r := &s.rows[i]
		parts = append(parts, l.row(r)+r.zone.suffix())
	}
	for _, v := range s.intervals {
		parts = append(parts, l.interval(v)+v.zone.suffix())
	}
	return strings.Join(parts, l.semicolon)
}

func (z *zone) suffix() string {
	if z.loc == time.Local {
		return ""
	}
	return " (" + z.name() + ")"
}

func (l language) row(r *row) string {
	date := l.date(r)
	times, listed := l.times(r)
	switch {
	case listed && !r.restrictsDays():
		return strings.TrimSpace(l.daily+" "+date) + " " + times
	case listed:
		return date + " " + times
	case date == "":
		return times
	}
	return date + ", " + times
}

func (l language) interval(v interval) string {
	switch n := int(v.seconds); {
	case n%3600 == 0:
		return l.frequency(n/3600, hour)
	case n%60 == 0:
		return l.frequency(n/60, minute)
	default:
		return l.frequency(n, second)
	}
}

// times describes hours, minutes and seconds, and reports whether it lists
// times of day rather than tells how often.
func (l language) times(r *row) (text string, listed bool) {
	hours, minutes, seconds := bits.OnesCount32(r.hours), bits.OnesCount64(r.minutes), bits.OnesCount64(r.seconds)
	const few = 8
	if hours < 24 && minutes < 60 && seconds < 60 && hours*minutes*seconds <= few {
		return l.clockTimes(r), true
	}
	var parts []string
	switch {
	case seconds > 1:
		parts = append(parts, l.often(r.seconds, second))
		if minutes < 60 {
			parts = append(parts, l.some(r.minutes, minute))
		}
		parts = append(parts, l.hours(r)...)
	case minutes > 1:
		parts = append(parts, l.often(r.minutes, minute))
		if r.seconds != 1 {
			parts = append(parts, l.some(r.seconds, second))
		}
		parts = append(parts, l.hours(r)...)
	case regular(uint64(r.hours), 24) == 0:
		return l.hourly(r)
	default:
		parts = append(parts, l.often(uint64(r.hours), hour))
		if r.minutes != 1 || r.seconds != 1 {
			parts = append(parts, l.some(r.minutes, minute))
		}
		if r.seconds != 1 {
			parts = append(parts, l.some(r.seconds, second))
		}
	}
	return strings.Join(parts, " "), false
}

// hourly describes hours that follow one another, or lists them.
func (l language) hourly(r *row) (text string, listed bool) {
	s := set{bits: word(r.hours), scale: hour.scale(0), cyclic: true}
	runs := s.runs(s.members())
	if len(runs) > 1 {
		return l.clockTimes(r), true
	}
	m, sec := bits.TrailingZeros64(r.minutes), bits.TrailingZeros64(r.seconds)
	from := fmt.Sprintf("%02d:%02d:%02d", runs[0].from, m, sec)
	to := fmt.Sprintf("%02d:%02d:%02d", runs[0].to, m, sec)
	return l.each[0] + " " + fmt.Sprintf(l.during, from, to), false
}

// clockTimes lists the times of a day.
func (l language) clockTimes(r *row) string {
	var times []string
	for h := range members(uint64(r.hours)) {
		for m := range members(r.minutes) {
			for s := range members(r.seconds) {
				times = append(times, fmt.Sprintf("%02d:%02d:%02d", h, m, s))
			}
		}
	}
	return fmt.Sprintf(l.at, l.list(times, l.and))
}

// hours restricts something frequent to parts of the day.
func (l language) hours(r *row) []string {
	if r.hours == allHours {
		return nil
	}
	s := set{bits: word(r.hours), scale: hour.scale(0), cyclic: true}
	runs := s.runs(s.members())
	const few = 3
	if len(runs) > few {
		return []string{l.some(uint64(r.hours), hour)}
	}
	var spans []string
	for _, run := range runs {
		spans = append(spans, fmt.Sprintf(l.during, fmt.Sprintf("%02d:00", run.from), fmt.Sprintf("%02d:59", run.to)))
	}
	return []string{l.list(spans, l.and)}
}

// often tells how often a unit fires, or at which of its numbers.
func (l language) often(w uint64, unit column) string {
	if n := regular(w, unit.scale(0).size()); n > 0 {
		return l.frequency(n, unit)
	}
	return l.some(w, unit)
}

func (l language) frequency(n int, unit column) string {
	if n == 1 {
		return l.each[unit-hour]
	}
	return fmt.Sprintf(l.every[unit-hour], n)
}

// some tells at which numbers of a unit something fires.
func (l language) some(w uint64, unit column) string {
	format := l.someOf[unit-hour]
	if bits.OnesCount64(w) == 1 {
		format = l.oneOf[unit-hour]
	}
	s := set{bits: word(w), scale: unit.scale(0)}
	return fmt.Sprintf(format, l.list(l.numbers(s), l.and))
}

// regular returns n if w has each n-th of its size bits from bit 0 on, n
// dividing size, and 0 otherwise.
func regular(w uint64, size int) int {
	n := size / bits.OnesCount64(w)
	for i := range size {
		if w>>i&1 != 0 != (i%n == 0) {
			return 0
		}
	}
	if size%n != 0 {
		return 0
	}
	return n
}
