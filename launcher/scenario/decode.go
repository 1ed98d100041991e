package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A decoder fills in Go values and collects what is wrong.
type decoder struct {
	doc    *document
	faults faults
}

func (d *decoder) fault(n *node, key string, format string, args ...any) {
	d.faults = append(d.faults, d.doc.fault(n.start, key, fmt.Errorf(format, args...)))
}

// A shaped type has a form in JSON other than that of its Go type.
type shaped interface {
	// decode sets the value from n. It reports faults under key.
	decode(d *decoder, n *node, key string)
	// schema returns the JSON Schema of the type.
	schema() map[string]any
}

func shape(v reflect.Value) (shaped, bool) {
	if !v.CanAddr() {
		return nil, false
	}
	s, ok := v.Addr().Interface().(shaped)
	return s, ok
}

// value sets v from n.
func (d *decoder) value(n *node, v reflect.Value, key string) {
	if s, ok := shape(v); ok {
		s.decode(d, n, key)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), key)
	case reflect.String:
		if s, ok := d.text(n, key); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		if d.is(n, key, "true or false") {
			v.SetBool(n.truth)
		}
	case reflect.Int, reflect.Int64:
		d.integer(n, v, key)
	case reflect.Slice:
		d.list(n, v, key)
	case reflect.Struct:
		d.object(n, v, key)
	default:
		d.fault(n, key, "a setting of type %v cannot be read", v.Type())
	}
}

// is reports whether n is of a kind, or that it is not.
func (d *decoder) is(n *node, key string, kinds ...string) bool {
	if slices.Contains(kinds, n.kind) {
		return true
	}
	d.fault(n, key, "want %s, not %s", articles(kinds), article(n.kind))
	return false
}

func articles(kinds []string) string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = article(k)
	}
	return strings.Join(all, " or ")
}

func article(kind string) string {
	switch kind {
	case "object":
		return "an object {…}"
	case "list":
		return "a list […]"
	case "string", "number":
		return "a " + kind
	}
	return kind
}

// text returns the string that n is.
func (d *decoder) text(n *node, key string) (string, bool) {
	if !d.is(n, key, "string") {
		return "", false
	}
	if i := strings.IndexFunc(n.text, isControl); i >= 0 {
		d.fault(n, key, `holds a control character (%q): a backslash is written twice, as in "F:\\in"`, n.text[i])
		return "", false
	}
	return n.text, true
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func (d *decoder) integer(n *node, v reflect.Value, key string) {
	if !d.is(n, key, "number") {
		return
	}
	i, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || i < -maxInteger || i > maxInteger {
		d.fault(n, key, "%s is not a whole number in range", n.text)
		return
	}
	v.SetInt(i)
}

func (d *decoder) list(n *node, v reflect.Value, key string) {
	if !d.is(n, key, "list") {
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.elements), len(n.elements))
	for i, e := range n.elements {
		d.value(e, out.Index(i), fmt.Sprintf("%s[%d]", key, i))
	}
	v.Set(out)
}

// A field is one of a struct and how it is called in JSON.
type field struct {
	name     string
	index    []int
	typ      reflect.Type
	required bool
	values   []string // allowed; nil: any
	least    *int64
	most     *int64
	doc      string
}

// fieldsOf returns the fields of a struct type that have a json tag, and those
// of the structs that it embeds.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		out = append(out, field{
			name: name, index: f.Index, typ: f.Type,
			required: f.Tag.Get("required") == "true",
			values:   strings.Fields(f.Tag.Get("values")),
			least:    bound(f.Tag.Get("least")), most: bound(f.Tag.Get("most")),
			doc: f.Tag.Get("doc"),
		})
	}
	return out
}

func bound(tag string) *int64 {
	i, err := strconv.ParseInt(tag, 10, 64)
	if err != nil {
		return nil
	}
	return &i
}

// object sets the fields of v, a struct.
func (d *decoder) object(n *node, v reflect.Value, key string) {
	if !d.is(n, key, "object") {
		return
	}
	fields := fieldsOf(v.Type())
	for _, m := range n.members {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == m.key })
		if i < 0 {
			d.faults = append(d.faults, d.doc.fault(m.start, join(key, m.key), unknown(m.key, fields)))
			continue
		}
		f := fields[i]
		before := len(d.faults)
		d.value(m.value, v.FieldByIndex(f.index), join(key, m.key))
		if len(d.faults) == before {
			d.allowed(m.value, f, v.FieldByIndex(f.index), join(key, m.key))
		}
	}
	for _, f := range fields {
		if f.required && n.get(f.name) == nil {
			d.fault(n, join(key, f.name), "missing")
		}
	}
}

// allowed checks what the tags of a field ask for.
func (d *decoder) allowed(n *node, f field, v reflect.Value, key string) {
	switch {
	case len(f.values) > 0 && v.Kind() == reflect.String && !slices.Contains(f.values, v.String()):
		d.fault(n, key, "%q is none of %s", v.String(), strings.Join(f.values, ", "))
	case f.required && v.Kind() == reflect.String && v.String() == "":
		d.fault(n, key, "must not be empty")
	case f.least != nil && v.CanInt() && v.Int() < *f.least:
		d.fault(n, key, "%d is less than %d", v.Int(), *f.least)
	case f.most != nil && v.CanInt() && v.Int() > *f.most:
		d.fault(n, key, "%d is more than %d", v.Int(), *f.most)
	}
}

func join(key, sub string) string {
	if key == "" {
		return sub
	}
	return key + "." + sub
}

// unknown says that a key is not known, and which one may be meant.
func unknown(key string, fields []field) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return unknownName("key", "", key, names)
}

// unknownValue is unknown for the value of a key.
func unknownValue(what, value string, names []string) error {
	return unknownName(what, fmt.Sprintf(" %q", value), value, names)
}

func unknownName(what, shown, name string, names []string) error {
	what = "unknown " + what + shown
	best, least := "", 3
	for _, n := range names {
		if d := distance(strings.ToLower(name), n); d < least || best == "" && strings.EqualFold(name, n) {
			best, least = n, d
		}
	}
	if best != "" {
		return fmt.Errorf("%s: is %q meant?", what, best)
	}
	if len(names) == 0 {
		return errors.New(what + ": there is none")
	}
	slices.Sort(names)
	return errors.New(what + "; known are " + strings.Join(names, ", "))
}

// distance returns how many letters must change, come or go to make b of a.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
