package console

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/schedule"
)

// A stage is a Source, or one around it, in words.
type stage struct {
	Name  string
	Facts []Fact
}

// fields are those that are shown of a Source or Sink, in this order. What is
// not named here, such as a password, is never looked at.
var fields = []string{
	"Path", "Addr", "Security", "User", "Folder", "Recursive", "ReadOnly", "Quiet", "Marker", "Body", "Raw",
	"ByJob", "Loose", "Done", "Delete", "DeleteAfter", "Rejected", "KeepFor",
}

const module = "github.com/ezged/coldlauncher/"

// source describes where l takes from: the origin first, then what is around.
func (h *Handler) source(l *launcher.Launcher, lang string) []stage {
	if h.Describe != nil {
		if facts := h.Describe(l, lang); facts != nil {
			return []stage{{Facts: facts}}
		}
	}
	var stages []stage
	for src := l.Source; src != nil && len(stages) < 8; src = inner(src) {
		stages = append([]stage{stageOf(src, lang)}, stages...)
	}
	return stages
}

// inner returns the Source that src is around, or nil.
func inner(src launcher.Source) launcher.Source {
	v := structOf(src)
	if !v.IsValid() {
		return nil
	}
	f := v.FieldByName("From")
	if !f.IsValid() || !f.CanInterface() {
		return nil
	}
	from, _ := f.Interface().(launcher.Source)
	return from
}

func structOf(x any) reflect.Value {
	v := reflect.ValueOf(x)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v
}

func stageOf(x any, lang string) stage {
	s := stage{Name: typeName(x, lang)}
	v := structOf(x)
	if !v.IsValid() {
		return s
	}
	for _, name := range fields {
		f, ok := v.Type().FieldByName(name)
		if !ok || !f.IsExported() || len(f.Index) != 1 {
			continue
		}
		if value, ok := valueOf(v.FieldByIndex(f.Index), lang); ok {
			s.Facts = append(s.Facts, Fact{Label: say(lang, "field."+name), Value: value})
		}
	}
	return s
}

func typeName(x any, lang string) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", x), "*")
	t := reflect.TypeOf(x)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, ok := words["type."+name]; ok && strings.HasPrefix(t.PkgPath(), module) {
		return say(lang, "type."+name)
	}
	return name
}

// valueOf writes a field, unless it is zero.
func valueOf(v reflect.Value, lang string) (string, bool) {
	switch x := v.Interface().(type) {
	case launcher.Secret:
		return "", false
	case time.Duration:
		return span(lang, x), x > 0
	case fmt.Stringer:
		return x.String(), v.Kind() >= reflect.Int && v.Kind() <= reflect.Uint64
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), v.String() != ""
	case reflect.Bool:
		return "", v.Bool()
	}
	return "", false
}

// scenario is a launcher in words.
type scenario struct {
	When   string
	From   []stage
	Keeps  string // "": every document
	Routes []routeWords
	To     stage
	Gives  string
}

type routeWords struct {
	Job, Groups, Filter string
	Split               bool
}

func (h *Handler) scenario(l *launcher.Launcher, lang string) scenario {
	s := scenario{When: scheduleWords(l.Schedule, lang), From: h.source(l, lang), Keeps: filterWords(l.Filter)}
	for _, r := range l.Routes {
		s.Routes = append(s.Routes, routeWords{r.Job, strings.Join(r.Groups, ", "), filterWords(r.Filter), r.Split})
	}
	s.To = stageOf(l.Sink, lang)
	switch n := l.MaxAttempts; {
	case n < 0:
		s.Gives = say(lang, "s.nolimit")
	case n == 0:
		s.Gives = say(lang, "s.attempts", 10)
	default:
		s.Gives = say(lang, "s.attempts", n)
	}
	return s
}

func scheduleWords(s launcher.Schedule, lang string) string {
	switch s := s.(type) {
	case nil:
		return say(lang, "s.unscheduled")
	case *schedule.Schedule:
		if s != nil {
			return s.Describe(lang)
		}
	}
	return say(lang, "s.own")
}

// filterWords writes a filter as it says itself, or its type.
func filterWords(f launcher.Filter) string {
	if f == nil {
		return ""
	}
	text := fmt.Sprintf("%T", f)
	if s, ok := f.(fmt.Stringer); ok {
		text = s.String()
	}
	return clip(text, 400)
}

// clip shortens a text to n runes.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
