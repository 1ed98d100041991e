package xmlscan

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// outline returns a document as one line: elements, attributes and texts.
func outline(n *Node) string {
	var b strings.Builder
	b.WriteString(n.Name)
	for _, a := range n.Attrs {
		fmt.Fprintf(&b, " %s=%q", a.Name, a.Value)
	}
	if t := n.Text(); t != "" {
		fmt.Fprintf(&b, " %q", t)
	}
	for _, c := range n.Nodes {
		fmt.Fprintf(&b, " (%s)", outline(c))
	}
	return b.String()
}

func read(r io.Reader, l Limits) (*Node, Defects, error) {
	s := New(r, l)
	if _, err := s.Next(); err != nil {
		return nil, s.Defects(), err
	}
	n, err := s.Tree(nil)
	return n, s.Defects(), err
}

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestTree(t *testing.T) {
	for _, test := range []struct {
		name, in, want string
		defects        Defects
	}{
		{"plain", `<a><b c="1">x</b></a>`, `a (b c="1" "x")`, 0},
		{"prefixes fall away", `<n:a xmlns:n="u" n:c="1"><n:b/></n:a>`, `a c="1" (b)`, 0},
		{"single quotes", `<?xml version='1.0' encoding='ISO-8859-1' ?><a b='"x"'/>`, `a b="\"x\""`, 0},
		{"latin 1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a b=\"\xe9\">\xe8 \x80</a>", `a b="é" "è €"`, 0},
		{"latin 1 with references", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>\xe9&#xE9;&#8364;</a>", `a "éé€"`, 0},
		{"latin 9", "<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><a>\xa4</a>", `a "€"`, 0},
		{"utf-8 with a byte order mark", "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>é</a>", `a "é"`, 0},
		{"utf-16", utf16le(`<?xml version="1.0" encoding="UTF-16"?><a b="é">€</a>`), `a b="é" "€"`, 0},
		{"windows-1252 in what should be utf-8", "<a b=\"\xe9t\xe9\">\x80 é</a>", `a b="été" "€ é"`, BadCharset},
		{"unknown charset", "<?xml version=\"1.0\" encoding=\"x-odd\"?><a>é</a>", `a "é"`, OddEncoding},
		{"forbidden characters", "<a b=\"\x01\">&#2;x\x1f</a>", `a b="�" "�x�"`, BadRune},
		{"line feed by reference in a value", "<a b=\"x&#10;y\nz\"/>", `a b="x\ny z"`, 0},
		{"undefined entity", `<a b="&nbsp;1">&eacute; & x</a>`, `a b="&nbsp;1" "&eacute; & x"`, BadEntity},
		{"number out of range", `<a>&#x110000;&#99999999999;</a>`, `a "&#x110000;&#99999999999;"`, BadEntity},
		{"the five", `<a>&lt;&gt;&amp;&quot;&apos;</a>`, `a "<>&\"'"`, 0},
		{"cdata", `<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>`, `a "<b>&amp;]]>"`, 0},
		{"comments and instructions", "<!-- <x> --><?p <y>?><a>1<!-- -- > -->2<?q?></a><!-- z -->", `a "12"`, 0},
		{"greater in a value", `<a b="x>y" c='<'/>`, `a b="x>y" c="<"`, 0},
		{"blanks in tags", "<a\n b = '1'\n\tc=\"2\" ></a >", `a b="1" c="2"`, 0},
		{"text after the root", "<a/>\n\n", `a`, 0},
		{"one line", `<a><b/><b/><c><d>1</d></c></a>`, `a (b) (b) (c (d "1"))`, 0},
		{"attribute named like a declaration", `<a xmlnsx="1"/>`, `a xmlnsx="1"`, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in)), iotest.DataErrReader(strings.NewReader(test.in))} {
				n, defects, err := read(r, Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if got := outline(n); got != test.want || defects != test.defects {
					t.Errorf("read %s, defects %b; want %s, %b", got, defects, test.want, test.defects)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	var syntax *SyntaxError
	for _, test := range []struct {
		name, in string
		is       error // nil: a SyntaxError
	}{
		{"nothing", "", ErrTruncated},
		{"blanks only", " \n", ErrTruncated},
		{"declaration only", `<?xml version="1.0"?>`, ErrTruncated},
		{"cut in a tag", `<a><b c="`, ErrTruncated},
		{"cut in text", `<a>xyz`, ErrTruncated},
		{"cut in a comment", `<a><!-- x`, ErrTruncated},
		{"cut in CDATA", `<a><![CDATA[x]]`, ErrTruncated},
		{"cut before CDATA", `<a><![CDA`, ErrTruncated},
		{"cut before the last end tag", `<a><b></b>`, ErrTruncated},
		{"doctype", `<!DOCTYPE a><a/>`, ErrDoctype},
		{"doctype with entities", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, ErrDoctype},
		{"entity inside", `<a><!ENTITY x "y"></a>`, ErrDoctype},
		{"wrong end", `<a><b></a></b>`, nil},
		{"end without start", `</a>`, nil},
		{"no quotes", `<a b=1/>`, nil},
		{"no value", `<a b/>`, nil},
		{"no name", `<a>< b/></a>`, nil},
		{"empty tag", `<></>`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := read(strings.NewReader(test.in), Limits{})
			if test.is != nil && !errors.Is(err, test.is) || test.is == nil && !errors.As(err, &syntax) {
				t.Errorf("read %q: error %v, want %v", test.in, err, test.is)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	limits := Limits{Depth: 3, Text: 100, Memory: 2000}
	for _, test := range []struct {
		name, in, limit string
	}{
		{"depth", `<a><b><c/></b></a>`, ""},
		{"depth, one over", `<a><b><c><d/></c></b></a>`, "Depth"},
		{"text", "<a>" + strings.Repeat("x", 100) + "</a>", ""},
		{"text, one over", "<a>" + strings.Repeat("x", 101) + "</a>", "Text"},
		{"tag", `<a b="` + strings.Repeat("x", 94) + `"></a>`, ""},
		{"tag, one over", `<a b="` + strings.Repeat("x", 95) + `"></a>`, "Text"},
		{"memory", "<a>" + strings.Repeat("<b/>", 14) + "</a>", ""},
		{"memory, one over", "<a>" + strings.Repeat("<b/>", 15) + "</a>", "Memory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := read(strings.NewReader(test.in), limits)
			var over *LimitError
			if errors.As(err, &over) != (test.limit != "") || over != nil && (over.Limit != test.limit || !errors.Is(err, ErrTooLarge)) {
				t.Errorf("error %v, want limit %q", err, test.limit)
			}
		})
	}
}

func TestTagLongerThanTheWindow(t *testing.T) {
	long := strings.Repeat("x", 3*windowSize)
	n, _, err := read(strings.NewReader(`<a b="`+long+`"/>`), Limits{})
	if err != nil || n.Attr("b") != long {
		t.Errorf("attribute of %d bytes: read %d, %v", len(long), len(n.Attr("b")), err)
	}
	if _, _, err = read(strings.NewReader(`<a b="`+strings.Repeat("x", 2<<20)), Limits{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("tag without end: error %v, want the limit", err)
	}
}

// What Content yields can be had again from where it said that it lay.
func TestContent(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("0123456789"), 20_000))
	for _, test := range []struct{ name, inner, want string }{
		{"one line", long, long},
		{"empty", "", ""},
		{"references", "QU&#10;JD&#xD;\n", "QU\nJD\r\n"},
		{"many references", strings.Repeat("QUJD&#13;\n", 20_000), strings.Repeat("QUJD\r\n", 20_000)},
		{"cdata", "  <![CDATA[" + long + "]]> ", "  " + long + " "},
		{"comment with a tag", "QU<!-- </f> -->JD", "QUJD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := `<?xml version="1.0" encoding="ISO-8859-1"?><r><p:f x="1">` + test.inner + `</p:f><g/></r>`
			s := New(strings.NewReader(doc), Limits{})
			for s.Name() != "f" {
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
			}
			c := s.Content()
			got, err := io.ReadAll(c)
			if err != nil || string(got) != test.want {
				t.Fatalf("content of %d bytes, %v; want %d", len(got), err, len(test.want))
			}
			again, err := io.ReadAll(Fragment(strings.NewReader(doc[c.From:c.To])))
			if err != nil || string(again) != test.want {
				t.Errorf("content read again: %d bytes, %v; want %d", len(again), err, len(test.want))
			}
			if e, err := s.Next(); e != End || err != nil || s.Name() != "f" {
				t.Errorf("after the content: event %d of %q, %v; want the end of f", e, s.Name(), err)
			}
		})
	}
}

// A Range is found again in every form of the document, whether it can be read
// anywhere or in sequence only.
func TestRange(t *testing.T) {
	const doc = `<r><f>QU<![CDATA[JD]]>&#13;</f></r>`
	for name, in := range map[string]string{"plain": doc, "with a mark": "\xef\xbb\xbf" + doc, "utf-16": utf16le(doc)} {
		s := New(strings.NewReader(in), Limits{})
		s.Next()
		s.Next()
		c := s.Content()
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatal(err)
		}
		for _, r := range []io.Reader{strings.NewReader(in), io.MultiReader(strings.NewReader(in))} {
			again, err := Range(r, c.From, c.To)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(again); string(got) != "QUJD\r" || err != nil {
				t.Errorf("%s: range is %q, %v; want the content", name, got, err)
			}
		}
	}
}

func TestContentNotRead(t *testing.T) {
	s := New(strings.NewReader(`<r><f>`+strings.Repeat("A", 5<<20)+`<!-- <x/> --></f><g>1</g></r>`), Limits{})
	var seen []string
	for {
		e, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e == Start {
			seen = append(seen, s.Name())
		}
	}
	if got := strings.Join(seen, " "); got != "r f g" {
		t.Errorf("elements %q, want a text that nobody reads to be passed over", got)
	}
}

func TestSkipAndNamespace(t *testing.T) {
	s := New(strings.NewReader(`<n:a xmlns="d" xmlns:n="u"><b><b><b/></b></b><c/></n:a>`), Limits{})
	s.Next()
	if got := s.Namespace(); got != "u" {
		t.Errorf("namespace %q, want that of the prefix", got)
	}
	s.Next()
	if err := s.Skip(); err != nil {
		t.Fatal(err)
	}
	if s.Next(); s.Name() != "c" {
		t.Errorf("after Skip: at %q, want the next sibling", s.Name())
	}
	s = New(strings.NewReader(`<a xmlns="d"/>`), Limits{})
	if s.Next(); s.Namespace() != "d" {
		t.Errorf("namespace %q, want the default one", s.Namespace())
	}
}

func FuzzTree(f *testing.F) {
	for _, s := range []string{
		`<?xml version="1.0" encoding="ISO-8859-1"?><a b="1"><c>x&#10;</c><![CDATA[y]]></a>`,
		`<!DOCTYPE a><a/>`, utf16le("<a>é</a>"), "<a><!-- -->&x;</a>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		limits := Limits{Depth: 20, Text: 1 << 10, Memory: 64 << 10}
		whole, d1, err1 := read(bytes.NewReader(in), limits)
		bytewise, d2, err2 := read(iotest.OneByteReader(bytes.NewReader(in)), limits)
		if (err1 == nil) != (err2 == nil) || d1 != d2 {
			t.Fatalf("read at once: %v, %b; byte by byte: %v, %b", err1, d1, err2, d2)
		}
		if err1 == nil && outline(whole) != outline(bytewise) {
			t.Fatalf("read at once: %s; byte by byte: %s", outline(whole), outline(bytewise))
		}
	})
}
