package schedule

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Schedule is a set of instants: those of its rows taken together, each
// once. It is immutable and safe for concurrent use; only UnmarshalText
// changes one. The zero value never fires.
type Schedule struct {
	rows      []row
	intervals []interval
}

// A ClockChange says what a row does when the clocks of its zone are put
// forward or back.
type ClockChange int

const (
	// Keep loses no planned run and doubles none.
	//
	// Clocks put forward: a row restricted in its hour column that has at
	// least one match in the skipped interval fires once, at the first instant
	// after it. A row of every hour has lost nothing and makes nothing up.
	//
	// Clocks put back: a row whose hour, minute and second columns are plain
	// numbers, or lists of them, fires in the first of the two passes only. A
	// "*", a range or a step in one of the three makes it follow real time
	// through both.
	Keep ClockChange = iota

	// Match fires whenever the wall clock matches: never in the interval that
	// is skipped, twice in the one that is repeated.
	Match
)

// String returns "keep" or "match".
func (c ClockChange) String() string {
	if c == Match {
		return "match"
	}
	return "keep"
}

var errNoRows = errors.New("a schedule needs at least one row")

// Row parses one row of seven columns: year, month, weekday, day, hour,
// minute, second. The zone is time.Local and the policy at clock changes Keep.
//
// An error is a *SyntaxError, or wraps ErrNeverFires where the columns are
// legal and no date matches them.
func Row(row string) (*Schedule, error) { return Import(NumberingISO, row) }

// Rows parses rows as Row does and returns their union. No row at all is an
// error.
func Rows(rows ...string) (*Schedule, error) { return Import(NumberingISO, rows...) }

// Import parses rows as Rows does, with the weekday numbers of another
// program.
func Import(n Numbering, rows ...string) (*Schedule, error) {
	if len(rows) == 0 {
		return nil, errNoRows
	}
	parsed := make([]row, len(rows))
	for i, text := range rows {
		r, err := parseRow(text, columnOrder(), n)
		if err != nil {
			return nil, err
		}
		parsed[i] = r
	}
	return of(parsed...), nil
}

// of returns a schedule of rows in time.Local.
func of(rows ...row) *Schedule {
	z := &zone{loc: time.Local}
	for i := range rows {
		rows[i].zone = z
	}
	return &Schedule{rows: rows}
}

// Every returns a schedule that fires at the multiples of d since 1970-01-01
// 00:00:00 UTC, so that a restart does not shift it. It pays no regard to wall
// clocks: for "each day at noon" write a row. d is a positive whole number of
// seconds; anything else is an error.
func Every(d time.Duration) (*Schedule, error) {
	if d <= 0 || d%time.Second != 0 {
		return nil, fmt.Errorf("interval %v: allowed are whole seconds, at least one", d)
	}
	z := &zone{loc: time.Local}
	return &Schedule{intervals: []interval{{int64(d / time.Second), z}}}, nil
}

// Union returns a schedule that fires whenever one of the given ones does, and
// once where several do. Each part keeps its zone and its policy.
func Union(schedules ...*Schedule) *Schedule {
	u := new(Schedule)
	for _, s := range schedules {
		u.rows = append(u.rows, s.rows...)
		u.intervals = append(u.intervals, s.intervals...)
	}
	return u
}

// Must returns s, and panics if err is not nil. It is for schedules that are
// written into a program.
func Must(s *Schedule, err error) *Schedule {
	if err != nil {
		panic(err)
	}
	return s
}

// In returns a copy whose rows are all read in loc. It panics if loc is nil,
// as time.Time.In does.
//
// For rows under Match, In and On look through the clock changes of the zone to
// the year 2199, which takes about a millisecond.
func (s *Schedule) In(loc *time.Location) *Schedule {
	if loc == nil {
		panic("schedule: In: nil location")
	}
	c, z := s.clone(), &zone{loc: loc}
	for i := range c.rows {
		c.rows[i].settle(z, c.rows[i].policy)
	}
	for i := range c.intervals {
		c.intervals[i].zone = z
	}
	return c
}

// On returns a copy whose rows all follow that policy at clock changes.
func (s *Schedule) On(policy ClockChange) *Schedule {
	c := s.clone()
	for i := range c.rows {
		c.rows[i].settle(c.rows[i].zone, policy)
	}
	return c
}

func (s *Schedule) clone() *Schedule {
	return &Schedule{slices.Clone(s.rows), slices.Clone(s.intervals)}
}

// Next returns the first instant of s that is strictly after t, to the whole
// second and in the zone of the row that fires. It returns the zero Time if
// there is none: rows end with the year 2199, and so do intervals.
//
// It takes a bounded number of steps, some microseconds at most, and allocates
// nothing.
func (s *Schedule) Next(t time.Time) time.Time {
	after, best := t.Unix(), int64(never)
	var z *zone
	for i := range s.rows {
		if at, _ := s.rows[i].next(after); at < best {
			best, z = at, s.rows[i].zone
		}
	}
	for _, v := range s.intervals {
		if at := v.next(after); at < best {
			best, z = at, v.zone
		}
	}
	if z == nil {
		return time.Time{}
	}
	return time.Unix(best, 0).In(z.loc)
}

// NextN returns the first n instants of s after t in their order, fewer if
// there are no more.
func (s *Schedule) NextN(t time.Time, n int) []time.Time {
	var all []time.Time
	for range n {
		if t = s.Next(t); t.IsZero() {
			break
		}
		all = append(all, t)
	}
	return all
}

// An interval fires at the multiples of a number of seconds.
type interval struct {
	seconds int64
	zone    *zone // of the times that Next returns
}

func (v interval) next(after int64) int64 {
	if after < 0 {
		return 0
	}
	if after >= lastWall {
		return never
	}
	at := after + v.seconds - after%v.seconds
	if at >= lastWall {
		return never
	}
	return at
}
