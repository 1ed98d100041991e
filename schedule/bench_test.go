package schedule_test

import (
	"testing"
	"time"

	"github.com/ezged/coldlauncher/schedule"
)

func BenchmarkNext(b *testing.B) {
	for _, bm := range []struct{ name, row, after string }{
		{"every 15 s", "* * * * * * */15", "2026-06-05T10:00:07+02:00"},
		{"default row", "* * * * * * 0", "2026-06-05T10:00:07+02:00"},
		{"working days at 08:30", "* * mon-fri * 8 30 0", "2026-06-05T08:30:00+02:00"},
		{"the 31st", "* * * 31 0 0 0", "2026-06-05T10:00:07+02:00"},
		{"29 February", "* 2 * 29 0 0 0", "2026-06-05T10:00:07+02:00"},
		{"29 February across 2100", "* 2 * 29 0 0 0", "2096-03-05T10:00:07+01:00"},
		{"29 February a Monday", "* 2 mon 29 0 0 0", "2072-03-05T10:00:07+01:00"},
		{"a day before clocks go forward", "* * * * 2 30 0", "2026-03-28T12:00:00+01:00"},
		{"a day before clocks go back", "* * * * 2 30 0", "2026-10-24T12:00:00+02:00"},
		{"never again", "2026 * * * 0 0 0", "2027-06-05T10:00:07+02:00"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			s := schedule.Must(schedule.Row(bm.row)).In(location(b, "Europe/Paris"))
			after, err := time.Parse(time.RFC3339, bm.after)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Next(after)
			}
		})
	}
	b.Run("from one 29 February to the next", func(b *testing.B) {
		s := schedule.Must(schedule.Row("* 2 * 29 0 0 0")).In(location(b, "Europe/Paris"))
		b.ReportAllocs()
		var at time.Time
		for b.Loop() {
			at = s.Next(at)
		}
	})
	b.Run("only in skipped hours", func(b *testing.B) {
		s := schedule.Must(schedule.Row("* 3 sunL * 2 30 0")).In(location(b, "Europe/Paris")).On(schedule.Match)
		b.ReportAllocs()
		for b.Loop() {
			s.Next(time.Unix(1780000000, 0))
		}
	})
}

// A launcher asks about now, and its zone stays what it was. Here nothing that
// was found before helps: each question is about another year and season.
func BenchmarkNextUnprepared(b *testing.B) {
	for _, bm := range []struct{ name, row, zone string }{
		{"daily", "* * * * 2 30 0", "Europe/Paris"},
		{"29 February", "* 2 * 29 0 0 0", "Europe/Paris"},
		{"29 February a Monday", "* 2 mon 29 0 0 0", "Africa/Casablanca"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			s := schedule.Must(schedule.Row(bm.row)).In(location(b, bm.zone))
			b.ReportAllocs()
			var questions [300]time.Time
			for i := range questions {
				questions[i] = time.Date(1970+i*89%230, time.Month(1+i*7), 13, 10, 0, 0, 0, time.UTC)
			}
			for i := 0; b.Loop(); i++ {
				s.Next(questions[i%len(questions)])
			}
		})
	}
}

func BenchmarkOnMatch(b *testing.B) {
	s := schedule.Must(schedule.Row("* * * * 2 30 0")).On(schedule.Match)
	paris := location(b, "Europe/Paris")
	b.ReportAllocs()
	for b.Loop() {
		s.In(paris)
	}
}

func BenchmarkRow(b *testing.B) {
	for _, bm := range []struct{ name, row string }{
		{"easy", "* * * * * * 0"},
		{"medium", "* * mon-fri * 8-18 */5 0"},
		{"impossible", "* 2 * 30 0 0 0"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				schedule.Row(bm.row)
			}
		})
	}
}
