package scenario

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
)

// A Filter says which documents are wanted: those that fit all that is set. In
// JSON it is an object, or just the Names: a string or a list of them.
type Filter struct {
	// Names are patterns for file names, as filter.Lines reads them: "/…/" as in
	// EzGED, anything else a glob, with "!" in front to exclude.
	Names      Strings  `json:"names,omitempty" doc:"patterns for file names: /…/ is an expression as in EzGED, anything else a glob such as *.pdf; ! in front excludes"`
	IgnoreCase bool     `json:"ignore_case,omitempty" doc:"case does not count in names"`
	Extensions Strings  `json:"extensions,omitempty" doc:"such as pdf; case does not count"`
	Folders    Strings  `json:"folders,omitempty" doc:"globs for folders below the path of the source; one must fit"`
	Types      Strings  `json:"types,omitempty" doc:"media types by content, such as application/pdf or image/*"`
	Senders    Strings  `json:"senders,omitempty" doc:"addresses or @domains that mails must come from"`
	Subject    string   `json:"subject,omitempty" doc:"an expression /…/ or a glob that subjects of mails must fit"`
	MinSize    Size     `json:"min_size,omitempty" doc:"in bytes, or such as 2 kB"`
	MaxSize    Size     `json:"max_size,omitempty" doc:"in bytes, or such as 20 MB"`
	NewerThan  Duration `json:"newer_than,omitzero" doc:"changed at most this long ago"`
	Any        []Filter `json:"any,omitempty" doc:"one of these must want the document"`
	Not        *Filter  `json:"not,omitempty" doc:"what is not wanted"`
}

func (f *Filter) decode(d *decoder, n *node, key string) {
	switch n.kind {
	case "string", "list":
		f.Names.decode(d, n, key)
	case "object":
		type plain Filter
		d.object(n, reflect.ValueOf((*plain)(f)).Elem(), key)
	default:
		d.is(n, key, "string", "list", "object")
	}
}

func (*Filter) schema() map[string]any { return map[string]any{"$ref": "#/$defs/filter"} }

// MarshalJSON writes a list if only Names are set, and an object otherwise.
func (f Filter) MarshalJSON() ([]byte, error) {
	if reflect.DeepEqual(f, Filter{Names: f.Names}) && len(f.Names) > 0 {
		return json.Marshal([]string(f.Names))
	}
	type plain Filter
	return json.Marshal(plain(f))
}

// UnmarshalJSON reads an object, a list or a string.
func (f *Filter) UnmarshalJSON(text []byte) error { return unmarshal(text, f) }

// build returns the filter; nil wants everything.
func (f *Filter) build(key string, fault func(key string, err error)) launcher.Filter {
	if f == nil {
		return nil
	}
	var all []launcher.Filter
	if len(f.Names) > 0 {
		lines, err := filter.Lines(strings.Join(f.Names, "\n"))
		if err != nil {
			fault(join(key, "names"), err)
		} else if f.IgnoreCase {
			lines = lines.Fold()
		}
		all = append(all, lines)
	}
	if len(f.Extensions) > 0 {
		all = append(all, filter.Ext(f.Extensions...))
	}
	if len(f.Folders) > 0 {
		var folders []launcher.Filter
		for i, text := range f.Folders {
			p, err := filter.Dir(text)
			if err != nil {
				fault(fmt.Sprintf("%s[%d]", join(key, "folders"), i), err)
			}
			folders = append(folders, p)
		}
		all = append(all, filter.Any(folders...))
	}
	if len(f.Types) > 0 {
		all = append(all, filter.Sniff(f.Types...))
	}
	if len(f.Senders) > 0 {
		all = append(all, filter.Sender(f.Senders...))
	}
	if f.Subject != "" {
		p, err := pattern(f.Subject)
		if err != nil {
			fault(join(key, "subject"), err)
		} else {
			all = append(all, filter.Subject(p))
		}
	}
	if f.MinSize > 0 || f.MaxSize > 0 {
		most := int64(f.MaxSize)
		if most == 0 {
			most = -1
		}
		all = append(all, filter.Size(int64(f.MinSize), most))
	}
	if f.NewerThan > 0 {
		all = append(all, filter.Age(0, time.Duration(f.NewerThan)))
	}
	if len(f.Any) > 0 {
		var some []launcher.Filter
		for i := range f.Any {
			some = append(some, f.Any[i].build(fmt.Sprintf("%s[%d]", join(key, "any"), i), fault))
		}
		all = append(all, filter.Any(some...))
	}
	if f.Not != nil {
		all = append(all, filter.Not(f.Not.build(join(key, "not"), fault)))
	}
	if len(all) == 1 {
		return all[0]
	}
	return filter.All(all...)
}

func pattern(text string) (*filter.Pattern, error) {
	if strings.HasPrefix(text, "/") {
		return filter.Regexp(text)
	}
	return filter.Glob(text)
}
