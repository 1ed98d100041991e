package peerbench

import (
	"testing"
	"time"

	"github.com/adhocore/gronx"
	"github.com/ezged/coldlauncher/schedule"
	gorhill "github.com/gorhill/cronexpr"
	hashicorp "github.com/hashicorp/cronexpr"
	"github.com/reugn/go-quartz/quartz"
	"github.com/robfig/cron/v3"
)

// A question is one row in the forms of all engines. An empty form means that
// the engine has none for it.
type question struct {
	name, after             string
	row, cron, expr, quartz string
}

func questions() []question {
	return []question{
		{"every 15 s", "2026-06-05T10:00:07+02:00", "* * * * * * */15", "*/15 * * * * *", "*/15 * * * * * *", "*/15 * * * * ?"},
		{"default row", "2026-06-05T10:00:07+02:00", "* * * * * * 0", "0 * * * * *", "0 * * * * * *", "0 * * * * ?"},
		{"working days at 08h30", "2026-06-05T08:30:00+02:00", "* * mon-fri * 8 30 0", "0 30 8 * * 1-5", "0 30 8 * * 1-5 *", "0 30 8 ? * 2-6"},
		{"the 31st", "2026-06-05T10:00:07+02:00", "* * * 31 0 0 0", "0 0 0 31 * *", "0 0 0 31 * * *", "0 0 0 31 * ?"},
		{"29 February", "2026-06-05T10:00:07+02:00", "* 2 * 29 0 0 0", "0 0 0 29 2 *", "0 0 0 29 2 * *", "0 0 0 29 2 ?"},
		{"29 February after 2096", "2096-03-05T10:00:07+01:00", "* 2 * 29 0 0 0", "", "0 0 0 29 2 * *", "0 0 0 29 2 ?"},
	}
}

func BenchmarkNext(b *testing.B) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range questions() {
		after, err := time.Parse(time.RFC3339, q.after)
		if err != nil {
			b.Fatal(err)
		}
		after = after.In(paris)
		for _, e := range engines(b, q, paris) {
			b.Run(q.name+"/"+e.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					e.next(after)
				}
			})
		}
	}
}

// BenchmarkFirst asks each question once: what package schedule remembers of
// the one before is of no use to the next, for that is about another year,
// season and 29 February.
func BenchmarkFirst(b *testing.B) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		b.Fatal(err)
	}
	var after [64]time.Time
	for i := range after {
		after[i] = time.Date(2020+i*5%16, time.Month(3+i%2*4), 5, 10, 0, i, 0, paris)
	}
	for _, q := range questions() {
		if q.cron == "" {
			continue
		}
		for _, e := range engines(b, q, paris) {
			b.Run(q.name+"/"+e.name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					e.next(after[i%len(after)])
				}
			})
		}
	}
}

type engine struct {
	name string
	next func(after time.Time)
}

func engines(b *testing.B, q question, loc *time.Location) []engine {
	own := schedule.Must(schedule.Row(q.row)).In(loc)
	g, h := gorhill.MustParse(q.expr), hashicorp.MustParse(q.expr)
	trigger, err := quartz.NewCronTriggerWithLoc(q.quartz, loc)
	if err != nil {
		b.Fatal(err)
	}
	all := []engine{
		{"schedule", func(after time.Time) { own.Next(after) }},
		{"hashicorp", func(after time.Time) { h.Next(after) }},
		{"gorhill", func(after time.Time) { g.Next(after) }},
		{"gronx", func(after time.Time) { gronx.NextTickAfter(q.expr, after, false) }},
		{"go-quartz", func(after time.Time) { trigger.NextFireTime(after.UnixNano()) }},
	}
	if q.cron == "" {
		return all
	}
	robfig, err := robfigParser().Parse(q.cron)
	if err != nil {
		b.Fatal(err)
	}
	return append(all, engine{"robfig", func(after time.Time) { robfig.Next(after) }})
}

func robfigParser() cron.Parser {
	return cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
}

func BenchmarkParse(b *testing.B) {
	for _, p := range []question{
		{name: "easy", row: "* * * * * * 0", cron: "0 * * * * *"},
		{name: "medium", row: "* * mon-fri * 8-18 */5 0", cron: "0 */5 8-18 * * 1-5"},
	} {
		b.Run(p.name+"/schedule", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				schedule.Row(p.row)
			}
		})
		b.Run(p.name+"/robfig", func(b *testing.B) {
			b.ReportAllocs()
			parser := robfigParser()
			for b.Loop() {
				parser.Parse(p.cron)
			}
		})
	}
}
