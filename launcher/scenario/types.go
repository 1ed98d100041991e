package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Limits on numbers, so that nothing overflows.
const (
	maxDays    = 100 * 365
	maxSeconds = maxDays * 24 * 3600
	maxBytes   = 1 << 53
	maxInteger = 1<<31 - 1
)

// A Duration is a time span: in JSON "10s", "1h30m", "90d" (d: 24 hours), or a
// number of seconds. The longest is 36500d.
type Duration time.Duration

var days = regexp.MustCompile(`^(\d{1,6})d`)

func parseDuration(s string) (Duration, error) {
	const most = maxDays * 24 * time.Hour
	var d time.Duration
	rest := s
	tooLong := false
	if m := days.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // six digits at most
		tooLong = n > maxDays
		d, rest = time.Duration(min(n, maxDays))*24*time.Hour, s[len(m[0]):]
	}
	if rest != "" || s == "" {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 {
			return 0, fmt.Errorf("%q is not a time span such as \"10s\", \"1h30m\" or \"90d\"", s)
		}
		tooLong = tooLong || more > most-d
		d += min(more, most)
	}
	if tooLong {
		return 0, fmt.Errorf("%q is more than %dd", s, maxDays)
	}
	return Duration(d), nil
}

func (d *Duration) decode(dec *decoder, n *node, key string) {
	switch n.kind {
	case "number":
		seconds, err := strconv.ParseFloat(n.text, 64)
		if err != nil || seconds < 0 || seconds > maxSeconds {
			dec.fault(n, key, "%s is not a number of seconds", n.text)
			return
		}
		*d = Duration(seconds * float64(time.Second))
	case "string":
		v, err := parseDuration(n.text)
		if err != nil {
			dec.fault(n, key, "%w", err)
			return
		}
		*d = v
	default:
		dec.is(n, key, "string", "number")
	}
}

func (*Duration) schema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "string", "pattern": `^(\d{1,6}d)?((\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns))*$`, "minLength": 2},
		map[string]any{"type": "number", "minimum": 0, "maximum": int64(maxSeconds)},
	}}
}

// String returns the span as it is written in JSON.
func (d Duration) String() string {
	whole := time.Duration(d) / (24 * time.Hour)
	rest := time.Duration(d) % (24 * time.Hour)
	switch {
	case whole == 0 || d < 0:
		return time.Duration(d).String()
	case rest == 0:
		return fmt.Sprintf("%dd", whole)
	}
	return fmt.Sprintf("%dd%v", whole, rest)
}

// MarshalJSON writes a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a string or a number of seconds.
func (d *Duration) UnmarshalJSON(text []byte) error { return unmarshal(text, d) }

// A Size is a number of bytes: in JSON a number, or "20 MB", "512 KiB".
type Size int64

var sizes = regexp.MustCompile(`^(\d{1,12}) ?(B|kB|MB|GB|KiB|MiB|GiB)$`)

var units = map[string]int64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

func (s *Size) decode(dec *decoder, n *node, key string) {
	switch n.kind {
	case "number":
		bytes, err := strconv.ParseInt(n.text, 10, 64)
		if err != nil || bytes < 0 || bytes > maxBytes {
			dec.fault(n, key, "%s is not a number of bytes", n.text)
			return
		}
		*s = Size(bytes)
	case "string":
		m := sizes.FindStringSubmatch(n.text)
		if m == nil {
			dec.fault(n, key, `%q is not a size such as "20 MB" or "512 KiB"`, n.text)
			return
		}
		amount, _ := strconv.ParseInt(m[1], 10, 64) // twelve digits at most
		if amount > maxBytes/units[m[2]] {
			dec.fault(n, key, "%q is too much", n.text)
			return
		}
		*s = Size(amount * units[m[2]])
	default:
		dec.is(n, key, "string", "number")
	}
}

func (*Size) schema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "string", "pattern": sizes.String()},
		map[string]any{"type": "integer", "minimum": 0, "maximum": int64(maxBytes)},
	}}
}

// UnmarshalJSON reads a number or a string.
func (s *Size) UnmarshalJSON(text []byte) error { return unmarshal(text, s) }

// unmarshal reads a value of a shaped type that stands by itself.
func unmarshal(text []byte, s shaped) error {
	doc, err := read(text)
	if err != nil {
		return err
	}
	d := &decoder{doc: doc}
	s.decode(d, doc.root, "")
	return d.faults.err()
}

// Strings is a list of strings: in JSON also a single one.
type Strings []string

func (s *Strings) decode(d *decoder, n *node, key string) {
	switch n.kind {
	case "string":
		if text, ok := d.text(n, key); ok {
			*s = Strings{text}
		}
	case "list":
		*s = make(Strings, 0, len(n.elements))
		for i, e := range n.elements {
			if text, ok := d.text(e, fmt.Sprintf("%s[%d]", key, i)); ok {
				*s = append(*s, text)
			}
		}
	default:
		d.is(n, key, "string", "list")
	}
}

func (*Strings) schema() map[string]any {
	return map[string]any{"anyOf": []any{textSchema(), map[string]any{"type": "array", "items": textSchema()}}}
}

// UnmarshalJSON reads a list or a single string.
func (s *Strings) UnmarshalJSON(text []byte) error { return unmarshal(text, s) }

// textSchema is that of a string without control characters.
func textSchema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^[^\x00-\x1f\x7f]*$`}
}
