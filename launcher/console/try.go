package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/schedule"
)

const (
	maxTrial  = 4 << 10 // of a text to try
	maxNames  = 50
	trialTime = 2 * time.Second
)

type tryBody struct {
	Launchers []string // that have a filter
	Which     string   // launcher whose filter is tried; "": Patterns
	Patterns  string
	Names     string
	Tried     []tried
	FilterErr string
	Late      bool // time was up
	Many      bool // there were more names
	MaxNames  int

	Rows    string
	RowsErr string
	Words   string
	Times   []time.Time
	Lint    []string
}

// tried is what a filter said about a name.
type tried struct {
	Name    string
	Verdict string // key of words
	Tone    string
	Why     string
}

// try serves the form in which to try a filter or a schedule, with the answers.
func (h *Handler) try(w http.ResponseWriter, r *http.Request) {
	p := h.page(r, "try")
	p.Title = p.T("nav.try")
	q := r.URL.Query()
	b := tryBody{
		Which: q.Get("launcher"), Patterns: clip(q.Get("patterns"), maxTrial), Names: clip(q.Get("names"), maxTrial),
		Rows: clip(q.Get("rows"), maxTrial), MaxNames: maxNames,
	}
	for _, l := range h.launchers() {
		if l.Filter != nil {
			b.Launchers = append(b.Launchers, l.Name)
		}
	}
	if strings.TrimSpace(b.Names) != "" {
		h.tryFilter(r.Context(), p, &b)
	}
	if strings.TrimSpace(b.Rows) != "" {
		b.tryRows(p.Lang, p.Now)
	}
	p.Body = b
	p.write(w, http.StatusOK)
}

func (h *Handler) tryFilter(ctx context.Context, p *page, b *tryBody) {
	f, err := h.filterOf(b)
	if err != nil {
		b.FilterErr = err.Error()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	h.once.Do(func() { h.state.trial = make(chan struct{}, 1) })
	select {
	case h.state.trial <- struct{}{}:
		defer func() { <-h.state.trial }()
	case <-ctx.Done():
		b.FilterErr = p.T("fault.busy")
		return
	}
	for _, name := range lines(b.Names) {
		switch {
		case len(b.Tried) == maxNames:
			b.Many = true
			return
		case ctx.Err() != nil:
			b.Late = true
			return
		}
		b.Tried = append(b.Tried, tryName(ctx, f, name))
	}
}

// filterOf returns the filter to try.
func (h *Handler) filterOf(b *tryBody) (launcher.Filter, error) {
	if b.Which == "" {
		return filter.Lines(b.Patterns)
	}
	l := h.find(b.Which)
	if l == nil || l.Filter == nil {
		b.Which = ""
		return nil, errors.New("no such launcher, or one without a filter")
	}
	return l.Filter, nil
}

var errOnlyName = errors.New("only its name is known here")

func tryName(ctx context.Context, f launcher.Filter, name string) tried {
	d := &launcher.Document{
		Name: launcher.CleanName(name), Dir: launcher.CleanDir(path.Dir(name)), Size: -1, Role: "file",
		Open: func(context.Context) (io.ReadCloser, error) { return nil, errOnlyName },
	}
	t := tried{Name: name, Verdict: "try.no", Tone: "off"}
	switch ok, err := f.Match(ctx, d); {
	case err != nil:
		t.Verdict, t.Tone, t.Why = "try.maybe", "warn", err.Error()
		return t
	case ok:
		t.Verdict, t.Tone = "try.yes", "good"
	}
	_, t.Why, _ = strings.Cut(filter.Explain(ctx, f, d), ":")
	t.Why = strings.TrimSpace(t.Why)
	return t
}

func (b *tryBody) tryRows(lang string, now time.Time) {
	s, err := schedule.Rows(lines(b.Rows)...)
	if err != nil {
		b.RowsErr = err.Error()
		return
	}
	b.Words, b.Times, b.Lint = s.Describe(lang), s.NextN(now, 10), s.Lint(now)
}

// lines returns those of a text that are not blank.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
