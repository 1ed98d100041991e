package scenario

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/schedule"
)

// Env is what a scenario may name.
type Env struct {
	// Protocols are what a source's "protocol" may be, such as those of
	// protocol.Builtin.
	Protocols map[string]Protocol

	// Openers are what "open" may name: functions that return a Source around
	// a Source, such as those of protocol.Openers.
	Openers map[string]func(from launcher.Source) launcher.Source

	// Sinks are what "sink" may name. If there is one only, it need not be.
	Sinks map[string]launcher.Sink

	// Secret finds secrets. Nil is Secret.Resolve, which refuses literals and
	// knows no names of the host. A host that allows more asks that for the
	// rest.
	Secret func(Secret) (launcher.Secret, error)

	// Ledger is that of all launchers; nil keeps what became of parcels in
	// memory: in that of the Runner, or of each launcher that Build returns.
	Ledger launcher.Ledger

	// Observe is that of all launchers.
	Observe func(ctx context.Context, e launcher.Event)
}

// Load parses a scenario and builds it to see whether that goes. The error has
// all faults, of the file and of what it names; those of a server or directory
// show in launcher.Launcher.Check.
func Load(text []byte, env Env) (File, error) {
	f, err := Parse(text)
	if err != nil && f.doc == nil {
		return f, err
	}
	_, err = Build(f, env)
	return f, err
}

// Build returns the launchers that f describes, ready for launcher.Run, in the
// order of f. Nothing is opened, dialled or changed, but secrets are looked up
// to see that they are there. The error is made of Faults, all there are, those
// that Parse found included; then there are no launchers.
func Build(f File, env Env) ([]*launcher.Launcher, error) {
	b := &builder{file: f, env: env}
	b.faults = append(b.faults, f.faults...)
	b.parsed = len(b.faults)
	b.zone("", f.Zone, &b.local)
	first := make(map[string]int)
	var ls []*launcher.Launcher
	for i := range f.Launchers {
		b.at = i
		ls = append(ls, b.launcher(&f.Launchers[i]))
		name := f.Launchers[i].Name
		if j, ok := first[name]; ok && name != "" {
			b.fault("name", fmt.Errorf("launcher %d has this name, too", j+1))
		} else {
			first[name] = i
		}
	}
	if err := b.faults.err(); err != nil {
		return nil, err
	}
	return ls, nil
}

type builder struct {
	file   File
	env    Env
	local  *time.Location // of the file; nil: none is named
	at     int            // the launcher being built
	faults faults
	parsed int // how many of them Parse found
}

// fault reports what is wrong with a key of the launcher being built, unless
// Parse had something to say of that key.
func (b *builder) fault(key string, err error) {
	f := &Fault{Key: key, Err: err}
	if b.at < len(b.file.Launchers) {
		f.Launcher = b.file.nameOf(b.at)
	}
	for _, known := range b.faults[:b.parsed] {
		if known.Launcher == f.Launcher && (within(key, known.Key) || within(known.Key, key)) {
			return
		}
	}
	if n := b.node(); n != nil {
		f.Line, f.Column = b.file.doc.position(n.find(key).start)
	}
	b.faults = append(b.faults, f)
}

// within reports whether a key is another one or below it.
func within(key, of string) bool {
	rest, ok := strings.CutPrefix(key, of)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// node returns where the launcher being built stands in the file, or nil.
func (b *builder) node() *node {
	doc := b.file.doc
	if doc == nil {
		return nil
	}
	list := doc.root.get("launchers")
	if list == nil || b.at >= len(list.elements) {
		return nil
	}
	n := list.elements[b.at]
	if name := n.get("name"); name != nil && name.text != b.file.Launchers[b.at].Name {
		return nil // the File was changed since it was read
	}
	return n
}

func (b *builder) launcher(d *Launcher) *launcher.Launcher {
	origin := b.origin(&d.Source)
	l := &launcher.Launcher{
		Name:        d.Name,
		Source:      b.around(d, origin),
		Sink:        b.sink(d.Sink),
		Schedule:    b.schedule(d),
		Filter:      d.Filter.build("filter", b.fault),
		Ledger:      b.env.Ledger,
		Parallel:    d.Parallel,
		Revision:    revision(d),
		CatchUp:     time.Duration(d.CatchUp),
		Jitter:      time.Duration(d.Jitter),
		MaxAttempts: d.Attempts,
		Backoff:     d.Retry.backoff(),
		Grace:       orNone(d.Grace),
		Stall:       orNone(d.Stall),
		Overdue:     orNone(d.Overdue),
		Cooldown:    orNone(d.Cooldown),
		Retain:      retain(d.Retain),
		Watch:       origin.Watch,
		Explain:     filter.Explain,
		Observe:     b.env.Observe,
	}
	for i, r := range d.Routes {
		l.Routes = append(l.Routes, launcher.Route{
			Job: r.Job, Groups: r.Groups, Split: r.Split,
			Filter: r.Filter.build(fmt.Sprintf("routes[%d].filter", i), b.fault),
		})
	}
	b.spans(d)
	b.check(l)
	if d.Paused {
		l.Pause()
	}
	if d.AtStart {
		l.Wake()
	}
	return l
}

// keyOf tells what fields of a launcher are called in JSON.
var keyOf = map[string]string{
	"Name": "name", "Source": "source", "Schedule": "schedule", "Routes": "routes",
	"Parallel": "parallel", "MaxAttempts": "attempts", "CatchUp": "catch_up", "Jitter": "jitter",
	"Grace": "grace", "Stall": "stall", "Overdue": "overdue", "Cooldown": "cooldown", "Retain": "retain",
}

// check asks the launcher itself about its fields. What is missing because of a
// fault that was told is not told again. A Sink may be nil: to look at a
// scenario, its name is enough.
func (b *builder) check(l *launcher.Launcher) {
	for _, err := range parts(l.Validate()) {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner // without the name of the launcher
		}
		place, _, _ := strings.Cut(err.Error(), ":")
		field, index, list := strings.Cut(place, "[")
		key := keyOf[field]
		if list {
			key += "[" + index
		}
		if field == "Sink" || field == "Source" && b.told("source", "open") {
			continue
		}
		b.fault(key, err)
	}
}

// told reports whether there is a fault at or below one of some keys of the
// launcher being built.
func (b *builder) told(keys ...string) bool {
	name := b.file.nameOf(b.at)
	return slices.ContainsFunc(b.faults, func(f *Fault) bool {
		return f.Launcher == name && slices.ContainsFunc(keys, func(k string) bool { return within(f.Key, k) })
	})
}

// spans looks at those that the launcher itself does not see.
func (b *builder) spans(d *Launcher) {
	check := func(key string, span Duration) {
		if span < 0 {
			b.fault(key, fmt.Errorf("%v is negative", span))
		}
	}
	if d.Retry != nil {
		check("retry.first", d.Retry.First)
		check("retry.most", d.Retry.Most)
	}
	if d.Backup != nil {
		check("backup.keep", d.Backup.Keep)
	}
}

// origin returns what the form of the protocol makes of the settings.
func (b *builder) origin(s *Source) Origin {
	protocol, ok := b.env.Protocols[s.Protocol]
	if !ok {
		b.fault("source.protocol", unknownValue("protocol", s.Protocol, slices.Collect(maps.Keys(b.env.Protocols))))
		return Origin{}
	}
	form := protocol()
	if !b.read(s, form) {
		return Origin{}
	}
	secret := b.env.Secret
	if secret == nil {
		secret = Secret.Resolve
	}
	origin, err := form.Origin(secret)
	for _, err := range parts(err) {
		key := "source"
		var about *KeyError
		if errors.As(err, &about) {
			key, err = join(key, about.Key), about.Err
		}
		b.fault(key, err)
	}
	if err == nil && origin.Source == nil {
		b.fault("source", fmt.Errorf("protocol %q made no Source of this", s.Protocol))
	}
	return origin
}

// read fills in a form and reports whether that went well.
func (b *builder) read(s *Source, form Form) bool {
	v := reflect.ValueOf(form)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		b.fault("source", fmt.Errorf("protocol %q: its Form is a %T, want a pointer to a struct", s.Protocol, form))
		return false
	}
	doc, n, err := b.settings(s)
	if err != nil {
		b.fault("source", err)
		return false
	}
	keys := *n
	keys.members = slices.DeleteFunc(slices.Clone(n.members), func(m member) bool { return m.key == "protocol" })
	d := &decoder{doc: doc}
	d.value(&keys, v.Elem(), "source")
	for _, f := range d.faults {
		f.Launcher = b.file.nameOf(b.at)
	}
	b.faults = append(b.faults, d.faults...)
	return len(d.faults) == 0
}

// settings returns the settings of a source: as they stand in the file, if they
// still do.
func (b *builder) settings(s *Source) (*document, *node, error) {
	if doc := b.file.doc; doc != nil && s.at != nil && s.at.end <= len(doc.text) && bytes.Equal(doc.text[s.at.start:s.at.end], s.Settings) {
		return doc, s.at, nil
	}
	doc, err := s.document()
	if err != nil {
		return nil, nil, err
	}
	doc.loose = true
	return doc, doc.root, nil
}

// parts returns the errors that were joined to err.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, err := range joined.Unwrap() {
			out = append(out, parts(err)...)
		}
		return out
	}
	return []error{err}
}

// around returns the Source with its backup and what opens what it offers.
func (b *builder) around(d *Launcher, origin Origin) launcher.Source {
	src := origin.Source
	if d.Backup != nil {
		src = &backup.Source{From: src, Path: d.Backup.Path, KeepFor: time.Duration(d.Backup.Keep)}
	}
	if origin.Open != nil {
		src = origin.Open(src)
	}
	for i, name := range d.Open {
		open, ok := b.env.Openers[name]
		if !ok {
			b.fault(fmt.Sprintf("open[%d]", i), unknownValue("opener", name, slices.Collect(maps.Keys(b.env.Openers))))
			continue
		}
		src = open(src)
	}
	return src
}

func (b *builder) sink(name string) launcher.Sink {
	if name == "" && len(b.env.Sinks) == 1 {
		for _, s := range b.env.Sinks {
			return s
		}
	}
	s, ok := b.env.Sinks[name]
	if !ok {
		b.fault("sink", unknownValue("sink", name, slices.Collect(maps.Keys(b.env.Sinks))))
	}
	return s
}

func (b *builder) schedule(d *Launcher) launcher.Schedule {
	zone := b.local
	b.zone("zone", d.Zone, &zone)
	var rows []*schedule.Schedule
	if len(d.Schedule) == 0 {
		b.fault("schedule", errors.New("missing"))
	}
	for i, r := range d.Schedule {
		s, err := r.build(zone)
		if err != nil {
			key := "schedule"
			if n := b.node(); n == nil || n.find(key).kind == "list" {
				key = fmt.Sprintf("schedule[%d]", i)
			}
			b.fault(key, err)
			continue
		}
		rows = append(rows, s)
	}
	return schedule.Union(rows...)
}

func (b *builder) zone(key, name string, zone **time.Location) {
	if name == "" {
		return
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		*zone = loc
		return
	}
	if key != "" {
		b.fault(key, err)
		return
	}
	f := &Fault{Key: "zone", Err: err}
	if b.file.doc != nil {
		f.Line, f.Column = b.file.doc.position(b.file.doc.root.find("zone").start)
	}
	b.faults = append(b.faults, f)
}

// orNone reads a span of which nil is the default and 0 means none.
func orNone(d *Duration) time.Duration {
	switch {
	case d == nil:
		return 0
	case *d == 0:
		return -1
	}
	return time.Duration(*d)
}

// retain reads a span of which nil is the default. To a launcher -1 is for ever,
// so that 0 is the shortest span there is.
func retain(d *Duration) time.Duration {
	if d != nil && *d == 0 {
		return 1
	}
	return orNone(d)
}

func (r *Retry) backoff() func(attempt int) time.Duration {
	if r == nil {
		return nil
	}
	first, most := time.Duration(r.First), time.Duration(r.Most)
	if first == 0 {
		first = time.Minute
	}
	if most == 0 {
		most = max(time.Hour, first)
	}
	return func(attempt int) time.Duration {
		d := first
		for range attempt - 1 {
			if d > most/2 {
				return most
			}
			d *= 2
		}
		return min(d, most)
	}
}

// revision names the filter and routes of a launcher, and what they look at.
func revision(d *Launcher) string {
	text, err := json.Marshal([]any{d.Open, d.Filter, d.Routes, string(d.Source.Settings)})
	if err != nil {
		return "" // nothing is remembered then
	}
	return fmt.Sprintf("scenario-%x", sha256.Sum256(text))
}
