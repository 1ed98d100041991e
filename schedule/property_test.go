package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/schedule"
)

// An oracle decides second by second, from the definition of the policies and
// with the calendar of package time, whether a row fires. It shares no code
// with the package: rows come to it as lists of numbers.
type oracle struct {
	columns [7][]int // month, weekday and day as package time counts them; nil: all
	wild    [3]bool  // hour, minute, second
	keep    bool
	loc     *time.Location
}

func (o *oracle) text() string {
	fields := make([]string, 7)
	for i, values := range o.columns {
		switch {
		case values == nil:
			fields[i] = "*"
		case i >= 4 && o.wild[i-4]:
			items := make([]string, len(values))
			for j, v := range values {
				items[j] = fmt.Sprintf("%d-%d", v, v)
			}
			fields[i] = strings.Join(items, ",")
		default:
			fields[i] = strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ","), "[]")
		}
	}
	return strings.Join(fields, " ")
}

func (o *oracle) matches(wall int64) bool {
	t := time.Unix(wall, 0).UTC()
	for i, v := range []int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second()} {
		if o.columns[i] != nil && !slices.Contains(o.columns[i], v) {
			return false
		}
	}
	return true
}

func (o *oracle) offset(u int64) int64 {
	_, offset := time.Unix(u, 0).In(o.loc).Zone()
	return int64(offset)
}

// fires returns the instants after from up to to.
func (o *oracle) fires(from, to int64) []int64 {
	plain := !slices.Contains(o.wild[:], true)
	everyHour := o.columns[4] == nil
	seen := int64(-1 << 62)  // the latest wall second of the passes before
	const before = 26 * 3600 // no pass is longer
	last := o.offset(from - before)
	var all []int64
	for u := from - before + 1; u <= to; u++ {
		offset := o.offset(u)
		wall := u + offset
		fires := o.matches(wall) && u > from
		if o.keep && plain && wall <= seen {
			fires = false
		}
		if o.keep && !everyHour && offset > last && u > from {
			for w := u + last; w < wall && !fires; w++ {
				fires = o.matches(w)
			}
		}
		if fires {
			all = append(all, u)
		}
		seen, last = max(seen, wall), offset
	}
	return all
}

func TestNextAgainstTheDefinition(t *testing.T) {
	edges := []struct {
		zone string
		near []string
	}{
		{"Europe/Paris", []string{"2026-03-29T03:00:00+02:00", "2026-10-25T02:00:00+01:00", "2041-03-31T03:00:00+02:00", "2040-12-31T12:00:00+01:00", "2026-06-30T23:00:00+02:00"}},
		{"Australia/Lord_Howe", []string{"2026-04-05T01:30:00+10:30", "2026-10-04T02:30:00+11:00"}},
		{"America/Sao_Paulo", []string{"2018-11-04T01:00:00-02:00", "2018-02-17T23:00:00-03:00"}},
		{"Antarctica/Troll", []string{"2026-03-29T03:00:00+02:00", "2026-10-25T01:00:00Z"}},
		{"Africa/Casablanca", []string{"2026-02-15T02:00:00Z", "2026-03-22T03:00:00+01:00"}},
		{"Pacific/Apia", []string{"2011-12-31T00:00:00+14:00"}},
		{"UTC", []string{"2028-02-29T00:00:00Z", "2026-12-31T12:00:00Z"}},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, e := range edges {
		loc := location(t, e.zone)
		for _, near := range e.near {
			around := instants(t, near)[0]
			for range 4 {
				o := randomRow(random, around.In(loc))
				o.loc, o.keep = loc, random.IntN(3) > 0
				from := around.Unix() - random.Int64N(20000)
				compare(t, o, from, from+40000)
			}
		}
	}
}

// randomRow returns a row with a fair chance to fire around t.
func randomRow(random *rand.Rand, t time.Time) *oracle {
	o := new(oracle)
	some := func(near, from, size, most int) []int {
		values := []int{near}
		for range random.IntN(most) {
			values = append(values, from+random.IntN(size))
		}
		slices.Sort(values)
		return slices.Compact(values)
	}
	if random.IntN(2) == 0 {
		o.columns[1] = some(int(t.Month()), 1, 12, 4)
	}
	switch random.IntN(4) {
	case 0:
		o.columns[2] = some(int(t.Weekday()), 0, 7, 4)
	case 1:
		o.columns[3] = some(t.Day(), 1, 31, 6)
	}
	if random.IntN(5) > 0 {
		o.columns[4] = some((t.Hour()+22+random.IntN(4))%24, 0, 24, 6)
	}
	if random.IntN(5) > 0 {
		o.columns[5] = some(random.IntN(60), 0, 60, 4)
	}
	if random.IntN(5) > 0 {
		o.columns[6] = some(random.IntN(60), 0, 60, 3)
	}
	for i := range o.wild {
		o.wild[i] = o.columns[4+i] == nil || random.IntN(4) == 0
	}
	return o
}

// compare walks through a stretch of time and checks that Next names each
// instant at which the row fires, and no other.
func compare(t *testing.T, o *oracle, from, to int64) {
	t.Helper()
	s := schedule.Must(schedule.Row(o.text())).In(o.loc)
	if !o.keep {
		s = s.On(schedule.Match)
	}
	at := time.Unix(from, 0)
	for i, want := range o.fires(from, to) {
		got := s.Next(at)
		if got.Unix() != want {
			t.Errorf("%q: after %v: fire %d at %v, want %v", s, at.In(o.loc), i, got, time.Unix(want, 0).In(o.loc))
			return
		}
		at = got
	}
	if got := s.Next(at); !got.IsZero() && got.Unix() <= to {
		t.Errorf("%q: after %v: %v, where nothing fires until %v", s, at.In(o.loc), got, time.Unix(to, 0).In(o.loc))
	}
}
