package schedule

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func TestCivil(t *testing.T) {
	for day := uint32(0); day < lastWall/daySeconds; day++ {
		at := time.Unix(int64(day)*daySeconds, 0).UTC()
		y, m, d := civil(day)
		if int(y) != at.Year() || time.Month(m+1) != at.Month() || int(d+1) != at.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %v", day, y, m+1, d+1, at)
		}
		if dayNumber(y, m)+d != day {
			t.Fatalf("the first of %d-%d is day %d, want %d", y, m+1, dayNumber(y, m), day-d)
		}
		if weekday := (int(day) + thursday + 1) % 7; weekday != int(at.Weekday()) {
			t.Fatalf("day %d is weekday %d, want %v", day, weekday, at.Weekday())
		}
		if length := at.AddDate(0, 1, -at.Day()).Day(); d == 0 && int(monthLength(y, m)) != length {
			t.Fatalf("%d-%d has %d days, want %d", y, m+1, monthLength(y, m), length)
		}
	}
}

// Next must not get slow where nothing fires for long.
func TestSteps(t *testing.T) {
	paris := &zone{loc: mustLoad(t, "Europe/Paris")}
	tests := []struct {
		name, row string
		policy    ClockChange
		limit     int
	}{
		{"frequent", "* * * * * * */15", Keep, 3},
		{"yearly", "* 1 * 1 0 0 0", Keep, 10},
		{"29 February a Monday, 40 years apart", "* 2 mon 29 0 0 0", Keep, 150},
		{"five Mondays in a February, the last day, 40 years apart", "* 2 mon#5 L 0 0 0", Keep, 150},
		{"a last year long before the next one", "1970,2199 * * * 0 0 0", Keep, 10},
		{"one day of three months that rarely fits", "1970,1976-1981,2199 2,3,11 sun 1 0 0 0", Keep, 20},
		{"nothing but what the clocks skip", "* 3 sunL * 2 30 0", Match, 10},
		{"nothing but what the clocks skip, and the last year", "1990-2198,2199 3 sunL * 2 30 0", Match, 10},
	}
	for _, tt := range tests {
		r, err := parseRow(tt.row, columnOrder(), NumberingISO)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		r.settle(paris, tt.policy)
		most := 0
		for at, calls := int64(0), 0; at != never && calls < 2000; calls++ {
			next, steps := r.next(at)
			most = max(most, steps)
			if next != never && next <= at {
				t.Fatalf("%s: after %d comes %d", tt.name, at, next)
			}
			at = next
		}
		t.Logf("%s: at most %d steps", tt.name, most)
		if most > tt.limit {
			t.Errorf("%s: %d months and periods looked at for one instant, want at most %d", tt.name, most, tt.limit)
		}
	}
}

// The same of rows that nobody chose: 480 months are the 40 years that may lie
// between two matches of a date.
func TestStepsAreBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	most := 0
	for _, name := range zoneNames() {
		z := &zone{loc: mustLoad(t, name)}
		for range 300 {
			r := randomRow(random)
			if !r.possible() {
				continue
			}
			r.settle(z, ClockChange(random.IntN(2)))
			for range 20 {
				at := random.Int64N(lastWall)
				next, steps := r.next(at)
				if most = max(most, steps); steps > 500 {
					t.Errorf("%q in %s after %d: %d months and periods looked at, want at most 500", &r, name, at, steps)
				}
				if next != never && next <= at {
					t.Errorf("%q in %s: after %d comes %d", &r, name, at, next)
				}
			}
		}
	}
	t.Logf("at most %d steps", most)
}

// randomRow returns a row that is likely to fire seldom.
func randomRow(random *rand.Rand) row {
	few := func(size, most int) (w uint64) {
		for range 1 + random.IntN(most) {
			w |= 1 << random.IntN(size)
		}
		return w
	}
	r := row{
		years: first(allYears), months: uint16(few(12, 12)), week: uint8(few(7, 2)), days: uint32(few(31, 3)),
		hours: uint32(few(4, 2)), minutes: few(60, 3), seconds: few(60, 3),
	}
	if random.IntN(3) == 0 {
		r.years = [4]uint64{few(64, 9), few(64, 9), few(64, 9), few(allYears-192, 9)}
	}
	if random.IntN(3) == 0 {
		r.week, r.nth[random.IntN(5)], r.last = 0, uint8(few(7, 1)), uint8(few(7, 1))
	}
	if random.IntN(3) == 0 {
		r.days, r.fromEnd, r.near, r.nearEnd = 0, uint32(few(31, 2)), uint32(few(31, 2)), uint32(few(31, 2))
	}
	if random.IntN(4) == 0 {
		r.hours = allHours
	}
	r.wildMinutes = random.IntN(2) == 0
	return r
}

// What time.ZoneBounds says is taken only if it is true: also after 2037, where
// it reports changes that are none and ends that are past.
func TestPeriods(t *testing.T) {
	for _, name := range zoneNames() {
		z := &zone{loc: mustLoad(t, name)}
		real := changes(z)
		i, periods := 0, 0
		for u := int64(0); u < lastWall; periods++ {
			p := z.find(u)
			if p.start > u || p.end <= u {
				t.Fatalf("%s: the period of %d is [%d, %d)", name, u, p.start, p.end)
			}
			for i < len(real) && real[i] <= u {
				i++
			}
			if i < len(real) && real[i] < p.end {
				t.Fatalf("%s: the period [%d, %d) of %d hides the change at %d", name, p.start, p.end, u, real[i])
			}
			if p.before != z.offset(p.start-1) || p.after != z.offset(p.end) || p.offset != z.offset(u) {
				t.Fatalf("%s: the offsets around the period of %d are wrong: %+v", name, u, p)
			}
			u = p.end
		}
		if periods > 5*230 {
			t.Errorf("%s: %d periods to 2199, want a few each year", name, periods)
		}
	}
}

// A period that is remembered is one that was found, also where it is replaced
// while it is read.
func TestMemory(t *testing.T) {
	z := &zone{loc: mustLoad(t, "Europe/Paris")}
	var p period
	if z.at(1e9, &p); !z.last.load(1e9, &p) || p != z.find(1e9) {
		t.Errorf("after a question about its period a zone remembers %+v, want it", p)
	}
	var m memory
	var wg sync.WaitGroup
	for g := range int64(4) {
		wg.Go(func() {
			for i := range int64(300000) {
				n := g + 4*i
				m.store(&period{-n, n + 1, n, n, n})
				var got period
				if m.load(0, &got) && (got.start != -got.offset || got.end != got.offset+1 || got.before != got.after) {
					t.Errorf("%+v was never stored", got)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Far matches are converted by the offsets around them, which takes for granted
// that no zone changes its offset and changes it back within two days.
func TestNoZoneChangesBackAtOnce(t *testing.T) {
	for _, name := range zoneNames() {
		z := &zone{loc: mustLoad(t, name)}
		all := changes(z)
		for i := range len(all) - 1 {
			if all[i+1]-all[i] < 2*slack && z.offset(all[i]-1) == z.offset(all[i+1]) {
				t.Errorf("%s changes its offset at %d and back at %d", name, all[i], all[i+1])
			}
		}
	}
}

// changes finds the changes of offset from 1970 to 2199 by looking twice a day.
func changes(z *zone) []int64 {
	var all []int64
	last := z.offset(0)
	const often = daySeconds / 2
	for u := int64(often); u < lastWall; u += often {
		offset := z.offset(u)
		if offset == last {
			continue
		}
		from, to := u-often, u
		for to-from > 1 {
			if middle := (from + to) / 2; z.offset(middle) == last {
				from = middle
			} else {
				to = middle
			}
		}
		all, last = append(all, to), offset
	}
	return all
}

// zoneNames are zones that are hard in different ways.
func zoneNames() []string {
	if testing.Short() {
		return []string{"Europe/Paris", "Australia/Lord_Howe"}
	}
	return []string{"Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "Pacific/Apia"}
}

func mustLoad(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("the tests need time zone data: %v", err)
	}
	return loc
}
