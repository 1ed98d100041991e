package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/ezged/coldlauncher/schedule"
)

// A Schedule is a list of rows; the launcher runs whenever one of them fires.
// In JSON a single row may stand by itself.
type Schedule []Row

// A Row is one row of the form « programmer le lanceur ». In JSON it is a string
// with seven columns — year, month, weekday, day, hour, minute, second — or an
// object that names them, or one that says it in another way.
type Row struct {
	Text string `json:"-"` // the string; see schedule.Parse for what else it may hold

	Year    string `json:"year,omitempty" doc:"« Années »; by default *"`
	Month   string `json:"month,omitempty" doc:"« Mois »; by default *"`
	Weekday string `json:"weekday,omitempty" doc:"« Jours de la semaine », by name, or 1 (Monday) to 7; by default *"`
	Day     string `json:"day,omitempty" doc:"« Jours »; by default *"`
	Hour    string `json:"hour,omitempty" doc:"« Heures »; by default *"`
	Minute  string `json:"minute,omitempty" doc:"« Minutes »; by default *"`
	Second  string `json:"second,omitempty" doc:"« Secondes »; by default 0"`

	SecondsFirst string   `json:"seconds_first,omitempty" doc:"seven columns in the order of the text form: second, minute, hour, day, weekday, month, year"`
	Cron         string   `json:"cron,omitempty" doc:"an expression of cron, with five or six columns"`
	Every        Duration `json:"every,omitzero" doc:"an interval, such as 5m"`
}

func (s *Schedule) decode(d *decoder, n *node, key string) {
	if n.kind != "list" {
		*s = make(Schedule, 1)
		(*s)[0].decode(d, n, key)
		return
	}
	if len(n.elements) == 0 {
		d.fault(n, key, "must not be empty")
	}
	*s = make(Schedule, len(n.elements))
	for i, e := range n.elements {
		(*s)[i].decode(d, e, fmt.Sprintf("%s[%d]", key, i))
	}
}

func (*Schedule) schema() map[string]any {
	row := (*Row)(nil).schema()["anyOf"].([]any)
	return map[string]any{"anyOf": append(row, map[string]any{
		"type": "array", "minItems": 1, "items": map[string]any{"anyOf": row},
	})}
}

// UnmarshalJSON reads a row or a list of them.
func (s *Schedule) UnmarshalJSON(text []byte) error { return unmarshal(text, s) }

func (r *Row) decode(d *decoder, n *node, key string) {
	if n.kind == "string" {
		r.Text, _ = d.text(n, key)
		return
	}
	if n.kind != "object" {
		d.is(n, key, "string", "object")
		return
	}
	type plain Row
	d.object(n, reflect.ValueOf((*plain)(r)).Elem(), key)
}

func (*Row) schema() map[string]any {
	type plain Row
	return map[string]any{"anyOf": []any{textSchema(), objectSchema(reflect.TypeFor[plain]())}}
}

// MarshalJSON writes a string if Text is set, and an object otherwise.
func (r Row) MarshalJSON() ([]byte, error) {
	if r.Text != "" {
		return json.Marshal(r.Text)
	}
	type plain Row
	return json.Marshal(plain(r))
}

// UnmarshalJSON reads a string or an object.
func (r *Row) UnmarshalJSON(text []byte) error { return unmarshal(text, r) }

// build returns the schedule of a row, read in a zone; nil is time.Local.
func (r Row) build(zone *time.Location) (*schedule.Schedule, error) {
	columns := schedule.Columns{
		Year: r.Year, Month: r.Month, Weekday: r.Weekday, Day: r.Day,
		Hour: r.Hour, Minute: r.Minute, Second: r.Second,
	}
	var ways []func() (*schedule.Schedule, error)
	way := func(used bool, f func() (*schedule.Schedule, error)) {
		if used {
			ways = append(ways, f)
		}
	}
	way(r.Text != "", func() (*schedule.Schedule, error) { return schedule.Parse(r.Text) })
	way(columns != schedule.Columns{}, columns.Schedule)
	way(r.SecondsFirst != "", func() (*schedule.Schedule, error) { return schedule.SecondsFirst(r.SecondsFirst) })
	way(r.Cron != "", func() (*schedule.Schedule, error) { return schedule.Cron(r.Cron) })
	way(r.Every != 0, func() (*schedule.Schedule, error) { return schedule.Every(time.Duration(r.Every)) })
	if len(ways) != 1 {
		return nil, errors.New("a row is a string of seven columns, or names columns, or one of seconds_first, cron and every")
	}
	s, err := ways[0]()
	if err != nil || zone == nil {
		return s, err
	}
	if named, err := schedule.Parse(s.String()); err == nil && r.Text != "" && named.String() != named.In(time.Local).String() {
		return s, nil // the row names its zone
	}
	return s.In(zone), nil
}
