package schedule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the tests need zones wherever they run

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/schedule"
)

var _ launcher.Schedule = (*schedule.Schedule)(nil)

// instants parses times in RFC 3339, separated by blanks.
func instants(t testing.TB, text string) []time.Time {
	t.Helper()
	var all []time.Time
	for _, f := range strings.Fields(text) {
		at, err := time.Parse(time.RFC3339, f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, at)
	}
	return all
}

func TestNext(t *testing.T) {
	tests := []struct {
		name, rows, zone, after, want string
	}{
		{"fifteen seconds", "* * * * * * */15", "Europe/Paris", "2026-01-15T10:00:07+01:00", "2026-01-15T10:00:15+01:00 2026-01-15T10:00:30+01:00"},
		{"strictly after", "* * * * * * */15", "UTC", "2026-01-15T10:00:15Z", "2026-01-15T10:00:30Z"},
		{"a fraction of a second is ignored", "* * * * * * 0", "UTC", "2026-01-15T09:59:59.999Z", "2026-01-15T10:00:00Z"},
		{"rows are alternatives, columns are not", "* * fri 13 9 0 0; * * mon * 9 0 0", "UTC", "2026-02-10T00:00:00Z", "2026-02-13T09:00:00Z 2026-02-16T09:00:00Z"},
		{"a common instant fires once", "* * * * * * */30; * * * * * * 0", "UTC", "2026-01-15T10:00:29Z", "2026-01-15T10:00:30Z 2026-01-15T10:01:00Z 2026-01-15T10:01:30Z"},
		{"hours past midnight", "* * * * 22-1 0 0", "UTC", "2026-06-01T23:00:00Z", "2026-06-02T00:00:00Z 2026-06-02T01:00:00Z 2026-06-02T22:00:00Z"},
		{"months past New Year", "* nov-fév * 1 0 0 0", "UTC", "2026-12-02T00:00:00Z", "2027-01-01T00:00:00Z 2027-02-01T00:00:00Z 2027-11-01T00:00:00Z"},
		{"weekdays past Sunday", "* * ven-lun * 0 0 0", "UTC", "2026-06-06T00:00:00Z", "2026-06-07T00:00:00Z 2026-06-08T00:00:00Z 2026-06-12T00:00:00Z"},
		{"a step in a range past the end", "* * * * 23-5/3 0 0", "UTC", "2026-06-01T12:00:00Z", "2026-06-01T23:00:00Z 2026-06-02T02:00:00Z 2026-06-02T05:00:00Z"},
		{"steps of weekdays count from Monday", "* * */3 * 0 0 0", "UTC", "2026-06-01T00:00:00Z", "2026-06-04T00:00:00Z 2026-06-07T00:00:00Z 2026-06-08T00:00:00Z"},
		{"0 is Sunday before Monday", "* * 0-1 * 0 0 0", "UTC", "2026-06-02T00:00:00Z", "2026-06-07T00:00:00Z 2026-06-08T00:00:00Z"},
		{"0 to 7 is the whole week", "* * 0-7 * 0 0 0", "UTC", "2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z"},
		{"short months are left out", "* * * 31 0 0 0", "UTC", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z 2026-05-31T00:00:00Z"},
		{"the last day", "* 2 * dernier 0 0 0", "UTC", "2027-03-01T00:00:00Z", "2028-02-29T00:00:00Z 2029-02-28T00:00:00Z"},
		{"days before the last", "* * * L-30 0 0 0", "UTC", "2026-01-02T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"the working day stays in its month", "* * * 1W 0 0 0", "UTC", "2026-07-02T00:00:00Z", "2026-08-03T00:00:00Z"},
		{"the working day nearest to a Sunday at the end", "* * * 31W 0 0 0", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z"},
		{"no working day near a day that is not", "* 2 * 30W,15 0 0 0", "UTC", "2026-01-01T00:00:00Z", "2026-02-15T00:00:00Z 2027-02-15T00:00:00Z"},
		{"the last working day", "* * * LW 0 0 0", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z 2026-06-30T00:00:00Z"},
		{"the fifth Friday", "* * fri#5 * 0 0 0", "UTC", "2026-01-31T00:00:00Z", "2026-05-29T00:00:00Z 2026-07-31T00:00:00Z"},
		{"the last Friday", "* * friL * 0 0 0", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z 2026-06-26T00:00:00Z"},
		{"2100 is no leap year", "* 2 * 29 0 0 0", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"forty years away", "* 2 mon 29 0 0 0", "UTC", "2072-03-01T00:00:00Z", "2112-02-29T00:00:00Z"},
		{"before the first year", "* * * * 0 0 0", "UTC", "1890-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},

		{"keep makes up at the end of the gap", "* * * * 2 30 0", "Europe/Paris", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00"},
		{"keep makes up once", "* * * * 2 */10 0", "Europe/Paris", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00 2026-03-30T02:00:00+02:00"},
		{"keep merges with the match at the end of the gap", "* * * * 2,3 0 0", "Europe/Paris", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00 2026-03-30T02:00:00+02:00"},
		{"keep has nothing to make up for each hour", "* * * * * 30 0", "Europe/Paris", "2026-03-29T01:00:00+01:00", "2026-03-29T01:30:00+01:00 2026-03-29T03:30:00+02:00"},
		{"keep makes up for what the gap covers only", "* * * * 1 59 59", "Europe/Paris", "2026-03-29T01:59:59+01:00", "2026-03-30T01:59:59+02:00"},
		{"keep: asked at the last second before the gap", "* * * * 2 30 0", "Europe/Paris", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"},
		{"keep: asked there about the last minute of the gap", "* * * * 2 59 0", "Europe/Paris", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"},
		{"keep: a gap far away", "* 3 * 29 2 30 0", "Europe/Paris", "2025-07-01T00:00:00+02:00", "2026-03-29T03:00:00+02:00"},
		{"keep: a first pass far away", "2026 10 * 25 2 30 0", "Europe/Paris", "2025-07-01T00:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"hours after a change far away", "2026 3,10 * 25,29 12 0 0", "Europe/Paris", "2025-07-01T00:00:00+02:00", "2026-03-25T12:00:00+01:00 2026-03-29T12:00:00+02:00 2026-10-25T12:00:00+01:00"},
		{"hours before a change far away", "2026 10 * 25 1 0 0", "Europe/Paris", "2025-07-01T00:00:00+02:00", "2026-10-25T01:00:00+02:00"},
		{"keep: asked at the first second after the gap", "* * * * 2 30 0", "Europe/Paris", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"},
		{"keep fires in the first pass", "* * * * 2 30 0", "Europe/Paris", "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00"},
		{"keep: asked in the second pass", "* * * * 2 30 0", "Europe/Paris", "2026-10-25T02:10:00+01:00", "2026-10-26T02:30:00+01:00"},
		{"keep: a list is plain", "* * * * 2 0,30 0", "Europe/Paris", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00 2026-10-26T02:00:00+01:00"},
		{"keep: a range follows real time", "* * * * 2-2 30 0", "Europe/Paris", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00"},
		{"keep: a step follows real time", "* * * * * * */15", "Europe/Paris", "2026-10-25T02:59:45+02:00", "2026-10-25T02:00:00+01:00"},
		{"keep in a gap at midnight", "* * * * 0 0 0", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00", "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00"},
		{"keep where a day was skipped", "* * * * 12 0 0", "Pacific/Apia", "2011-12-29T20:00:00-10:00", "2011-12-31T00:00:00+14:00 2011-12-31T12:00:00+14:00"},
		{"keep in a gap of half an hour", "* * * * 2 15 0", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "2026-10-04T02:30:00+11:00"},
		{"keep in a gap of two hours", "* * * * 2 0 0", "Antarctica/Troll", "2026-03-28T12:00:00Z", "2026-03-29T03:00:00+02:00"},
		{"keep beyond the table of the zone", "* * * * 2 30 0", "Europe/Paris", "2060-03-27T12:00:00+01:00", "2060-03-28T03:00:00+02:00"},
		{"New Year beyond the table of the zone", "* 1 * 1 0 0 0", "Europe/Paris", "2040-12-30T00:00:00+01:00", "2041-01-01T00:00:00+01:00"},
		{"the last day of a leap year beyond the table", "* 12 * 31 12 0 0", "Europe/Paris", "2040-12-31T01:00:00+01:00", "2040-12-31T12:00:00+01:00 2041-12-31T12:00:00+01:00"},

		{"match leaves the gap out", "CLOCK=match * * * * 2 30 0", "Europe/Paris", "2026-03-28T12:00:00+01:00", "2026-03-30T02:30:00+02:00"},
		{"match: a gap far away", "CLOCK=match * 3 * 29 2 30 0", "Europe/Paris", "2025-07-01T00:00:00+02:00", "2027-03-29T02:30:00+02:00"},
		{"match fires in both passes", "CLOCK=match * * * * 2 30 0", "Europe/Paris", "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00"},

		{"an interval is anchored", "@every 90s", "UTC", "2026-01-15T10:00:00Z", "2026-01-15T10:01:30Z 2026-01-15T10:03:00Z"},
		{"an interval before its anchor", "@every 90s", "UTC", "1960-01-15T10:00:00Z", "1970-01-01T00:00:00Z 1970-01-01T00:01:30Z"},
	}
	for _, tt := range tests {
		s, err := schedule.Parse(tt.rows)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		want := instants(t, tt.want)
		got := s.In(location(t, tt.zone)).NextN(instants(t, tt.after)[0], len(want))
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%s: %q after %s:\n got %v\nwant %v", tt.name, tt.rows, tt.after, got, want)
		}
	}
}

// Under Match a row may have little else than times that the clocks skip. What
// remains is found, from any year, and so is that nothing remains.
func TestMatchPassesOverGaps(t *testing.T) {
	for _, tt := range []struct {
		zone, row string
		hour      int
		wants     func(time.Time) bool
	}{
		{"Europe/Paris", "* 3 sunL * 2 30 0", 2, func(day time.Time) bool {
			return day.Month() == time.March && day.Weekday() == time.Sunday && day.Day() > 24
		}},
		{"America/Santiago", "* 9 sun 2-8 0 30 0", 0, func(day time.Time) bool {
			return day.Month() == time.September && day.Weekday() == time.Sunday && day.Day() >= 2 && day.Day() <= 8
		}},
	} {
		loc := location(t, tt.zone)
		var want []time.Time
		skipped := 0
		for day := time.Date(1970, 1, 1, 12, 0, 0, 0, loc); day.Year() < 2200; day = day.AddDate(0, 0, 1) {
			if !tt.wants(day) {
				continue
			}
			y, m, d := day.Date()
			if at := time.Date(y, m, d, tt.hour, 30, 0, 0, loc); at.Hour() == tt.hour {
				want = append(want, at)
			} else {
				skipped++
			}
		}
		if skipped < 100 {
			t.Errorf("%s: %q has only %d skipped times: the test shows little", tt.zone, tt.row, skipped)
		}
		s := schedule.Must(schedule.Row(tt.row)).On(schedule.Match).In(loc)
		got := s.NextN(time.Unix(-1, 0), len(want)+1)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%s: %q fires at\n%v, want\n%v", tt.zone, tt.row, got, want)
		}
	}
}

func TestNextEnds(t *testing.T) {
	tests := []struct{ name, rows, after string }{
		{"a year that is over", "2020 * * * * * *", "2020-12-31T23:59:59Z"},
		{"the last second there is", "* * * * * * *", "2199-12-31T23:59:59Z"},
		{"long after", "* * * * * * *", "2999-12-31T23:59:59Z"},
		{"an interval", "@every 1s", "2199-12-31T23:59:59Z"},
	}
	for _, tt := range tests {
		s := schedule.Must(schedule.Parse(tt.rows)).In(time.UTC)
		after := instants(t, tt.after)[0]
		if got := s.Next(after); !got.IsZero() {
			t.Errorf("%s: Next = %v, want the zero Time", tt.name, got)
		}
		if got := s.Next(after.Add(-time.Second)); tt.name != "long after" && !got.Equal(after) {
			t.Errorf("%s: the last instant is %v, want %v", tt.name, got, after)
		}
	}
	if got := new(schedule.Schedule).Next(time.Now()); !got.IsZero() {
		t.Errorf("the zero Schedule fires at %v, want never", got)
	}
	far := time.Unix(1<<62, 0)
	if got := schedule.Must(schedule.Parse("* * * * * * *; @every 1s")).Next(far); !got.IsZero() {
		t.Errorf("after the end of time: %v, want the zero Time", got)
	}
	s := schedule.Must(schedule.Parse("* * * * * * *; @every 1s")).In(time.UTC)
	if got := s.Next(time.Time{}); !got.Equal(time.Unix(0, 0)) {
		t.Errorf("after the zero Time: %v, want the first second of 1970", got)
	}
}

// Cronos, from which most of the recorded answers come, differs in three.
func TestDifferencesFromCronos(t *testing.T) {
	newYork := location(t, "America/New_York")
	gap := instants(t, "2016-03-13T01:59:59-05:00")[0]
	for _, tt := range []struct{ name, row, want string }{
		{"30 minutes past each hour, second Sunday of March, as a number", "* 3 sun#2 * * 30 0", "2016-03-13T03:30:00-04:00"},
		{"30 minutes past each hour, second Sunday of March, as a range", "* 3 sun#2 * 0-23 30 0", "2016-03-13T03:30:00-04:00"},
	} {
		s := schedule.Must(schedule.Row(tt.row)).In(newYork)
		if got := s.Next(gap); !got.Equal(instants(t, tt.want)[0]) {
			t.Errorf("%s: %v, want %s: a row of every hour has nothing to make up", tt.name, got, tt.want)
		}
	}
	s := schedule.Must(schedule.Row("* * * 1W * * *")).In(newYork)
	if got := s.Next(instants(t, "1900-01-01T00:00:00-05:00")[0]); got.Year() != 1970 {
		t.Errorf("from 1900: %v, want 1970, the first year there is", got)
	}
}

func TestReturnedZone(t *testing.T) {
	paris, tokyo := location(t, "Europe/Paris"), location(t, "Asia/Tokyo")
	s := schedule.Union(
		schedule.Must(schedule.Row("* * * * 8 0 0")).In(paris),
		schedule.Must(schedule.Row("* * * * 8 0 0")).In(tokyo),
	)
	got := s.NextN(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC), 2)
	if len(got) != 2 || got[0].Location() != tokyo || got[1].Location() != paris {
		t.Errorf("a union keeps the zone of each part and answers in it: got %v", got)
	}
	for _, at := range got {
		if at.Hour() != 8 {
			t.Errorf("%v: want eight o'clock in its own zone", at)
		}
	}
}

func TestCopies(t *testing.T) {
	s := schedule.Must(schedule.Parse("* * * * 2 30 0; @every 90s"))
	before := s.String()
	s.In(time.UTC)
	s.On(schedule.Match)
	if s.String() != before {
		t.Errorf("In and On must leave their receiver alone: %q became %q", before, s)
	}
	if got, want := s.In(time.UTC).On(schedule.Match).String(), "TZ=UTC CLOCK=match * * * * 2 30 0; TZ=UTC @every 1m30s"; got != want {
		t.Errorf("In and On: %q, want %q", got, want)
	}
	if got := s.On(schedule.Match).On(schedule.Keep).String(); got != before {
		t.Errorf("Match and back to Keep: %q, want %q", got, before)
	}
	defer func() {
		if recover() == nil {
			t.Error("In(nil) must panic: a nil location is a zone that could not be loaded")
		}
	}()
	s.In(nil)
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, row, column, text string
		offset                  int
	}{
		{"too few columns", "* * * * * *", "", "", 0},
		{"too many columns", "* * * * * * * *", "", "", 0},
		{"nothing", "", "", "", 0},
		{"too long", strings.Repeat(" ", 5000), "", "", 0},
		{"second 60", "* * * * * * 60", "second", "60", 12},
		{"position after blanks", "*  *\t* * * 1,61 0", "minute", "61", 13},
		{"month 0", "* 0 * * 0 0 0", "month", "0", 2},
		{"weekday 8", "* * 8 * 0 0 0", "weekday", "8", 4},
		{"day 0", "* * * 0 0 0 0", "day", "0", 6},
		{"year 1969", "1969 * * * 0 0 0", "year", "1969", 0},
		{"year 2200", "2200 * * * 0 0 0", "year", "2200", 0},
		{"years backwards", "2027-2026 * * * 0 0 0", "year", "2027-2026", 0},
		{"step of years from nowhere", "*/4 * * * 0 0 0", "year", "*/4", 0},
		{"step 0", "* * * * * * */0", "second", "*/0", 12},
		{"step as large as the column", "* * * * */24 0 0", "hour", "*/24", 8},
		{"two steps", "* * * * * * 1/2/3", "second", "1/2/3", 12},
		{"two ranges", "* * * * * * 1-2-3", "second", "2-3", 12},
		{"empty item", "* * * * * * 5,,6", "second", "", 14},
		{"empty end", "* * * * * * 5-", "second", "", 12},
		{"negative", "* * * * * * -5", "second", "", 12},
		{"decimal", "* * * * * * 5.0", "second", "5.0", 12},
		{"digits of another script", "* * * * * * ٥", "second", "٥", 12},
		{"juin or juillet", "* jui * * 0 0 0", "month", "jui", 2},
		{"a month among the weekdays", "* * jan * 0 0 0", "weekday", "jan", 4},
		{"L of no weekday", "* * L * 0 0 0", "weekday", "L", 4},
		{"the sixth Friday", "* * fri#6 * 0 0 0", "weekday", "fri#6", 4},
		{"the Friday of a range", "* * mon-fri#1 * 0 0 0", "weekday", "mon-fri", 4},
		{"W alone", "* * * W 0 0 0", "day", "W", 6},
		{"0W", "* * * 0W 0 0 0", "day", "0W", 6},
		{"32W", "* * * 32W 0 0 0", "day", "32W", 6},
		{"a range with W", "* * * 1-2W 0 0 0", "day", "1-2W", 6},
		{"L-31", "* * * L-31 0 0 0", "day", "L-31", 6},
		{"L-", "* * * L- 0 0 0", "day", "L-", 6},
		{"L of hours", "* * * * L 0 0", "hour", "L", 8},
		{"? of hours", "* * * * ? 0 0", "hour", "?", 8},
		{"? in a list", "* * ?,1 * 0 0 0", "weekday", "?", 4},
	}
	for _, tt := range tests {
		_, err := schedule.Row(tt.row)
		var e *schedule.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%s: row %q: error %v, want a SyntaxError", tt.name, tt.row, err)
			continue
		}
		if e.Column != tt.column || e.Text != tt.text || e.Offset != tt.offset || e.Row != tt.row {
			t.Errorf("%s: at fault is %q in column %q, offset %d; want %q in %q, %d", tt.name, e.Text, e.Column, e.Offset, tt.text, tt.column, tt.offset)
		}
		if e.Allowed == "" || !strings.Contains(e.Error(), e.Allowed) || !strings.Contains(e.Error(), e.Column) {
			t.Errorf("%s: %q must name the column and what is allowed", tt.name, e)
		}
		if len(e.Error()) > 600 {
			t.Errorf("%s: the message has %d bytes: outside text must be clipped", tt.name, len(e.Error()))
		}
	}
}

func TestNeverFires(t *testing.T) {
	for _, row := range []string{
		"* 2 * 30 0 0 0", "* 4,6,9,11 * 31 0 0 0", "2025-2027 2 * 29 0 0 0", "2100 2 * 29 0 0 0", "2026 1 mon 1 0 0 0",
		"* * mon#1 8-31 0 0 0", "* 2 * L-29 0 0 0", "* * sat,sun LW 0 0 0", "* * sun 1W 0 0 0", "2027 2 mon#5 * 0 0 0", "* 2 * 30W 0 0 0",
	} {
		if _, err := schedule.Row(row); !errors.Is(err, schedule.ErrNeverFires) {
			t.Errorf("row %q: error %v, want ErrNeverFires", row, err)
		}
	}
	for _, row := range []string{"2028 2 tue#5 * 0 0 0", "* 2 mon 29 0 0 0", "* 2 * L-28 0 0 0", "1970 * * * * * *"} {
		if _, err := schedule.Row(row); err != nil {
			t.Errorf("row %q has a date, but: %v", row, err)
		}
	}
	if _, err := schedule.Rows(); err == nil {
		t.Error("no rows at all must be an error")
	}
}

func TestNames(t *testing.T) {
	for i, names := range []string{
		"mon Monday LUN lundi lun.", "tue tues Tuesday mar MARDI Mar.", "wed wednesday mer mercredi", "thu thur thurs thursday jeu Jeudi",
		"fri friday ven. vendredi", "sat saturday sam samedi", "sun Sunday dim Dimanche",
	} {
		for _, name := range strings.Fields(names) {
			s, err := schedule.Row("* * " + name + " * 0 0 0")
			if want := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}[i]; err != nil || s.String() != "* * "+want+" * 0 0 0" {
				t.Errorf("weekday %q: %v, %v; want %s", name, s, err, want)
			}
		}
	}
	for i, names := range []string{
		"jan january janv. Janvier", "feb february fev fév Févr. FÉVRIER fe\u0301vrier fevrier", "mar march mars", "apr april avr avril", "may mai",
		"jun june juin", "jul july juil. juillet", "aug august aoû août aou\u0302t AOUT", "sep sept. september septembre",
		"oct october octobre", "nov november novembre", "dec déc. december décembre",
	} {
		for _, name := range strings.Fields(names) {
			s, err := schedule.Row("* " + name + " * * 0 0 0")
			if want := fmt.Sprintf("* %d * * 0 0 0", i+1); err != nil || s.String() != want {
				t.Errorf("month %q: %v, %v; want %s", name, s, err, want)
			}
		}
	}
}

func TestNumberings(t *testing.T) {
	tests := []struct {
		name      string
		numbering schedule.Numbering
		weekday   string
		want      string // "": refused
	}{
		{"ISO Monday", schedule.NumberingISO, "1", "mon"},
		{"ISO Sunday", schedule.NumberingISO, "7", "sun"},
		{"ISO Sunday as 0", schedule.NumberingISO, "0", "sun"},
		{"ISO step", schedule.NumberingISO, "*/2", "mon,wed,fri,sun"},
		{"ISO step from a day", schedule.NumberingISO, "wed/2", "wed,fri,sun"},
		{"Python Monday", schedule.NumberingPython, "0", "mon"},
		{"Python Sunday", schedule.NumberingPython, "6", "sun"},
		{"Python 7", schedule.NumberingPython, "7", ""},
		{"Python working days", schedule.NumberingPython, "0-4", "mon-fri"},
		{"Quartz Sunday", schedule.NumberingQuartz, "1", "sun"},
		{"Quartz Saturday", schedule.NumberingQuartz, "7", "sat"},
		{"Quartz 0", schedule.NumberingQuartz, "0", ""},
		{"Quartz working days", schedule.NumberingQuartz, "2-6", "mon-fri"},
		{"Quartz step", schedule.NumberingQuartz, "*/2", "sun,tue,thu,sat"},
		{"Quartz second Monday", schedule.NumberingQuartz, "2#2", "mon#2"},
		{"Quartz last Friday", schedule.NumberingQuartz, "6L", "friL"},
		{"Quartz by name", schedule.NumberingQuartz, "mon-fri", "mon-fri"},
	}
	for _, tt := range tests {
		s, err := schedule.Import(tt.numbering, "* * "+tt.weekday+" * 0 0 0")
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: %q is read as %v, want it refused", tt.name, tt.weekday, s)
			}
			continue
		}
		if want := schedule.Must(schedule.Row("* * " + tt.want + " * 0 0 0")).String(); err != nil || s.String() != want {
			t.Errorf("%s: %q is read as %v, %v; want %s", tt.name, tt.weekday, s, err, want)
		}
	}
}

func TestCron(t *testing.T) {
	tests := []struct{ name, expr, want string }{
		{"five fields", "30 8 * * *", "* * * * 8 30 0"},
		{"six fields", "15 30 8 * * *", "* * * * 8 30 15"},
		{"weekdays", "0 8 * * 1-5", "* * mon-fri * 8 0 0"},
		{"0 and 7 are Sunday", "0 8 * * 0,7", "* * sun * 8 0 0"},
		{"5-7", "0 8 * * 5-7", "* * fri-sun * 8 0 0"},
		{"steps of weekdays count from Sunday", "0 8 * * */2", "* * sun,tue,thu,sat * 8 0 0"},
		{"a step from the last day there is", "0 8 * * 7/2", "* * sun * 8 0 0"},
		{"either of day and weekday", "0 8 1,15 * fri", "* * * 1,15 8 0 0; * * fri * 8 0 0"},
		{"a star asks for both", "0 8 */2 * fri", "* * fri */2 8 0 0"},
		{"a day that never is leaves the weekday", "0 8 31 2 fri", "* 2 fri * 8 0 0"},
		{"month and day", "0 8 25 dec *", "* 12 * 25 8 0 0"},
	}
	for _, tt := range tests {
		s, err := schedule.Cron(tt.expr)
		want := schedule.Must(schedule.Parse(tt.want)).String()
		if err != nil || s.String() != want {
			t.Errorf("%s: %q is read as %v, %v; want %s", tt.name, tt.expr, s, err, want)
		}
	}
	for _, expr := range []string{"", "* * * *", "* * * * * * *", "60 * * * *", "* * * * 8", "@reboot"} {
		if s, err := schedule.Cron(expr); err == nil {
			t.Errorf("%q is read as %v, want it refused", expr, s)
		}
	}
	if _, err := schedule.Cron("0 0 30 2 *"); !errors.Is(err, schedule.ErrNeverFires) {
		t.Errorf("30 February: error %v, want ErrNeverFires", err)
	}
}

func TestSecondsFirst(t *testing.T) {
	for _, tt := range []struct{ row, want string }{
		{"* * * * * * *", "* * * * * * *"},
		{"0,15 * * * * * *", "* * * * * * 0,15"},
		{"1 2 3 4 mon 6 2029", "2029 6 mon 4 3 2 1"},
	} {
		s, err := schedule.SecondsFirst(tt.row)
		if err != nil || s.String() != tt.want {
			t.Errorf("%q is read as %v, %v; want %s", tt.row, s, err, tt.want)
		}
	}
	var e *schedule.SyntaxError
	if _, err := schedule.SecondsFirst("0 60 * * * * *"); !errors.As(err, &e) || e.Column != "minute" {
		t.Errorf("minute 60 in the second place: %v, want the minute column at fault", err)
	}
}

func TestColumns(t *testing.T) {
	tests := []struct {
		name    string
		columns schedule.Columns
		want    string
	}{
		{"zero", schedule.Columns{}, "* * * * * * 0"},
		{"all", schedule.Columns{"2027", "1", "fri", "1", "2", "3", "4"}, "2027 1 fri 1 2 3 4"},
		{"blanks around", schedule.Columns{Hour: " 8 "}, "* * * * 8 * 0"},
	}
	for _, tt := range tests {
		s, err := tt.columns.Schedule()
		if err != nil || s.String() != tt.want {
			t.Errorf("%s: %v, %v; want %s", tt.name, s, err, tt.want)
		}
	}
	if s, err := (schedule.Columns{Year: "2027 1"}).Schedule(); err == nil {
		t.Errorf("a blank within a column must not make two of it: got %v", s)
	}
}

func TestEveryRefuses(t *testing.T) {
	for _, d := range []time.Duration{0, -time.Second, time.Millisecond, 1500 * time.Millisecond} {
		if s, err := schedule.Every(d); err == nil {
			t.Errorf("Every(%v) = %v, want it refused", d, s)
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct{ text, want string }{
		{"* * * * * * */15", "* * * * * * */15"},
		{"* * * * * * 0/15", "* * * * * * */15"},
		{"* * * * * * 0,15,30,45", "* * * * * * 0,15,30,45"},
		{"* * * * * * 5/15", "* * * * * * 5/15"},
		{"* * * * * * 5-20/15", "* * * * * * 5-20/15"},
		{"* * * * 0-23 * *", "* * * * * * *"},
		{"* * * * 8-8 0 0", "* * * * 8-8 0 0"},
		{"* * * * 8-9 0 0", "* * * * 8-9 0 0"},
		{"* * * * 8,9 0 0", "* * * * 8,9 0 0"},
		{"* * * * 8,9-9 0 0", "* * * * 8-9 0 0"},
		{"* * * * 0-2,22,23 0 0", "* * * * 22-2 0 0"},
		{"* * * * 3,7,12-13 0 0", "* * * * 3,7,12-13 0 0"},
		{"* 11-2 1-5 28-3 0 0 0", "* 11-2 mon-fri 1-3,28-31 0 0 0"},
		{"* 1/3 6,7 1/10 0 0 0", "* */3 sat,sun */10 0 0 0"},
		{"2024/4 * * * 0 0 0", "2024/4 * * * 0 0 0"},
		{"1970/2 * * * 0 0 0", "1970/2 * * * 0 0 0"},
		{"2026-2028,2030 * * * 0 0 0", "2026-2028,2030 * * * 0 0 0"},
		{"* * dimL,ven#2 l,3w,lw,L-2W,L-4 0 0 0", "* * fri#2,sunL L,L-4,3W,LW,L-2W 0 0 0"},
		{"* * *,ven#2 *,L 0 0 0", "* * * * 0 0 0"},
		{"* * ? ? 0 0 0", "* * * * 0 0 0"},
		{" * * * * * * 0 ;\n\n* * * * * * 30\n", "* * * * * * 0; * * * * * * 30"},
		{"TZ=Europe/Paris CLOCK=keep * * * * 8 0 0", "TZ=Europe/Paris * * * * 8 0 0"},
		{"CLOCK=match TZ=UTC * * * * 8 0 0", "TZ=UTC CLOCK=match * * * * 8 0 0"},
		{"TZ=+02:00 * * * * 8 0 0", "TZ=+02:00 * * * * 8 0 0"},
		{"TZ=-00:00:30 @every 90s", "TZ=-00:00:30 @every 1m30s"},
	}
	for _, tt := range tests {
		s, err := schedule.Parse(tt.text)
		if err != nil || s.String() != tt.want {
			t.Errorf("%q is written as %q, %v; want %q", tt.text, s, err, tt.want)
			continue
		}
		again, err := schedule.Parse(s.String())
		if err != nil || again.String() != tt.want {
			t.Errorf("%q does not survive: %q, %v", tt.want, again, err)
		}
	}
	for _, text := range []string{
		"", ";\n", "TZ=", "TZ=Europe/Paris", "TZ=Nowhere/Land * * * * 8 0 0", "TZ=+2 * * * * 8 0 0", "TZ= * * * * 8 0 0", "CLOCK=both * * * * 8 0 0",
		"TZ=../../etc/passwd * * * * 8 0 0", "@every", "@every x", "@every -1s", "@every 1ms", "* * * * 8 0 0; x",
	} {
		if s, err := schedule.Parse(text); err == nil {
			t.Errorf("%q is read as %q, want it refused", text, s)
		}
	}
}

func TestMarshal(t *testing.T) {
	type settings struct {
		When *schedule.Schedule
	}
	b, err := json.Marshal(settings{schedule.Must(schedule.Row("* * lun-ven * 8 30 0"))})
	if want := `{"When":"* * mon-fri * 8 30 0"}`; err != nil || string(b) != want {
		t.Errorf("marshalled as %s, %v; want %s", b, err, want)
	}
	var back settings
	if err := json.Unmarshal(b, &back); err != nil || back.When.String() != "* * mon-fri * 8 30 0" {
		t.Errorf("unmarshalled as %v, %v", back.When, err)
	}
	if err := back.When.UnmarshalText([]byte("nonsense")); err == nil || back.When.String() != "* * mon-fri * 8 30 0" {
		t.Errorf("what cannot be read must leave the schedule as it was: %v, %v", back.When, err)
	}
	if _, err := new(schedule.Schedule).MarshalText(); err == nil {
		t.Error("a schedule without rows must not be written: it could not be read again")
	}
}

func TestDescribe(t *testing.T) {
	tests := []struct{ rows, fr, en string }{
		{"* * * * * * */15", "toutes les 15 secondes", "every 15 seconds"},
		{"* * * * * * *", "toutes les secondes", "every second"},
		{"* * * * * * 0", "toutes les minutes", "every minute"},
		{"* * * * * 0 0", "toutes les heures", "every hour"},
		{"* * * * * 30 0", "toutes les heures à la minute 30", "every hour at minute 30"},
		{"* * * * */2 0 0", "toutes les 2 heures", "every 2 hours"},
		{"* * lun-ven * 8 30 0", "du lundi au vendredi à 08:30:00", "Monday to Friday at 08:30:00"},
		{"* * * * 8,12 30 0", "tous les jours à 08:30:00 et 12:30:00", "every day at 08:30:00 and 12:30:00"},
		{"* * sam,dim * 8 0 0", "le samedi et le dimanche à 08:00:00", "Saturdays and Sundays at 08:00:00"},
		{"* * * * 8-18 30 0", "toutes les heures de 08:30:00 à 18:30:00", "every hour from 08:30:00 to 18:30:00"},
		{"* * * * 8-18 */5 0", "toutes les 5 minutes de 08:00 à 18:59", "every 5 minutes from 08:00 to 18:59"},
		{"* * * * 22-2,12 * */20", "toutes les 20 secondes de 12:00 à 12:59 et de 22:00 à 02:59", "every 20 seconds from 12:00 to 12:59 and from 22:00 to 02:59"},
		{"* * * * * * 0,10", "aux secondes 0 et 10", "at seconds 0 and 10"},
		{"* * * * * */7 0", "aux minutes 0, 7, 14, 21, 28, 35, 42, 49 et 56", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56"},
		{"* * * 1 8 0 0", "le 1er à 08:00:00", "the 1st at 08:00:00"},
		{"* 2 * 29 8 0 0", "le 29 février à 08:00:00", "the 29th of February at 08:00:00"},
		{"* avr-juin * 5-10 8 0 0", "du 5 au 10 d'avril à juin à 08:00:00", "the 5th to the 10th from April to June at 08:00:00"},
		{"* * ven 13 8 0 0", "le 13 si c'est un vendredi à 08:00:00", "the 13th if it is a Friday at 08:00:00"},
		{"* * ven#1,monL * 8 0 0", "le premier vendredi du mois et le dernier lundi du mois à 08:00:00", "the first Friday of the month and the last Monday of the month at 08:00:00"},
		{"* * * L,L-2 8 0 0", "le dernier jour du mois et le 2e jour avant le dernier du mois à 08:00:00", "the last day of the month and the 2nd day before the last of the month at 08:00:00"},
		{"* * * 15W 8 0 0", "le jour ouvré (du lundi au vendredi) le plus proche du 15 à 08:00:00", "the working day (Monday to Friday) nearest to the 15th at 08:00:00"},
		{"* * * LW 8 0 0", "le dernier jour ouvré (du lundi au vendredi) du mois à 08:00:00", "the last working day (Monday to Friday) of the month at 08:00:00"},
		{"2027 7,8 * * 8 0 0", "tous les jours en juillet et août en 2027 à 08:00:00", "every day in July and August in 2027 at 08:00:00"},
		{"2027-2199 * * * * * 0", "à partir de 2027, toutes les minutes", "from 2027 on, every minute"},
		{"2024/4 2 * 29 8 0 0", "le 29 février tous les 4 ans de 2024 à 2196 à 08:00:00", "the 29th of February every 4 years from 2024 to 2196 at 08:00:00"},
		{"@every 90s", "toutes les 90 secondes", "every 90 seconds"},
		{"@every 1h", "toutes les heures", "every hour"},
		{"TZ=Europe/Paris * * * * 8 0 0; TZ=+02:00 @every 2m", "tous les jours à 08:00:00 (Europe/Paris) ; toutes les 2 minutes (+02:00)", "every day at 08:00:00 (Europe/Paris); every 2 minutes (+02:00)"},
	}
	for _, tt := range tests {
		s := schedule.Must(schedule.Parse(tt.rows))
		if got := s.Describe("fr"); got != tt.fr {
			t.Errorf("%q in French:\n got %s\nwant %s", tt.rows, got, tt.fr)
		}
		if got := s.Describe("en"); got != tt.en {
			t.Errorf("%q in English:\n got %s\nwant %s", tt.rows, got, tt.en)
		}
	}
	s := schedule.Must(schedule.Row("* * * * * * 0"))
	if s.Describe("fr-FR") != s.Describe("fr") || s.Describe("FR") != s.Describe("fr") || s.Describe("") != s.Describe("en") || s.Describe("fro") != s.Describe("en") {
		t.Error("a French tag asks for French, anything else for English")
	}
}

func TestLint(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct{ rows, want string }{
		{"* * * * * * */15", ""},
		{"* * mon-fri * 8-18 */5 0", ""},
		{"* * mon,wed * 8 0 0", ""},
		{"* 2 * 29 8 0 0", ""},
		{"* 1,3 * 31 8 0 0", ""},
		{"* * * L 8 0 0", ""},
		{"* * */2 * 8 0 0", "steps of weekdays"},
		{"2025 * * * 8 0 0", "years are over"},
		{"* * * * * */7 0", "does not divide"},
		{"* * fri 13 8 0 0", "both match"},
		{"* * * 31 8 0 0", "too short"},
		{"* * * * 8 0 *", "each second"},
	}
	for _, tt := range tests {
		got := schedule.Must(schedule.Row(tt.rows)).In(location(t, "Europe/Paris")).Lint(now)
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("lint of %q: %q, want %q alone", tt.rows, got, tt.want)
		}
	}
}

func TestLintOfWhatTheClocksSkip(t *testing.T) {
	s := schedule.Must(schedule.Row("* 3 sunL * 2 30 0")).On(schedule.Match).In(location(t, "Europe/Paris"))
	got := s.Lint(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	if len(got) != 1 || !strings.Contains(got[0], "the clocks of its zone skip each of its times") {
		t.Errorf("a row that asks for the hour that clocks skip: %q, want that said", got)
	}
}

// A process without a zone reads wall clocks in UTC: that is worth a word, but
// only where wall clocks matter, and only where nobody asked for UTC.
func TestLintUTC(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	time.Local = time.UTC
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	if got := schedule.Must(schedule.Row("* * * * 8 0 0")).Lint(now); len(got) != 1 || !strings.Contains(got[0], "UTC") {
		t.Errorf("08:00 in a process without a zone: %q, want a word about UTC", got)
	}
	if got := schedule.Must(schedule.Row("* * * * * * */15")).Lint(now); len(got) != 0 {
		t.Errorf("each 15 seconds is the same in any zone, but: %q", got)
	}
	if got := schedule.Must(schedule.Row("* * * * 8 0 0")).In(location(t, "Europe/Paris")).Lint(now); len(got) != 0 {
		t.Errorf("08:00 in Paris: %q, want nothing", got)
	}
}

// Nothing means nothing: neither at the first question, nor where t passes into
// another period of the zone.
func TestNextAllocatesNothing(t *testing.T) {
	const runs = 300
	const rows = "* * * * * * */15; * 2 mon 29 0 0 0; * * * L 2 30 0; * 3 sunL * 2 30 0; @every 90s"
	at := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	for _, name := range []string{"Europe/Paris", "Africa/Casablanca"} {
		for _, policy := range []schedule.ClockChange{schedule.Keep, schedule.Match} {
			fresh := make([]*schedule.Schedule, runs+1)
			for i := range fresh {
				fresh[i] = schedule.Must(schedule.Parse(rows)).In(location(t, name))
			}
			if policy == schedule.Match {
				one := fresh[0].On(schedule.Match)
				fresh = slices.Repeat([]*schedule.Schedule{one}, runs+1)
			}
			i := 0
			if n := testing.AllocsPerRun(runs, func() { fresh[i].Next(at); i++ }); n != 0 {
				t.Errorf("%s, %v: the first call of Next allocates %v times, want none", name, policy, n)
			}
			s, from := fresh[0], at
			if n := testing.AllocsPerRun(runs, func() { from = s.Next(from.Add(40 * 24 * time.Hour)) }); n != 0 {
				t.Errorf("%s, %v: a walk of Next through clock changes allocates %v times a call, want none", name, policy, n)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := schedule.Must(schedule.Parse("* * * * 2 30 0; @every 90m")).In(location(t, "Europe/Paris"))
	start := func(i int) time.Time { return time.Date(2026, time.Month(3*i), 1, 0, 0, 0, 0, time.UTC) }
	var want [4][]time.Time // from different periods of the zone
	for i := range want {
		want[i] = s.NextN(start(i), 2000)
	}
	var wg sync.WaitGroup
	for i := range want {
		wg.Go(func() {
			if got := s.NextN(start(i), 2000); !slices.EqualFunc(got, want[i], time.Time.Equal) {
				t.Error("concurrent calls of Next disturb one another")
			}
			s.On(schedule.Match).Next(start(i))
		})
	}
	wg.Wait()
}
