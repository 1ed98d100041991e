package mime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// generous are limits that no test but those of limits reaches.
var generous = Limits{Depth: 100, Parts: 10_000, Header: 8 << 20, Line: 256 << 10}

// outline writes the tree of a message: of each part its path, type and
// defects, of each leaf its body.
func outline(raw string, p *Part) string {
	var b strings.Builder
	for q := range p.Walk() {
		fmt.Fprintf(&b, "%s %s", q.Path(), q.Type.Main)
		for code := range q.Defects.Codes() {
			b.WriteString(" !" + code)
		}
		if len(q.Parts) == 0 && q.Message == nil {
			fmt.Fprintf(&b, " %q", raw[q.Body.Off:q.Body.End])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestParse(t *testing.T) {
	const mixed = "Content-Type: multipart/mixed; boundary=b\n\n"
	tests := []struct{ name, in, want string }{
		{"one part", "Subject: s\n\nbody\n", "1 text/plain \"body\\n\"\n"},
		{"CRLF", "Subject: s\r\n\r\nbody\r\n", "1 text/plain \"body\\r\\n\"\n"},
		{"no body", "Subject: s\n", "1 text/plain \"\"\n"},
		{"no body, no line end", "Subject: s", "1 text/plain \"\"\n"},
		{"nothing", "", "1 text/plain !header-missing \"\"\n"},
		{"two parts", mixed + "pre\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\npost\n",
			" multipart/mixed\n1 text/plain \"one\"\n2 text/html \"two\"\n"},
		{"line end belongs to the delimiter", mixed + "--b\n\none\r\n\r\n--b--\n", " multipart/mixed\n1 text/plain \"one\\r\\n\"\n"},
		{"LF before, CRLF later", mixed + "--b\n\none\n--b\r\n\r\ntwo\r\n--b--\r\n", " multipart/mixed\n1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"blanks behind a delimiter", mixed + "--b \t\n\none\n--b-- \n", " multipart/mixed\n1 text/plain \"one\"\n"},
		{"blanks behind the boundary", "Content-Type: multipart/mixed; boundary=\"b \"\n\n--b\n\none\n--b--\n", " multipart/mixed\n1 text/plain \"one\"\n"},
		{"longer line is no delimiter", mixed + "--b\n\n--bb\n--b-\n--b--x\n--b--\n", " multipart/mixed\n1 text/plain \"--bb\\n--b-\\n--b--x\"\n"},
		{"delimiter at once", mixed + "--b\n--b\n\ntwo\n--b--", " multipart/mixed\n1 text/plain \"\"\n2 text/plain \"two\"\n"},
		{"header without body", mixed + "--b\nContent-Type: text/html\n--b--", " multipart/mixed\n1 text/html \"\"\n"},
		{"outer not closed", mixed + "--b\n\none\n", " multipart/mixed !boundary-unclosed\n1 text/plain \"one\\n\"\n"},
		{"inner not closed", mixed + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\n",
			" multipart/mixed\n1 multipart/alternative !boundary-unclosed\n1.1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"inner closed by the end of the outer", mixed + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--b--\nx",
			" multipart/mixed\n1 multipart/alternative !boundary-unclosed\n1.1 text/plain \"one\"\n"},
		{"boundary is a prefix of the inner", mixed + "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--bb--\n--b\n\ntwo\n--b--\n",
			" multipart/mixed\n1 multipart/alternative\n1.1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"inner is a prefix of the outer", "Content-Type: multipart/mixed; boundary=bb\n\n--bb\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--bb\n\ntwo\n--bb--\n",
			" multipart/mixed\n1 multipart/alternative\n1.1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"boundary of both", mixed + "--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
			" multipart/mixed\n1 multipart/alternative\n1.1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"part behind the end", mixed + "--b\n\none\n--b--\n--b\n\ntwo\n--b--\n", " multipart/mixed !boundary-reopened\n1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"no boundary", "Content-Type: multipart/mixed\n\npre\n--=_x\n\none\n--=_x--\n", " multipart/mixed !boundary-missing\n1 text/plain \"one\"\n"},
		{"no boundary at all", "Content-Type: multipart/mixed\n\none\n", " multipart/mixed !boundary-missing \"one\\n\"\n"},
		{"boundary never used", mixed + "one\n", " multipart/mixed !boundary-unused \"one\\n\"\n"},
		{"multipart alone", "Content-Type: multipart; boundary=b\n\n--b\n\none\n--b--", " multipart/mixed !type-invalid\n1 text/plain \"one\"\n"},
		{"type that cannot be shown", "Content-Type: a/\x1b[31m\n\none", "1 text/plain !type-invalid \"one\"\n"},
		{"boundary not in UTF-8", "Content-Type: multipart/mixed; boundary=\xe9\n\n--\xe9\n\none\n--\xe9--", " multipart/mixed\n1 text/plain \"one\"\n"},
		{"type that is none", "Content-Type: pdf\n\none", "1 text/plain !type-invalid \"one\"\n"},
		{"encoded multipart", "Content-Transfer-Encoding: base64\n" + mixed + "--b\n\none\n--b--", " multipart/mixed !encoding-on-container\n1 text/plain \"one\"\n"},

		{"mail in a mail", mixed + "--b\nContent-Type: message/rfc822\n\nSubject: in\n\none\n--b--", " multipart/mixed\n1 message/rfc822\n1.1 text/plain \"one\"\n"},
		{"mail in a mail, multipart", mixed + "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c\n\ntwo\n--b\n\nthree\n--b--",
			" multipart/mixed\n1 message/rfc822\n1 multipart/mixed !boundary-unclosed\n1.1 text/plain \"one\"\n1.2 text/plain \"two\"\n2 text/plain \"three\"\n"},
		{"only a mail", "Content-Type: message/rfc822\n\nSubject: in\n\none", "1 message/rfc822\n1.1 text/plain \"one\"\n"},
		{"digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\none\n--b\nContent-Type: text/plain\n\ntwo\n--b--",
			" multipart/digest\n1 message/rfc822\n1.1 text/plain \"one\"\n2 text/plain \"two\"\n"},
		{"encoded mail", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogcwoK", "1 message/rfc822 \"U3ViamVjdDogcwoK\"\n"},
		{"fragment", "Content-Type: message/partial; id=a; number=1\n\nSubject: s\n", "1 message/partial !fragment \"Subject: s\\n\"\n"},

		{"mbox line", "From a@b Mon Jan  1 00:00:00 2024\nSubject: s\n\nbody", "1 text/plain \"body\"\n"},
		{"quoted mbox line", ">From a@b Mon Jan  1 00:00:00 2024\nSubject: s\n\nbody", "1 text/plain \"body\"\n"},
		{"blank lines first", "\n \r\n\nContent-Type: text/html\n\nbody", "1 text/html \"body\"\n"},
		{"continuation first", "  folded\nContent-Type: text/html\n\nbody", "1 text/html !header-junk \"body\"\n"},
		{"line that is no field", "Subject: s\nthis is junk\nContent-Type: text/html\n\nbody", "1 text/html !header-junk \"body\"\n"},
		{"no blank line", "Content-Type: text/html\nbody\nmore", "1 text/html !header-unseparated \"body\\nmore\"\n"},
		{"no blank line, blank later", "Content-Type: text/html\nbody: but how\nthe: like\n\nmore", "1 text/html \"more\"\n"},
		{"no blank line, prose", "Content-Type: text/html\nDear all\nnote: this\n\nmore", "1 text/html !header-unseparated \"Dear all\\nnote: this\\n\\nmore\"\n"},
		{"no header", "hello\nworld\n", "1 text/plain !header-unseparated !header-missing \"hello\\nworld\\n\"\n"},
		{"blank before the colon", "Content-Type : text/html\n\nbody", "1 text/html \"body\"\n"},
		{"folded", "Content-Type:\n\ttext/html;\r\n charset=x\n\nbody", "1 text/html \"body\"\n"},
		{"line of blanks in a header", "Subject: s\n \nContent-Type: text/html\n\nbody", "1 text/html \"body\"\n"},
		{"junk in the header of a part", mixed + "--b\njunk\nContent-Type: text/html\n\none\n--b--", " multipart/mixed\n1 text/html !header-junk \"one\"\n"},
		{"part of prose", mixed + "--b\none\n--b\n\ntwo\n--b--", " multipart/mixed\n1 text/plain !header-unseparated \"one\"\n2 text/plain \"two\"\n"},
		{"long line before the parts", mixed + strings.Repeat("x", 3*scanSize) + "\n--b\n\none\n--b--", " multipart/mixed\n1 text/plain \"one\"\n"},
		{"delimiter inside a long line", mixed + "--b\n\n" + strings.Repeat("x", scanSize-3) + "--b\n--b--", " multipart/mixed\n1 text/plain \"" + strings.Repeat("x", scanSize-3) + "--b\"\n"},
		{"unknown encoding", "Content-Transfer-Encoding: rot13\n\nbody", "1 text/plain !encoding-unknown \"body\"\n"},
	}
	for _, tt := range tests {
		p, err := new(Buffers).Parse(strings.NewReader(tt.in), int64(len(tt.in)), generous)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := outline(tt.in, p); got != tt.want {
			t.Errorf("%s: parsed as\n%swant\n%s", tt.name, got, tt.want)
		}
		sameLent(t, tt.in, generous, blocks...)
	}
}

// Of the fields that are asked for, the first of each name that is not blank is
// kept, unfolded.
func TestHeader(t *testing.T) {
	long := strings.Repeat("x", scanSize)
	tests := []struct{ name, in, want string }{
		{"asked for", "Subject: s\nX-Other: o\nFrom: a\n\n", "subject=s from=a"},
		{"twice", "Subject: 1\nFrom: a\nSubject: 2\n\n", "subject=1 from=a"},
		{"blank first", "Subject: \t\nFrom: a\nSubject:\n \nSUBJECT : 2\n\n", "from=a subject=2"},
		{"folded", "Subject:\n s\n\t t \r\n\n", "subject=s t"},
		{"folded, not asked for", "Subject: s\nX-Other: o\n p\nFrom: a\n\n", "subject=s from=a"},
		{"longer than the window", "Subject: s" + long + "\n t\nX-Other: " + long + "\nFrom: a\n\n", "subject=s" + long + " t from=a"},
		{"describes the message too", "Content-Type: text/html\nContent-ID: <i>\nContent-Type: text/csv\n\n", "content-type=text/html"},
		{"behind junk", "Subject: s\njunk\nother: o\nfrom: a\n\n", "subject=s from=a"},
		{"no blank line", "Subject: s\nDear all\n\n", "subject=s"},
		{"none", "\nSubject: s", "subject=s"},
		{"nothing asked for", "X-Other: o\n\n", ""},
	}
	for _, tt := range tests {
		limits := generous
		limits.Fields = []string{"content-type", "from", "subject"}
		p, err := new(Buffers).Parse(strings.NewReader(tt.in), int64(len(tt.in)), limits)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, f := range p.Header {
			got = append(got, f.Name+"="+f.Value)
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: kept %q, want %q", tt.name, got, tt.want)
		}
		if p.Defects&HeaderMissing != 0 {
			t.Errorf("%s: the header counts as missing", tt.name)
		}
	}
}

// A line end may fall on the edge of the window through which is read.
func TestParseAtTheEdgeOfTheWindow(t *testing.T) {
	for pad := scanSize - 80; pad < scanSize+8; pad++ {
		body := strings.Repeat("x", pad)
		in := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + body + "\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
		p, err := new(Buffers).Parse(strings.NewReader(in), int64(len(in)), generous)
		if err != nil || len(p.Parts) != 2 {
			t.Fatalf("%d bytes of body: %v, %d parts, want 2", pad, err, len(p.Parts))
		}
		if got := p.Parts[0].Body.Size(); got != int64(pad) {
			t.Errorf("%d bytes of body: found %d", pad, got)
		}
	}
}

// A line that is longer than the window is one line: its middle begins none.
func TestDelimiterInsideALongLine(t *testing.T) {
	for pad := scanSize - 8; pad < scanSize+8; pad++ {
		body := strings.Repeat("x", pad) + "--b"
		in := "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + body + "\n--b--\n"
		p, err := new(Buffers).Parse(strings.NewReader(in), int64(len(in)), generous)
		if err != nil || len(p.Parts) != 1 || p.Parts[0].Body.Size() != int64(len(body)) {
			t.Errorf("%d bytes before it on its line: %v, %d parts, want one with all of the line", pad, err, len(p.Parts))
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return b.String() + "\nx"
	}
	mails := func(n int) string { return strings.Repeat("Content-Type: message/rfc822\n\n", n) + "Subject: s\n\nx" }
	parts := func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", n-1) + "--b--\n"
	}
	header := func(n int) string { return strings.Repeat("A: b\n", n/5) + "\n" }
	line := func(n int) string { return "A:" + strings.Repeat("x", n) + "\n\n" }
	tests := []struct {
		name   string
		make   func(int) string
		at     int
		limits Limits
	}{
		{"multiparts within one another", nested, 7, Limits{Depth: 7, Parts: 99, Header: 9999, Line: 999}},
		{"mails within one another", mails, 7, Limits{Depth: 7, Parts: 99, Header: 9999, Line: 999}},
		{"parts", parts, 7, Limits{Depth: 9, Parts: 7, Header: 9999, Line: 999}},
		{"bytes of headers", header, 500, Limits{Depth: 9, Parts: 9, Header: 500 + 4, Line: 999}},
		{"bytes of a field", line, 500, Limits{Depth: 9, Parts: 9, Header: 9999, Line: 500}},
	}
	for _, tt := range tests {
		in := tt.make(tt.at)
		if _, err := new(Buffers).Parse(strings.NewReader(in), int64(len(in)), tt.limits); err != nil {
			t.Errorf("%s: exactly %d: %v, want none", tt.name, tt.at, err)
		}
		over := tt.make(tt.at + 1)
		if tt.name == "bytes of headers" {
			over = tt.make(tt.at + 5)
		}
		if _, err := new(Buffers).Parse(strings.NewReader(over), int64(len(over)), tt.limits); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: one more than %d: %v, want an error that wraps ErrLimit", tt.name, tt.at, err)
		}
	}
}

func TestParseKeepsMessages(t *testing.T) {
	in := "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\none\n--b--"
	limits := generous
	limits.Keep = true
	p, err := new(Buffers).Parse(strings.NewReader(in), int64(len(in)), limits)
	if want := " multipart/mixed\n1 message/rfc822 \"Subject: in\\n\\none\"\n"; err != nil || outline(in, p) != want {
		t.Errorf("with Keep: %v\n%swant\n%s", err, outline(in, p), want)
	}
}

// A mail inside a mail ends before the line end of the outer delimiter, also
// where its own closing delimiter stands right before that one.
func TestRangeOfEnclosedMail(t *testing.T) {
	for _, tail := range []string{"--c--", "--c--\n", "--c--\nepilogue", "--c--\n\n"} {
		inner := "Content-Type: multipart/mixed; boundary=c\n\n--c\n\none\n" + tail
		in := "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" + inner + "\n--b--\n"
		p, err := new(Buffers).Parse(strings.NewReader(in), int64(len(in)), generous)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Parts[0].Message
		if got := in[m.All.Off:m.All.End]; got != inner {
			t.Errorf("the mail inside is %q, want %q", got, inner)
		}
	}
}

func TestParseOfBrokenReader(t *testing.T) {
	in := "Subject: s\n\nbody"
	if _, err := new(Buffers).Parse(strings.NewReader(in), int64(len(in))+1, generous); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("of a reader shorter than its size: %v, want io.ErrUnexpectedEOF", err)
	}
	broken := errors.New("broken")
	if _, err := new(Buffers).Parse(brokenReader{broken}, 9, generous); !errors.Is(err, broken) {
		t.Errorf("of a reader that fails: %v, want its error", err)
	}
}

type brokenReader struct{ err error }

func (b brokenReader) ReadAt(p []byte, off int64) (int, error) { return 0, b.err }

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/digest; boundary=c\n\n--c\n\nA: b\n\nx\n--b\n\ny\n--b--\n",
		"From x\n\nContent-Type: multipart/mixed\n\n--x\nno header\n--x--\n--x\n\ny", "A: b\n c\nd\nContent-Type: message/rfc822\n\n\n",
		"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nA: b\r\n\r\nx",
	} {
		f.Add([]byte(s))
	}
	limits := Limits{Depth: 10, Parts: 100, Header: 10_000, Line: 5_000, Fields: []string{"a", "subject", "content-type"}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		sameLent(t, string(raw), limits, 1+len(raw)/3, 1+len(raw)%100)
		p, err := new(Buffers).Parse(bytes.NewReader(raw), int64(len(raw)), limits)
		if err != nil {
			if !errors.Is(err, ErrLimit) {
				t.Errorf("parsing failed: %v, want only errors of limits", err)
			}
			return
		}
		var paths []string
		last := int64(0)
		for q := range p.Walk() {
			if q.All.Off > q.All.End || q.Body.Off > q.Body.End || q.Body.Off < q.All.Off || q.All.End > int64(len(raw)) || q.Body.End > q.All.End {
				t.Errorf("part %s: range %v with body %v of %d bytes", q.Path(), q.All, q.Body, len(raw))
			}
			for i, f := range q.Header {
				if !slices.Contains(limits.Fields, f.Name) || f.Value == "" || f.Value != strings.TrimSpace(f.Value) || q.Header[:i].Get(f.Name) != "" {
					t.Errorf("part %s: header %q, want of %q the first of each name, without blanks", q.Path(), q.Header, limits.Fields)
				}
			}
			if len(q.Parts) > 0 || q.Message != nil {
				continue
			}
			if q.Body.Off < last {
				t.Errorf("part %s begins at %d, inside the one before, which ends at %d", q.Path(), q.Body.Off, last)
			}
			last = q.Body.End
			paths = append(paths, q.Path())
		}
		if len(paths) > limits.Parts {
			t.Errorf("%d leaves, limit %d", len(paths), limits.Parts)
		}
		slices.Sort(paths)
		if n := len(slices.Compact(slices.Clone(paths))); n != len(paths) {
			t.Errorf("of %d paths only %d are distinct: %q", len(paths), n, paths)
		}
	})
}

// The time per byte must not grow with the depth.
func BenchmarkNested(b *testing.B) {
	for _, depth := range []int{1_000, 5_000, 20_000} {
		b.Run(fmt.Sprint(depth), func(b *testing.B) {
			var raw bytes.Buffer
			for i := range depth {
				fmt.Fprintf(&raw, "Content-Type: multipart/mixed; boundary=boundary-%d\r\n\r\n--boundary-%d\r\n", i, i)
			}
			limits := Limits{Depth: depth, Parts: depth + 1, Header: 8 << 20, Line: 256 << 10}
			b.SetBytes(int64(raw.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := new(Buffers).Parse(bytes.NewReader(raw.Bytes()), int64(raw.Len()), limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What nesting costs is linear in its depth: what is read and allocated tells,
// for it does not depend on the machine.
func TestNestingCostsLinear(t *testing.T) {
	for name, level := range map[string]string{
		"multiparts":               "Content-Type: multipart/mixed; boundary=b%[1]d\n\n--b%[1]d\n",
		"multiparts, one boundary": "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
		"multiparts, no boundary":  "Content-Type: multipart/mixed\n\n--b%[1]d\n",
		"mails":                    "Content-Type: message/rfc822\nX: %[1]d\n\n",
	} {
		cost := func(depth int) (read, allocated float64) {
			var raw bytes.Buffer
			for i := range depth {
				fmt.Fprintf(&raw, level, i)
			}
			r := &countingReader{bytes.NewReader(raw.Bytes()), 0}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := new(Buffers).Parse(r, int64(raw.Len()), Limits{Depth: depth + 1, Parts: 2 * depth, Header: 8 << 20, Line: 256 << 10}); err != nil {
				t.Errorf("%s, %d levels: %v", name, depth, err)
			}
			runtime.ReadMemStats(&after)
			if r.read > 2*int64(raw.Len()) {
				t.Errorf("%s, %d levels: %d bytes read of %d, want each hardly more than once", name, depth, r.read, raw.Len())
			}
			return float64(r.read), float64(after.TotalAlloc - before.TotalAlloc)
		}
		read, allocated := cost(5_000)
		readMore, allocatedMore := cost(20_000)
		if readMore > 5*read || allocatedMore > 5*allocated {
			t.Errorf("%s: four times as many levels cost %.1f times as much to read and %.1f times as much memory, want four", name, readMore/read, allocatedMore/allocated)
		}
	}
}

type countingReader struct {
	io.ReaderAt
	read int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.read += int64(n)
	return n, err
}
