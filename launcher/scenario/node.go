package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits on what is read.
const (
	maxSize  = 4 << 20 // bytes of a scenario
	maxDepth = 32      // values within one another
)

// A node is a JSON value that knows where it stands.
type node struct {
	kind     string // "object", "list", "string", "number", "true or false" or "null"
	start    int    // offset of its first byte
	end      int    // offset behind its last byte
	text     string // of a string or number
	truth    bool
	members  []member // of an object
	elements []*node  // of a list
}

type member struct {
	key   string
	start int
	value *node
}

func (n *node) get(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// A document is text and what it says.
type document struct {
	text  []byte
	root  *node
	loose bool // not a file: its lines mean nothing
}

// position returns the line and column of an offset, counted from 1.
func (d *document) position(offset int) (line, column int) {
	if d.loose {
		return 0, 0
	}
	before := d.text[:min(offset, len(d.text))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// find returns the value at a key such as "routes[1].job" below n, or the
// innermost one around it that is there.
func (n *node) find(key string) *node {
	for key != "" {
		var next *node
		if key[0] == '[' {
			i, rest, _ := strings.Cut(key[1:], "]")
			if at, err := strconv.Atoi(i); err == nil && at < len(n.elements) {
				next = n.elements[at]
			}
			key = strings.TrimPrefix(rest, ".")
		} else {
			end := strings.IndexAny(key, ".[")
			name, rest := key, ""
			if end >= 0 {
				name, rest = key[:end], strings.TrimPrefix(key[end:], ".")
			}
			next, key = n.get(name), rest
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// read parses JSON. An error is a *Fault.
func read(text []byte) (*document, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // editors of Windows begin with it
	d := &document{text: text}
	if len(text) > maxSize {
		return nil, &Fault{Err: fmt.Errorf("more than %d bytes", maxSize)}
	}
	if err := json.Unmarshal(text, new(json.RawMessage)); err != nil {
		return nil, d.syntax(err)
	}
	r := &reader{d: d, dec: json.NewDecoder(bytes.NewReader(text))}
	r.dec.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, err
	}
	d.root = root
	return d, nil
}

func (d *document) fault(offset int, key string, err error) *Fault {
	line, column := d.position(offset)
	return &Fault{Key: key, Line: line, Column: column, Err: err}
}

func (d *document) syntax(err error) error {
	var s *json.SyntaxError
	if !errors.As(err, &s) {
		return d.fault(0, "", err)
	}
	if strings.Contains(err.Error(), "string escape code") {
		err = fmt.Errorf(`%w: a backslash is written twice, as in "F:\\in"`, err)
	}
	return d.fault(max(int(s.Offset)-1, 0), "", err)
}

// A reader makes nodes of tokens.
type reader struct {
	d   *document
	dec *json.Decoder
}

// next returns where the next token starts.
func (r *reader) next() int {
	at := int(r.dec.InputOffset())
	rest := r.d.text[at:]
	return at + len(rest) - len(bytes.TrimLeft(rest, " \t\r\n:,"))
}

func (r *reader) value(depth int) (*node, error) {
	n := &node{start: r.next()}
	if depth > maxDepth {
		return nil, r.d.fault(n.start, "", fmt.Errorf("more than %d values within one another", maxDepth))
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, r.d.syntax(err)
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			err = r.object(n, depth)
		} else {
			err = r.list(n, depth)
		}
	case string:
		n.kind, n.text = "string", t
	case json.Number:
		n.kind, n.text = "number", t.String()
	case bool:
		n.kind, n.truth = "true or false", t
	default:
		n.kind = "null"
	}
	n.end = int(r.dec.InputOffset())
	return n, err
}

func (r *reader) object(n *node, depth int) error {
	n.kind = "object"
	for r.dec.More() {
		start := r.next()
		token, err := r.dec.Token()
		if err != nil {
			return r.d.syntax(err)
		}
		key := token.(string)
		if n.get(key) != nil {
			return r.d.fault(start, key, errors.New("the key stands there twice"))
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{key, start, v})
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) list(n *node, depth int) error {
	n.kind = "list"
	for r.dec.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.elements = append(n.elements, v)
	}
	_, err := r.dec.Token()
	return err
}
