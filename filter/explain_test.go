package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
)

func TestExplain(t *testing.T) {
	mail := map[string]string{"mail.from": "Eve <eve@example.net>", "mail.subject": "Hello\nworld"}
	pdf := content("%PDF-1.7\n", 9)
	pdf.Name = "a.pdf"
	list := must(filter.Lines("# list\n*.pdf\n!*draft*"))
	for _, tt := range []struct {
		f    launcher.Filter
		d    *launcher.Document
		want string
	}{
		{nil, named("a"), `"a" is kept`},
		{filter.Any(), named("a"), `"a" is refused`},
		{
			filter.Not(filter.Ext("db*")), &launcher.Document{Dir: "in", Name: "Thumbs.db"},
			`"in/Thumbs.db" is refused: matches extension db* (extension "db")`,
		},
		{must(filter.Regexp(`/.*\.(?!db).*/`)), named("README"), `"README" is refused: does not match /.*\.(?!db).*/`},
		{list, named("draft.pdf"), `"draft.pdf" is refused: matches line 3, *draft*`},
		{list, named("a.xml"), `"a.xml" is refused: does not match line 2, *.pdf`},
		{
			filter.All(list, filter.Depth(2)), named("a.pdf"),
			"\"a.pdf\" is kept:\n  matches depth up to 2 (depth 0)\n  matches line 2, *.pdf\n  does not match line 3, *draft*",
		},
		{filter.Size(1, 2), &launcher.Document{Name: "a", Size: 3}, `"a" is refused: does not match size 1 to 2 bytes (3 bytes)`},
		{filter.Sniff("text/plain"), pdf, `"a.pdf" is refused: does not match content text/plain (content application/pdf)`},
		{filter.Age(0, time.Hour), named("a"), `"a" is undecided: cannot tell age 0s to 1h0m0s: the age of "a" is not known`},
		{filter.MediaType("a/b"), named("a"), `"a" is refused: does not match declared type a/b (declared "")`},
		{
			filter.Sender("@example.org"), &launcher.Document{Name: "a", Meta: mail},
			`"a" is refused: does not match sender @example.org ("Eve <eve@example.net>")`,
		},
		{
			filter.Subject(must(filter.Regexp("/hello/i"))), &launcher.Document{Name: "a", Meta: mail},
			`"a" is kept: matches mail.subject /hello/i ("Hello\nworld")`,
		},
		{filter.Sender("@example.org"), named("a"), `"a" is refused: does not match sender @example.org (no mail.from)`},
		{no.filter(), named("a\x1b[2J"), `"a\x1b[2J" is refused: does not match launcher.FilterFunc`},
		{undecided.filter(), named("a"), `"a" is undecided: cannot tell launcher.FilterFunc: undecided`},
		{filter.Ext(), named(strings.Repeat("é", 200)), `"` + strings.Repeat("é", 100) + `…" is refused: does not match any of no extensions (no extension)`},
	} {
		if got := filter.Explain(t.Context(), tt.f, tt.d); got != tt.want {
			t.Errorf("Explain says\n%s\nwant\n%s", got, tt.want)
		}
	}
}

func TestExplainNamesAFewFilters(t *testing.T) {
	many := make([]launcher.Filter, 50)
	for i := range many {
		many[i] = filter.Ext("pdf")
	}
	got := filter.Explain(t.Context(), filter.Any(many...), named("a"))
	if n := strings.Count(got, "\n"); n != 9 || !strings.HasSuffix(got, "and 42 more") {
		t.Errorf("%d lines after the first, want 8 filters and how many more:\n%s", n, got)
	}
}

func TestString(t *testing.T) {
	f := filter.All(filter.Any(filter.Ext("pdf", ""), filter.Prefix("a")), filter.Not(filter.Temporary()), nil, filter.Hidden())
	const want = `((extension pdf, none or prefix ["a"]) and not temporary files and everything and hidden files)`
	if got := f.(interface{ String() string }).String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := must(filter.Lines("*.pdf\n!/a/i")).String(), "*.pdf; !/a/i"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
