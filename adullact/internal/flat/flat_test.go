package flat

import (
	"fmt"
	"strings"
	"testing"
)

func show(pairs []Pair) string {
	var b strings.Builder
	for _, p := range pairs {
		if p.IsList {
			fmt.Fprintf(&b, "%s=%q ", p.Key, p.List)
		} else {
			fmt.Fprintf(&b, "%s=%q ", p.Key, p.Value)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "a: b\nc: d e\n", `a="b" c="d e"`},
		{"numbers stay text", "a: 007\nb: 0123456789\nc: 2024-05-17\nd: 0x1F\ne: true\nf: ~\n", `a="007" b="0123456789" c="2024-05-17" d="0x1F" e="true" f="~"`},
		{"quotes", "a: 'l''acte'\nb: \"x \\\"y\\\" \\u00e9\\n\\x41\"\n", `a="l'acte" b="x \"y\" é\nA"`},
		{"colon in quotes", "a: 'b: c'\n", `a="b: c"`},
		{"colon without quotes", "a: b: c\n", `a="b: c"`},
		{"list", "a:\n    - b\n    - 'c d'\n    - \"e\"\nf: g\n", `a=["b" "c d" "e"] f="g"`},
		{"list with two blanks, and not indented", "a:\n  - b\nc:\n- d\n", `a=["b"] c=["d"]`},
		{"empty list", "a: {  }\nb: []\nc: {}\n", `a=[] b=[] c=[]`},
		{"no value", "a: \nb:\nc: d\n", `a="" b="" c="d"`},
		{"empty text", "a: ''\nb: \"\"\n", `a="" b=""`},
		{"kept lines", "a: |\n  b\n   c\n\n  d\ne: f\n", `a="b\n c\n\nd\n" e="f"`},
		{"kept lines, no break at the end", "a: |-\n    b\n    c\nd: e", `a="b\nc" d="e"`},
		{"folded lines", "a: >\n  b c\n  d e\nf: g\n", `a="b c d e" f="g"`},
		{"text over several lines in quotes", "a: 'b\n  c\n\n  d'\ne: f\n", `a="b c\nd" e="f"`},
		{"quotes without an end", "a: 'b\nc: d\n", `a="'b" c="d"`},
		{"quotes that end early", "a: 'b' c\nd: e\n", `a="'b' c" d="e"`},
		{"Pastell 1", "a: \\\"Objet de l'acte\\\"\nb: \\\"\\\"\n", `a="Objet de l'acte" b=""`},
		{"Pastell 2", "---\na: |\n  Objet de l\\'acte\nb: [22_CO]\n", `a="Objet de l\\'acte\n" b="[22_CO]"`},
		{"not YAML", "a: @x\nb: %y\nc: `z\nd: *e\nf: &g h\ni: !!int 1\n", "a=\"@x\" b=\"%y\" c=\"`z\" d=\"*e\" f=\"&g h\" i=\"!!int 1\""},
		{"pipe in a text", "a: | b\n", `a="| b"`},
		{"comments and stray lines", "# x\na: b\nstray\n  indented: c\n", `a="b"`},
		{"Windows lines", "a: b\r\nc:\r\n  - d\r\n", `a="b" c=["d"]`},
		{"quoted key", "'a b': c\n", `a b="c"`},
		{"time in a text", "a:b\nc: 10:36\n", `c="10:36"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			pairs, ok := Parse(test.in)
			if got := show(pairs); got != test.want || !ok {
				t.Errorf("parsed %s, want %s", got, test.want)
			}
		})
	}
	if _, ok := Parse("Le transfert est terminé\n"); ok {
		t.Error("a text without keys: parsed, want nothing")
	}
}

// Quotes without an end cost no more than their lines.
func TestEndlessQuotes(t *testing.T) {
	pairs, _ := Parse("a:\n" + strings.Repeat("  - 'x\n", 500_000))
	if len(pairs) != 1 || len(pairs[0].List) != 500_000 {
		t.Errorf("%d pairs, want one", len(pairs))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a: b\nc:\n  - d\ne: |\n  f\n")
	f.Add("a: 'b\n  c'\n")
	f.Add("\v:")
	f.Fuzz(func(t *testing.T, in string) {
		pairs, ok := Parse(in)
		if ok != (len(pairs) > 0) {
			t.Fatalf("%d pairs, and found is %v", len(pairs), ok)
		}
		size := 0
		for _, p := range pairs {
			if p.Key == "" {
				t.Fatalf("a pair without key in %q", in)
			}
			size += len(p.Key) + len(p.Value)
			for _, s := range p.List {
				size += len(s)
			}
		}
		if size > 4*len(in)+16 {
			t.Fatalf("%d bytes made of %d", size, len(in))
		}
	})
}
