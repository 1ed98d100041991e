package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

// The command starts itself: so does its test, and TestOwnNetwork.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "-task" || os.Args[1] == "-congestion") {
		main()
		return
	}
	os.Exit(m.Run())
}

// Rows about files need nothing that is to be installed.
func TestFileRows(t *testing.T) {
	var out, log strings.Builder
	args := []string{"-congestion", "", "-rows", "files,pass,deposits,launchers", "-files", "20", "-items", "200", "-runs", "1", "-idle", "100ms", "-dir", t.TempDir()}
	if err := run(t.Context(), args, &out, &log); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(log.String(), "\n"); !strings.Contains(first, "processors, TCP congestion control") {
		t.Errorf("log begins with %q, want on what figures depend", first)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || strings.Count(out.String(), "×") != 2 || !strings.Contains(lines[5], "% of one core") {
		t.Errorf("want a table of four rows, with two ratios and what the launchers need:\n%s", out.String())
	}
	if !strings.Contains(lines[4], "2, 20, 200 deposits") || strings.Count(lines[4], "µs each") != 3 {
		t.Errorf("want what deposits take, each: the least, new and known ones:\n%s", lines[4])
	}
	for _, l := range lines {
		if strings.Count(l, "|") != strings.Count(lines[0], "|") {
			t.Errorf("want as many cells in each line as in the first: %s", l)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct{ flag, value, want string }{
		{"-rows", "files,tape", "tape"},
		{"-runs", "0", "-runs"},
		{"-items", "0", "-items"},
		{"-big", "100,x", "-big"},
	} {
		err := run(t.Context(), []string{"-congestion", "", tt.flag, tt.value}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, want an error that names %q", tt.flag, tt.value, err, tt.want)
		}
	}
}
