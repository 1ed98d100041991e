package schedule

import (
	"fmt"
	"math/bits"
	"time"
)

// Lint returns what is legal in s but may not be meant, in English, one
// sentence each that begins with the row. now is the time from which to judge
// whether rows still fire. Nil means that nothing stands out.
func (s *Schedule) Lint(now time.Time) []string {
	var found []string
	for i := range s.rows {
		r := &s.rows[i]
		for _, text := range r.lint(now) {
			found = append(found, fmt.Sprintf("%q: %s", r, text))
		}
	}
	if s.inUTCByChance() {
		found = append(found, fmt.Sprintf("%q: times are read in UTC, because that is the local zone of this process: choose one with In", s))
	}
	return found
}

func (r *row) lint(now time.Time) []string {
	var found []string
	say := func(text string) { found = append(found, text) }
	if at, _ := r.next(now.Unix()); at == never {
		if wall, _ := r.seek(now.Unix() + slack); wall == never {
			say("never fires again: its years are over")
		} else {
			say("never fires again: the clocks of its zone skip each of its times")
		}
	}
	if r.weekSteps {
		say("steps of weekdays count from the first day of the week, which is not the same everywhere: write their names")
	}
	if r.unevenSteps {
		say("a step that does not divide its column leaves a shorter interval at the end")
	}
	if r.days != allDays && r.week != allWeek {
		say("weekday and day must both match, where cron would take either: for that write two rows")
	}
	if r.skipsShortMonths() {
		say("months that are too short for its days are left out: for the last day write L")
	}
	if r.seconds == allSixty {
		say("fires each second")
	}
	return found
}

// skipsShortMonths reports whether the row has only days that some of its
// months lack, 29 February apart.
func (r *row) skipsShortMonths() bool {
	const february = 1 << 1
	if r.days == 0 || r.movable() || r.months == february {
		return false
	}
	first := uint32(bits.TrailingZeros32(r.days))
	for m := range members(uint64(r.months)) {
		if monthLength(firstYear, uint32(m)) <= first {
			return true
		}
	}
	return false
}

// inUTCByChance reports whether hours or dates are read in UTC without anyone
// having said so.
func (s *Schedule) inUTCByChance() bool {
	for i := range s.rows {
		r := &s.rows[i]
		zoned := r.hours != allHours || r.restrictsDays() || r.months != allMonths
		if zoned && r.zone.loc == time.Local && r.zone.name() == "UTC" {
			return true
		}
	}
	return false
}
