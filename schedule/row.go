package schedule

import "math/bits"

// A row is seven columns, each a set of bits, with the zone in which they are
// read. What the weekday column allows and what the day column allows are ANDed
// month by month.
type row struct {
	years            [4]uint64 // bit 0: 1970
	seconds, minutes uint64
	hours            uint32
	days             uint32 // bit 0: the 1st
	fromEnd          uint32 // bit n: n days before the last of the month
	near             uint32 // bit 0: the working day nearest the 1st
	nearEnd          uint32 // bit n: the working day nearest n days before the last
	months           uint16 // bit 0: January
	week             uint8  // bit 0: Monday
	nth              [5]uint8
	last             uint8 // weekdays that count only as the last of the month

	wildHours, wildMinutes, wildSeconds bool // written with a star, a range or a step
	weekSteps, unevenSteps              bool // for Lint

	policy   ClockChange
	zone     *zone
	afterGap []int64 // under Match: the first match after each gap of the zone, or never
}

const (
	daySeconds = 24 * 60 * 60

	firstYear = 1970
	lastYear  = 2199
	allYears  = lastYear - firstYear + 1

	allMonths = 1<<12 - 1
	allWeek   = 1<<7 - 1
	allDays   = 1<<31 - 1
	allHours  = 1<<24 - 1
	allSixty  = 1<<60 - 1
)

// once reports whether the row fires in the first pass only of an interval
// that the clocks repeat.
func (r *row) once() bool {
	return r.policy != Match && !r.wildHours && !r.wildMinutes && !r.wildSeconds
}

// makesUp reports whether the row fires at the end of an interval that the
// clocks skip for a match inside it.
func (r *row) makesUp() bool { return r.policy != Match && r.hours != allHours }

// seek returns the first second at or after wall that matches, both counted on
// the wall clock since 1970, or never. It also returns the number of months it
// looked at.
func (r *row) seek(wall int64) (at int64, steps int) {
	wall = max(wall, 0)
	if wall >= lastWall {
		return never, 0
	}
	day, second := uint32(wall/daySeconds), uint32(wall%daySeconds)
	y, m, d := civil(day)
	if r.hasYear(y) && r.months>>m&1 != 0 {
		steps++
		mask := r.daysOf(y, m, (day-d+thursday)%7) >> d
		if mask&1 != 0 {
			if s, ok := r.secondOfDay(second); ok {
				return int64(day)*daySeconds + int64(s), steps
			}
			mask &^= 1
		}
		if mask != 0 {
			return r.start(day + uint32(bits.TrailingZeros32(mask))), steps
		}
	}
	for y, m = r.monthAfter(y, m); y <= lastYear; y, m = r.monthAfter(y, m) {
		steps++
		first := dayNumber(y, m)
		if mask := r.daysOf(y, m, (first+thursday)%7); mask != 0 {
			return r.start(first + uint32(bits.TrailingZeros32(mask))), steps
		}
	}
	return never, steps
}

// start returns the first match on a day whose date matches.
func (r *row) start(day uint32) int64 {
	s, _ := r.secondOfDay(0)
	return int64(day)*daySeconds + int64(s)
}

// secondOfDay returns the first second of a day at or after from that matches.
func (r *row) secondOfDay(from uint32) (uint32, bool) {
	h, m, s := from/3600, from/60%60, from%60
	if r.hours>>h&1 != 0 {
		if r.minutes>>m&1 != 0 {
			if rest := r.seconds >> s; rest != 0 {
				return from + uint32(bits.TrailingZeros64(rest)), true
			}
		}
		if rest := r.minutes >> (m + 1); rest != 0 {
			m += 1 + uint32(bits.TrailingZeros64(rest))
			return h*3600 + m*60 + uint32(bits.TrailingZeros64(r.seconds)), true
		}
	}
	rest := r.hours >> (h + 1)
	if rest == 0 {
		return 0, false
	}
	h += 1 + uint32(bits.TrailingZeros32(rest))
	return h*3600 + uint32(bits.TrailingZeros64(r.minutes))*60 + uint32(bits.TrailingZeros64(r.seconds)), true
}

// monthAfter returns the first month after m of year y that the columns allow.
// The year is past the last one if there is none.
func (r *row) monthAfter(y, m uint32) (uint32, uint32) {
	if r.hasYear(y) {
		if rest := r.months >> (m + 1); rest != 0 {
			return y, m + 1 + uint32(bits.TrailingZeros16(rest))
		}
	}
	return r.yearFrom(y + 1), uint32(bits.TrailingZeros16(r.months))
}

func (r *row) hasYear(y uint32) bool {
	i := y - firstYear
	return r.years[i/64]>>(i%64)&1 != 0
}

// yearFrom returns the first year from y on that the column allows, or one past
// the last.
func (r *row) yearFrom(y uint32) uint32 {
	i := y - firstYear
	for word := i / 64; word < uint32(len(r.years)); word++ {
		if rest := r.years[word] >> (i % 64); rest != 0 {
			return y + uint32(bits.TrailingZeros64(rest))
		}
		y += 64 - i%64
		i += 64 - i%64
	}
	return lastYear + 1
}

// daysOf returns the days of a month that match, the 1st in bit 0. first is the
// weekday of the 1st, counted from Monday.
func (r *row) daysOf(y, m, first uint32) uint32 {
	length := monthLength(y, m)
	days := r.days
	if r.fromEnd|r.near|r.nearEnd != 0 {
		days |= r.movableDays(length, first)
	}
	week := weekly(r.week, first)
	if r.nth != [5]uint8{} || r.last != 0 {
		for i, set := range r.nth {
			week |= weekly(set, first) & (allWeek << (7 * i))
		}
		week |= weekly(r.last, first) & (allWeek << (length - 7))
	}
	return days & week & (1<<length - 1)
}

// weekly spreads a set of weekdays over a month that begins on weekday first.
func weekly(set uint8, first uint32) uint32 {
	const everySeventh = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28 | 1<<35
	return uint32(uint64(set) * everySeventh >> first)
}

// movableDays returns the days that depend on how the month lies.
func (r *row) movableDays(length, first uint32) uint32 {
	days := bits.Reverse32(r.fromEnd) >> (32 - length)
	near := r.near | bits.Reverse32(r.nearEnd)>>(32-length)
	for near &= 1<<length - 1; near != 0; near &= near - 1 {
		days |= 1 << workingDay(uint32(bits.TrailingZeros32(near)), length, first)
	}
	return days
}

// workingDay returns the day from Monday to Friday of the same month that is
// nearest to d. Days are counted from 0.
func workingDay(d, length, first uint32) uint32 {
	switch (first + d) % 7 {
	case 5: // Saturday
		if d == 0 {
			return d + 2
		}
		return d - 1
	case 6: // Sunday
		if d == length-1 {
			return d - 2
		}
		return d + 1
	}
	return d
}

// possible reports whether any date matches.
func (r *row) possible() bool {
	at, _ := r.seek(0)
	return at != never
}
