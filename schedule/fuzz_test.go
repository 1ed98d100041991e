package schedule_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/schedule"
)

func rows() []string {
	return []string{
		"* * * * * * */15", "* * * * * * 0", "* * lun-ven * 8 30 0", "2026-2030/2 févr.,mar 5L,fri#2 L-3,15W,LW,L-2W 22-2 */7 5,10-20/3",
		"* 2 mon 29 0 0 0", "* 3 sunL * 2 30 0", "* 2 * 30 0 0 0", "* jui * * 0 0 0", "*/4 * * * * * 0", "1970/1 * 0-7 ? * * *",
	}
}

// readable checks what holds of every schedule that was accepted.
func readable(t *testing.T, s *schedule.Schedule) {
	t.Helper()
	text := s.String()
	again, err := schedule.Parse(text)
	if err != nil || again.String() != text {
		t.Fatalf("%q is read again as %v, %v", text, again, err)
	}
	at := time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)
	if a, b := s.NextN(at, 5), again.NextN(at, 5); !slices.EqualFunc(a, b, time.Time.Equal) {
		t.Fatalf("%q fires at %v, and read again at %v", text, a, b)
	}
	if s.Describe("fr") == "" || s.Describe("en") == "" {
		t.Fatalf("%q has no description", text)
	}
	s.Lint(at)
}

func FuzzRow(f *testing.F) {
	for _, row := range rows() {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, row string) {
		s, err := schedule.Row(row)
		if err == nil {
			readable(t, s)
			if s.Next(time.Time{}).IsZero() {
				t.Fatalf("%q is accepted and never fires", row)
			}
			return
		}
		var e *schedule.SyntaxError
		switch {
		case errors.Is(err, schedule.ErrNeverFires):
		case !errors.As(err, &e):
			t.Fatalf("%q: %v is neither a SyntaxError nor ErrNeverFires", row, err)
		case e.Offset+len(e.Text) > len(row), e.Column != "" && e.Text != "" && len(e.Error()) > 1000:
			t.Fatalf("%q: %+v points outside the row", row, e)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, row := range rows() {
		f.Add(row)
	}
	f.Add("TZ=Europe/Paris CLOCK=match * * * * 2 30 0; @every 1m30s\nTZ=-03:30:15 @every 8760h")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := schedule.Parse(text); err == nil {
			readable(t, s)
		}
	})
}

func FuzzCron(f *testing.F) {
	for _, expr := range []string{"*/15 8-18 * * 1-5", "0 0 1,15 * fri", "0 30 8 L * ?", "0 0 31 2 5"} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if s, err := schedule.Cron(expr); err == nil {
			readable(t, s)
		}
	})
}

func FuzzNext(f *testing.F) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/Santiago", "Antarctica/Troll", "Europe/Dublin"} {
		zones = append(zones, location(f, name))
	}
	for i, row := range rows() {
		f.Add(row, int64(1774745999), uint8(i), i%2 == 0)
		f.Add(row, int64(2240265600), uint8(i), i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, row string, unix int64, zone uint8, match bool) {
		s, err := schedule.Row(row)
		if err != nil {
			return
		}
		s = s.In(zones[int(zone)%len(zones)])
		if match {
			s = s.On(schedule.Match)
		}
		after := time.Unix(unix, 0)
		for range 5 {
			next := s.Next(after)
			if next.IsZero() {
				return
			}
			if !next.After(after) {
				t.Fatalf("%q: after %v comes %v", s, after, next)
			}
			// Whatever lies between, nothing may fire there.
			for _, between := range []time.Time{after.Add(next.Sub(after) / 2), next.Add(-time.Second)} {
				if got := s.Next(between); between.After(after) && !got.Equal(next) {
					t.Fatalf("%q: after %v comes %v, but after %v comes %v", s, after, next, between, got)
				}
			}
			after = next
		}
	})
}
