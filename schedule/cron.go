package schedule

import "strings"

// SecondsFirst parses a row in the order of EzGED's text form: second, minute,
// hour, day, weekday, month, year. That is the order of Row reversed; columns
// mean the same.
func SecondsFirst(row string) (*Schedule, error) {
	r, err := parseRow(row, []column{second, minute, hour, day, weekday, month, year}, NumberingISO)
	if err != nil {
		return nil, err
	}
	return of(r), nil
}

// Cron parses an expression of cron: minute, hour, day, month, weekday, with a
// column of seconds before them if there are six; without it they are 0.
//
// Weekdays are numbered as cron does, 0 and 7 being Sunday, and steps of
// weekdays count from Sunday. As in cron, either of day and weekday is enough
// if both are restricted, while both must match if one of them begins with "*".
// Apart from that columns hold what those of Row do.
func Cron(expr string) (*Schedule, error) {
	order := []column{second, minute, hour, day, month, weekday}
	fields := strings.Fields(expr)
	if len(fields) == 5 {
		order = order[1:]
	}
	r, err := parseColumns(expr, order, numberingCron)
	if err != nil {
		return nil, err
	}
	if len(fields) == 5 {
		r.seconds = 1
	}
	days, weekdays := fields[len(fields)-3], fields[len(fields)-1]
	if starred(days) || starred(weekdays) {
		if err := r.check(expr); err != nil {
			return nil, err
		}
		return of(r), nil
	}
	byDay, byWeekday := r, r
	byDay.week, byDay.nth, byDay.last, byDay.weekSteps = allWeek, [5]uint8{}, 0, false
	byWeekday.days, byWeekday.fromEnd, byWeekday.near, byWeekday.nearEnd = allDays, 0, 0, 0
	if err := byDay.check(expr); err != nil {
		return of(byWeekday), byWeekday.check(expr)
	}
	if err := byWeekday.check(expr); err != nil {
		return of(byDay), nil
	}
	return of(byDay, byWeekday), nil
}

// starred reports whether a column leaves the choice to the other of day and
// weekday.
func starred(field string) bool { return field[0] == '*' || field[0] == '?' }
