package schedule

import (
	"fmt"
	"strings"
	"time"
)

// String returns s in a form that Parse reads: its rows, and its intervals as
// "@every 1m30s", with "; " between them. Weekdays are written by name, and
// what a row says in several ways is written in one. A row that is not read in
// time.Local begins with its zone, such as "TZ=Europe/Paris" or "TZ=+02:00",
// and one that follows Match with "CLOCK=match". The zero value yields "".
func (s *Schedule) String() string {
	var parts []string
	for i := range s.rows {
		r := &s.rows[i]
		parts = append(parts, r.zone.prefix()+r.clockPrefix()+r.String())
	}
	for _, v := range s.intervals {
		parts = append(parts, v.zone.prefix()+"@every "+(time.Duration(v.seconds)*time.Second).String())
	}
	return strings.Join(parts, "; ")
}

// MarshalText returns what String does. A schedule without rows is an error.
func (s *Schedule) MarshalText() ([]byte, error) {
	if len(s.rows)+len(s.intervals) == 0 {
		return nil, errNoRows
	}
	return []byte(s.String()), nil
}

// UnmarshalText makes s what Parse reads in text. s stays as it was if that is
// an error.
func (s *Schedule) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*s = *parsed
	return nil
}

// Parse reads what String writes: rows and intervals, separated by semicolons
// or line ends, each with its TZ and CLOCK before it if need be. Zones are
// looked up by time.LoadLocation.
func Parse(text string) (*Schedule, error) {
	var parts []*Schedule
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		s, err := parsePart(part)
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return nil, errNoRows
	}
	return Union(parts...), nil
}

func parsePart(part string) (*Schedule, error) {
	loc, policy, rest := time.Local, Keep, part
	for {
		word, after, _ := strings.Cut(rest, " ")
		if name, ok := strings.CutPrefix(word, "TZ="); ok {
			l, err := parseZone(name)
			if err != nil {
				return nil, err
			}
			loc = l
		} else if name, ok := strings.CutPrefix(word, "CLOCK="); ok {
			switch name {
			case "keep":
				policy = Keep
			case "match":
				policy = Match
			default:
				return nil, fmt.Errorf("clock %q: allowed are keep and match", clip(name))
			}
		} else {
			break
		}
		rest = strings.TrimSpace(after)
	}
	s, err := parseRowOrInterval(rest)
	if err != nil {
		return nil, err
	}
	return s.In(loc).On(policy), nil
}

func parseRowOrInterval(text string) (*Schedule, error) {
	every, ok := strings.CutPrefix(text, "@every ")
	if !ok {
		return Row(text)
	}
	d, err := time.ParseDuration(strings.TrimSpace(every))
	if err != nil {
		return nil, fmt.Errorf("interval %q: allowed are durations such as 90s or 1h30m", clip(every))
	}
	return Every(d)
}

// parseZone reads the name of a zone, or an offset such as "+02:00".
func parseZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, fmt.Errorf("zone %q: allowed are names such as Europe/Paris and offsets such as +02:00", name)
	}
	if name[0] != '+' && name[0] != '-' {
		loc, err := time.LoadLocation(name)
		if err != nil {
			return nil, fmt.Errorf("zone %q: %w", clip(name), err)
		}
		return loc, nil
	}
	for _, layout := range []string{"-07:00", "-07:00:00"} {
		if t, err := time.Parse(layout, name); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(name, offset), nil
		}
	}
	return nil, fmt.Errorf("zone %q: allowed are names such as Europe/Paris and offsets such as +02:00", clip(name))
}

// prefix returns what String writes before a row of the zone.
func (z *zone) prefix() string {
	if z.loc == time.Local {
		return ""
	}
	return "TZ=" + z.name() + " "
}

// name returns the name of the zone, or its offset if that never changes, for
// then the name may be anyone's invention.
func (z *zone) name() string {
	t := time.Unix(0, 0).In(z.loc)
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	switch {
	case !start.IsZero() || !end.IsZero():
		return z.loc.String()
	case offset == 0:
		return "UTC"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	name := fmt.Sprintf("%s%02d:%02d", sign, offset/3600, offset/60%60)
	if offset%60 != 0 {
		name += fmt.Sprintf(":%02d", offset%60)
	}
	return name
}

func (r *row) clockPrefix() string {
	if r.policy == Match {
		return "CLOCK=match "
	}
	return ""
}

// String returns the seven columns.
func (r *row) String() string {
	return strings.Join([]string{
		set{bits: r.years, scale: year.scale(0)}.String(),
		set{bits: word(r.months), scale: month.scale(0), cyclic: true}.String(),
		r.weekdays(),
		r.daysOfMonth(),
		set{bits: word(r.hours), scale: hour.scale(0), cyclic: true, clock: true, wild: r.wildHours}.String(),
		set{bits: word(r.minutes), scale: minute.scale(0), cyclic: true, clock: true, wild: r.wildMinutes}.String(),
		set{bits: word(r.seconds), scale: second.scale(0), cyclic: true, clock: true, wild: r.wildSeconds}.String(),
	}, " ")
}

func (r *row) weekdays() string {
	s := set{bits: word(r.week), scale: weekday.scale(NumberingISO), cyclic: true, names: true}
	var items []string
	if r.week != 0 {
		items = append(items, s.String())
	}
	if r.week == allWeek {
		return items[0]
	}
	for i, days := range r.nth {
		for d := range members(uint64(days)) {
			items = append(items, fmt.Sprintf("%s#%d", weekdayName(d), i+1))
		}
	}
	for d := range members(uint64(r.last)) {
		items = append(items, weekdayName(d)+"L")
	}
	return strings.Join(items, ",")
}

func (r *row) daysOfMonth() string {
	s := set{bits: word(r.days), scale: day.scale(0)}
	var items []string
	if r.days != 0 {
		items = append(items, s.String())
	}
	if r.days == allDays {
		return items[0]
	}
	for n := range members(uint64(r.fromEnd)) {
		items = append(items, fromLast(n))
	}
	for n := range members(uint64(r.near)) {
		items = append(items, fmt.Sprintf("%dW", n+1))
	}
	for n := range members(uint64(r.nearEnd)) {
		items = append(items, fromLast(n)+"W")
	}
	return strings.Join(items, ",")
}

func fromLast(n int) string {
	if n == 0 {
		return "L"
	}
	return fmt.Sprintf("L-%d", n)
}

// weekdayName returns the name that String writes; 0 is Monday.
func weekdayName(d int) string { return "montuewedthufrisatsun"[3*d:][:3] }
