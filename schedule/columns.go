package schedule

import "strings"

// A column is one of the seven, in the order in which EzGED shows them.
type column int

const (
	year column = iota
	month
	weekday
	day
	hour
	minute
	second
	columnCount
)

func columnOrder() []column { return []column{year, month, weekday, day, hour, minute, second} }

func (c column) String() string {
	switch c {
	case year:
		return "year"
	case month:
		return "month"
	case weekday:
		return "weekday"
	case day:
		return "day"
	case hour:
		return "hour"
	case minute:
		return "minute"
	}
	return "second"
}

// A scale is the line of numbers that a column counts on.
type scale struct {
	lo, hi      int // numbers that may be written
	first, last int // what "*" begins with, and where "a/n" ends
	origin      int // the number of bit 0
}

func (s scale) size() int { return s.last - s.first + 1 }

// index returns the bit of a number, which a range past the end of the column
// has taken round it at most once.
func (s scale) index(n int) int { return (n - s.origin + s.size()) % s.size() }

func (c column) scale(n Numbering) scale {
	switch c {
	case year:
		return scale{firstYear, lastYear, firstYear, lastYear, firstYear}
	case month:
		return scale{1, 12, 1, 12, 1}
	case weekday:
		return n.scale()
	case day:
		return scale{1, 31, 1, 31, 1}
	case hour:
		return scale{0, 23, 0, 23, 0}
	}
	return scale{0, 59, 0, 59, 0}
}

// allowed tells what may stand in the column.
func (c column) allowed(n Numbering) string {
	switch c {
	case year:
		return "1970 to 2199, with ranges a-b and steps a/n"
	case month:
		return "1 to 12 and names such as jan or janv, with ranges a-b and steps */n"
	case weekday:
		return n.String() + " and names such as mon or lun, with ranges a-b, steps */n, a#1 to a#5 and aL"
	case day:
		return "1 to 31, with ranges a-b and steps */n, L, L-1 to L-30, 1W to 31W, LW and L-1W to L-30W"
	case hour:
		return "0 to 23, with ranges a-b and steps */n"
	}
	return "0 to 59, with ranges a-b and steps */n"
}

// A Numbering says which weekday a number stands for. Names mean the same in
// all of them.
type Numbering int

const (
	// NumberingISO is that of Row: 1 is Monday and 7 Sunday, as in ISO 8601,
	// and 0 is Sunday too. Steps count from Monday.
	NumberingISO Numbering = iota

	// NumberingPython is that of Python's datetime.weekday: 0 is Monday and
	// 6 Sunday. Steps count from Monday.
	NumberingPython

	// NumberingQuartz is that of the Quartz scheduler: 1 is Sunday and 7
	// Saturday. Steps count from Sunday.
	NumberingQuartz

	// numberingCron is that of cron: 0 and 7 are Sunday. Steps count from
	// Sunday.
	numberingCron
)

// String tells which number is which day.
func (n Numbering) String() string {
	switch n {
	case NumberingPython:
		return "0 (Monday) to 6 (Sunday)"
	case NumberingQuartz:
		return "1 (Sunday) to 7 (Saturday)"
	case numberingCron:
		return "0 (Sunday) to 7 (Sunday)"
	}
	return "1 (Monday) to 7 (Sunday), 0 (Sunday)"
}

func (n Numbering) scale() scale {
	switch n {
	case NumberingPython:
		return scale{0, 6, 0, 6, 0}
	case NumberingQuartz:
		return scale{1, 7, 1, 7, 2}
	case numberingCron:
		return scale{0, 7, 0, 6, 1}
	}
	return scale{0, 7, 1, 7, 1}
}

// Columns is a row with its columns named, so that no order has to be
// remembered. Each field holds what the column of a row would.
//
// An empty field means "*", but for Second, where it means "0", as in the row
// that EzGED proposes: the zero value fires at each full minute.
type Columns struct {
	Year, Month, Weekday, Day, Hour, Minute, Second string
}

// Schedule parses c as Row does the row that c stands for.
func (c Columns) Schedule() (*Schedule, error) { return Row(c.String()) }

// String returns the row that c stands for.
func (c Columns) String() string {
	fields := []string{c.Year, c.Month, c.Weekday, c.Day, c.Hour, c.Minute, c.Second}
	for i, f := range fields {
		if f = strings.TrimSpace(f); f == "" {
			f = "*"
			if column(i) == second {
				f = "0"
			}
		}
		fields[i] = f
	}
	return strings.Join(fields, " ")
}
