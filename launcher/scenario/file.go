package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// A File is a scenario: the launchers of a host. It is read by Parse or
// json.Unmarshal, and json.Marshal writes it back; a host may also make one.
type File struct {
	// Schema is for editors: the address of the JSON Schema.
	Schema string `json:"$schema,omitempty" doc:"the address of this schema, for editors"`

	// Zone is the time zone of all schedules that name none.
	Zone string `json:"zone,omitempty" doc:"time zone of all schedules, such as Europe/Paris; by default that of the machine"`

	Launchers []Launcher `json:"launchers" required:"true" doc:"one for each place where documents arrive"`

	doc    *document // it was read from; nil: made by a program
	faults faults    // found in reading it
}

// A Launcher describes a launcher.Launcher.
type Launcher struct {
	Name        string    `json:"name" required:"true" doc:"unique, 1 to 48 of A-Z a-z 0-9 . _ -; renaming a launcher takes again what has stayed in place"`
	Description string    `json:"description,omitempty" doc:"for people"`
	Paused      bool      `json:"paused,omitempty" doc:"makes no passes until somebody resumes it"`
	Source      Source    `json:"source" required:"true" doc:"where documents arrive; the protocol decides about the other keys"`
	Backup      *Backup   `json:"backup,omitempty" doc:"keeps a copy of everything as it came, before it is handed over"`
	Open        []string  `json:"open,omitempty" doc:"what is unpacked besides what the protocol unpacks, in this order, such as adullact for envelopes in mails"`
	Filter      *Filter   `json:"filter,omitempty" doc:"which documents are wanted; by default all"`
	Routes      []Route   `json:"routes,omitempty" doc:"which documents go to which COLD job; the first that fits gets a document"`
	Sink        string    `json:"sink,omitempty" doc:"where documents are handed over, by a name of the host program; may be left out where there is one only"`
	Schedule    Schedule  `json:"schedule" required:"true" doc:"when to look"`
	Zone        string    `json:"zone,omitempty" doc:"time zone of the schedule"`
	AtStart     bool      `json:"at_start,omitempty" doc:"also looks when the program starts"`
	CatchUp     Duration  `json:"catch_up,omitzero" doc:"a run missed while the program was stopped is made up for if it is younger"`
	Jitter      Duration  `json:"jitter,omitzero" doc:"spreads runs of several launchers over this time"`
	Parallel    int       `json:"parallel,omitempty" least:"0" most:"1000" doc:"how many parcels are handed over at a time; 0: 1"`
	Attempts    int       `json:"attempts,omitempty" least:"-1" doc:"failures before a parcel is set aside; 0: 10, -1: no limit"`
	Retry       *Retry    `json:"retry,omitempty" doc:"how long a parcel rests after a failure"`
	Grace       *Duration `json:"grace,omitempty" doc:"how long handing over may go on after a stop was asked for; by default 30 s"`
	Stall       *Duration `json:"stall,omitempty" doc:"cuts a pass in which nothing moves for this long; 0: never; by default 5 min"`
	Overdue     *Duration `json:"overdue,omitempty" doc:"how late a success may be before the console shows trouble; 0: never; by default 15 min"`
	Cooldown    *Duration `json:"cooldown,omitempty" doc:"the longest rest after failed passes; 0: none; by default 15 min"`
	Retain      *Duration `json:"retain,omitempty" doc:"how long a parcel is remembered once it is gone from its origin; 0: not at all; by default 90 days"`
}

// A Source names a protocol and holds its settings.
type Source struct {
	// Protocol is a name in Env.Protocols.
	Protocol string

	// Settings is a JSON object with the keys of the protocol. A key "protocol"
	// in it does not count.
	Settings json.RawMessage

	at *node // where it was read from, if it was
}

// A Backup keeps raw copies.
type Backup struct {
	Path string   `json:"path" required:"true" doc:"the directory for copies; of this launcher alone"`
	Keep Duration `json:"keep,omitzero" doc:"how long copies are kept; by default for ever"`
}

// A Route sends documents to a COLD job.
type Route struct {
	Job    string  `json:"job" doc:"the COLD job, as the host program names it"`
	Groups Strings `json:"groups,omitempty" doc:"extensions (pdf, tar.gz) or envelope types (chorus_fact); * is any, - none; by default any"`
	Filter *Filter `json:"filter,omitempty" doc:"which of them; by default all"`
	Split  bool    `json:"split,omitempty" doc:"hands each document over by itself"`
}

// Retry is how long a parcel rests after failures: First, then twice as long
// each time, up to Most.
type Retry struct {
	First Duration `json:"first,omitzero" doc:"after the first failure; by default 1 min"`
	Most  Duration `json:"most,omitzero" doc:"at most; by default 1 h"`
}

// Parse reads a scenario. The error is made of Faults, all there are in what
// every scenario has in common; the settings of protocols are read by Build.
// Load does both.
func Parse(text []byte) (File, error) {
	var f File
	doc, err := read(text)
	if err != nil {
		var fault *Fault
		if errors.As(err, &fault) {
			err = faults{fault}
		}
		return File{}, err
	}
	d := &decoder{doc: doc}
	d.value(doc.root, reflect.ValueOf(&f).Elem(), "")
	f.doc = doc
	f.faults = d.faults
	f.attribute()
	if err := f.faults.err(); err != nil {
		return f, err
	}
	return f, nil
}

// UnmarshalJSON is Parse.
func (f *File) UnmarshalJSON(text []byte) error {
	read, err := Parse(text)
	if err != nil {
		return err
	}
	*f = read
	return nil
}

// attribute tells of which launcher faults are.
func (f *File) attribute() {
	for _, fault := range f.faults {
		var i int
		if n, err := fmt.Sscanf(fault.Key, "launchers[%d]", &i); err != nil || n != 1 || i >= len(f.Launchers) {
			continue
		}
		fault.Launcher = f.nameOf(i)
		place := fmt.Sprintf("launchers[%d]", i)
		fault.Key = fault.Key[len(place):]
		if len(fault.Key) > 0 && fault.Key[0] == '.' {
			fault.Key = fault.Key[1:]
		}
	}
}

// nameOf returns what faults call a launcher.
func (f *File) nameOf(i int) string {
	if name := f.Launchers[i].Name; name != "" {
		return name
	}
	return fmt.Sprintf("#%d", i+1)
}

func (s *Source) decode(d *decoder, n *node, key string) {
	if !d.is(n, key, "object") {
		return
	}
	protocol := n.get("protocol")
	if protocol == nil {
		d.fault(n, join(key, "protocol"), "missing")
		return
	}
	name, ok := d.text(protocol, join(key, "protocol"))
	if !ok {
		return
	}
	*s = Source{Protocol: name, Settings: slices.Clone(d.doc.text[n.start:n.end]), at: n}
}

func (*Source) schema() map[string]any { return map[string]any{"$ref": "#/$defs/source"} }

// MarshalJSON writes the settings with the protocol. Literal secrets are left
// out of them.
func (s Source) MarshalJSON() ([]byte, error) {
	doc, err := s.document()
	if err != nil {
		return nil, err
	}
	name, err := json.Marshal(s.Protocol)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`{"protocol":`)
	b.Write(name)
	for _, m := range doc.root.members {
		if m.key == "protocol" {
			continue
		}
		b.WriteByte(',')
		writeString(&b, m.key)
		b.WriteByte(':')
		write(&b, doc, m.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// document returns the settings as nodes.
func (s Source) document() (*document, error) {
	text := s.Settings
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	doc, err := read(text)
	if err != nil {
		return nil, err
	}
	if doc.root.kind != "object" {
		return nil, fmt.Errorf("settings: want an object {…}, not %s", article(doc.root.kind))
	}
	return doc, nil
}

// write writes a value as it was, but for literal secrets.
func write(b *bytes.Buffer, doc *document, n *node) {
	switch n.kind {
	case "object":
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, m.key)
			b.WriteByte(':')
			if m.key == "literal" && len(n.members) == 1 {
				writeString(b, hidden)
				continue
			}
			write(b, doc, m.value)
		}
		b.WriteByte('}')
	case "list":
		b.WriteByte('[')
		for i, e := range n.elements {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, doc, e)
		}
		b.WriteByte(']')
	default:
		b.Write(doc.text[n.start:n.end])
	}
}

func writeString(b *bytes.Buffer, s string) {
	text, _ := json.Marshal(s) // of a string it does not fail
	b.Write(text)
}
