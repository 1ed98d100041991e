package console_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/console"
)

var (
	helpLine   = regexp.MustCompile(`^# HELP ([a-z_][a-z0-9_]*) ([^\\]+)$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-z_][a-z0-9_]*) (gauge|counter)$`)
	sampleLine = regexp.MustCompile(`^([a-z_][a-z0-9_]*)\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*)\} (\S+)$`)
)

// exposition reads text as strictly as the format, version 0.0.4, allows: each
// family once, HELP then TYPE then its samples, no sample twice, and a line end
// at the end.
func exposition(text string) (map[string]float64, error) {
	body, ok := strings.CutSuffix(text, "\n")
	if !ok {
		return nil, errors.New("the last line has no end")
	}
	samples := make(map[string]float64)
	families := make(map[string]bool)
	helped, family, kind := "", "", ""
	for i, line := range strings.Split(body, "\n") {
		fault := func(why string) error { return errors.New("line " + strconv.Itoa(i+1) + ", " + line + ": " + why) }
		if m := helpLine.FindStringSubmatch(line); m != nil {
			if families[m[1]] {
				return nil, fault("a family comes twice")
			}
			helped, family = m[1], ""
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			if m[1] != helped {
				return nil, fault("no HELP before TYPE")
			}
			families[m[1]] = true
			family, kind = m[1], m[2]
			if (kind == "counter") != strings.HasSuffix(family, "_total") {
				return nil, fault("only counters, and all of them, end with _total")
			}
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil || m[1] != family {
			return nil, fault("neither a comment nor a sample of the family")
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil || kind == "counter" && v < 0 {
			return nil, fault("the value is not one")
		}
		id := m[1] + "{" + m[2] + "}"
		if _, twice := samples[id]; twice {
			return nil, fault("a sample comes twice")
		}
		samples[id] = v
	}
	return samples, nil
}

func TestMetrics(t *testing.T) {
	g := newRig(t)
	other := &launcher.Launcher{Name: "other", Source: g.src, Sink: g.Sink}
	odd := &launcher.Launcher{Name: "odd\"}\n\\\xff"} // no Run would take it
	g.con.Launchers = func() []*launcher.Launcher { return []*launcher.Launcher{g.Launcher, other, odd} }
	res, body := ask(t, g.con, "GET", "/metrics", "fr", nil)
	if got := res.Header.Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("the type is %q", got)
	}
	got, err := exposition(body)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]float64{
		`coldlauncher_passes_total{launcher="invoices"}`:                     1,
		`coldlauncher_set_aside{launcher="invoices"}`:                        1,
		`coldlauncher_waiting_parcels{launcher="invoices"}`:                  2,
		`coldlauncher_bytes_total{launcher="invoices"}`:                      5,
		`coldlauncher_parcels_total{launcher="invoices",outcome="stored"}`:   1,
		`coldlauncher_parcels_total{launcher="invoices",outcome="rejected"}`: 1,
		`coldlauncher_parcels_total{launcher="other",outcome="stored"}`:      0,
		`coldlauncher_healthy{launcher="other"}`:                             1,
		`coldlauncher_running{launcher="other"}`:                             0,
		`coldlauncher_last_success_timestamp_seconds{launcher="other"}`:      0,
	} {
		if v, ok := got[id]; !ok || v != want {
			t.Errorf("%s is %v (there: %v), want %v", id, v, ok, want)
		}
	}
	if v := got[`coldlauncher_last_success_timestamp_seconds{launcher="invoices"}`]; v < 1.6e9 {
		t.Errorf("the last success was at %v seconds", v)
	}
	if len(got)%3 != 0 {
		t.Errorf("%d samples of 3 launchers: one lacks some", len(got))
	}
}

// Many look and act at once while passes are made.
func TestConcurrentUse(t *testing.T) {
	g := newRig(t)
	var wg sync.WaitGroup
	for _, p := range append(pages(), []struct{ method, path string }{
		{"GET", "/status"}, {"GET", "/metrics"}, {"GET", "/healthz"}, {"POST", "/launchers/invoices/pause"},
		{"POST", "/launchers/invoices/resume"}, {"POST", "/launchers/invoices/run"}, {"POST", "/launchers/invoices/discard"},
	}...) {
		wg.Go(func() {
			for range 5 {
				r := httptest.NewRequest(p.method, p.path, nil)
				w := httptest.NewRecorder()
				g.con.ServeHTTP(w, r)
				if w.Code == http.StatusInternalServerError {
					t.Errorf("%s %s: %s", p.method, p.path, w.Body)
				}
			}
		})
	}
	wg.Go(func() {
		for range 10 {
			if _, err := g.Poll(context.WithoutCancel(t.Context())); err != nil && !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}

var _ http.Handler = (*console.Handler)(nil)
