package xmlscan

import "strings"

// A Node is an element that was read as a whole. All methods may be called on
// nil, which stands for an element that is not there.
type Node struct {
	Name  string // local
	Attrs []Attr
	Nodes []*Node
	Data  any // what a Divert returned

	text string
}

// An Attr is an attribute that is no namespace declaration.
type Attr struct{ Name, Value string }

// A Divert takes the content of an element that is not to be held in memory.
type Divert func(n *Node, content *Content) (data any, err error)

// Tree reads the element that just started, to its end. The content of elements
// with a name in divert goes there.
func (s *Scanner) Tree(divert map[string]Divert) (*Node, error) {
	b := builder{s: s, divert: divert, left: s.limits.Memory}
	return b.node()
}

type builder struct {
	s      *Scanner
	divert map[string]Divert
	left   int
}

const nodeSize = 128 // about what a Node takes, without texts

func (b *builder) node() (*Node, error) {
	n := &Node{Name: b.s.Name()}
	size := nodeSize
	b.s.eachAttr(func(name, value string) {
		n.Attrs = append(n.Attrs, Attr{name, value})
		size += len(name) + len(value) + 32
	})
	if err := b.spend(size); err != nil {
		return nil, err
	}
	if divert := b.divert[n.Name]; divert != nil {
		data, err := divert(n, b.s.Content())
		if err != nil {
			return nil, err
		}
		n.Data = data
	}
	text, err := b.s.Text()
	if err != nil {
		return nil, err
	}
	n.text = text
	if err := b.spend(len(text)); err != nil {
		return nil, err
	}
	for {
		event, err := b.s.Next()
		if err != nil {
			return nil, err
		}
		if event == End {
			return n, nil
		}
		child, err := b.node()
		if err != nil {
			return nil, err
		}
		n.Nodes = append(n.Nodes, child)
	}
}

func (b *builder) spend(n int) error {
	if b.left -= n; b.left < 0 {
		return &LimitError{"Memory", int64(b.s.limits.Memory)}
	}
	return nil
}

// Text returns the text before the first child, without blanks around it.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.text)
}

// Raw returns the text before the first child as it stands.
func (n *Node) Raw() string {
	if n == nil {
		return ""
	}
	return n.text
}

// Attr returns an attribute; "" if there is none.
func (n *Node) Attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Child returns the first element at a path of names; nil if there is none.
func (n *Node) Child(path ...string) *Node {
	for _, name := range path {
		n = n.child(name)
	}
	return n
}

func (n *Node) child(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Nodes {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// All returns the children with a name.
func (n *Node) All(name string) []*Node {
	if n == nil {
		return nil
	}
	var out []*Node
	for _, c := range n.Nodes {
		if c.Name == name {
			out = append(out, c)
		}
	}
	return out
}

// Find returns the first element with a name at any depth, n included.
func (n *Node) Find(name string) *Node {
	if n == nil || n.Name == name {
		return n
	}
	for _, c := range n.Nodes {
		if found := c.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// Value returns what a Divert made of the element's content; nil if there was
// none.
func (n *Node) Value() any {
	if n == nil {
		return nil
	}
	return n.Data
}
