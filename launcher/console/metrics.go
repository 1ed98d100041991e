package console

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A family is a metric of all launchers.
type family struct {
	name, kind, help string
	value            func(launcher.Status) float64
}

// families are written by hand: the client library of Prometheus would bring
// eight modules for what is a loop over a table.
var families = []family{
	{"running", "gauge", "Whether Run is under way.", func(s launcher.Status) float64 { return truth(s.Running) }},
	{"paused", "gauge", "Whether the launcher is paused.", func(s launcher.Status) float64 { return truth(s.Paused) }},
	{"polling", "gauge", "Whether a pass is under way.", func(s launcher.Status) float64 { return truth(s.Polling) }},
	{"healthy", "gauge", "Whether passes succeed when they are due.", func(s launcher.Status) float64 { return truth(s.Healthy()) }},
	{"last_success_timestamp_seconds", "gauge", "When the last pass that succeeded ended; 0 if none has.",
		func(s launcher.Status) float64 { return instant(s.LastSuccess) }},
	{"age_seconds", "gauge", "Time since the last success, or since the start while there is none.",
		func(s launcher.Status) float64 { return s.Age.Seconds() }},
	{"next_run_timestamp_seconds", "gauge", "When the next pass is planned; 0 if none is.",
		func(s launcher.Status) float64 { return instant(s.NextRun) }},
	{"failures", "gauge", "Passes that failed since the last success.", func(s launcher.Status) float64 { return float64(s.Failures) }},
	{"set_aside", "gauge", "Parcels in the ledger as rejected.", func(s launcher.Status) float64 { return float64(s.SetAside) }},
	{"waiting_seconds", "gauge", "Age of what has waited longest.", func(s launcher.Status) float64 { return s.Waiting.Seconds() }},
	{"waiting_parcels", "gauge", "Parcels left or not ready in the last pass.",
		func(s launcher.Status) float64 { return float64(s.Last.Left + s.Last.Waiting) }},
	{"pass_bytes", "gauge", "Bytes moved from the origin by the pass under way.", func(s launcher.Status) float64 { return float64(s.PassBytes) }},
	{"passes_total", "counter", "Passes that have ended.", func(s launcher.Status) float64 { return float64(s.Passes) }},
	{"missed_runs_total", "counter", "Runs that fell into a pass, a pause or a rest.", func(s launcher.Status) float64 { return float64(s.Missed) }},
	{"documents_total", "counter", "Documents handed over.", func(s launcher.Status) float64 { return float64(s.Total.Documents) }},
	{"unrouted_documents_total", "counter", "Documents that no route wanted.", func(s launcher.Status) float64 { return float64(s.Total.Unrouted) }},
	{"bytes_total", "counter", "Bytes read by the Sink.", func(s launcher.Status) float64 { return float64(s.Total.Bytes) }},
}

var outcomes = []struct {
	name  string
	count func(launcher.Stats) int
}{
	{"stored", func(s launcher.Stats) int { return s.Stored }},
	{"known", func(s launcher.Stats) int { return s.Known }},
	{"left", func(s launcher.Stats) int { return s.Left }},
	{"waiting", func(s launcher.Stats) int { return s.Waiting }},
	{"rejected", func(s launcher.Stats) int { return s.Rejected }},
	{"skipped", func(s launcher.Stats) int { return s.Skipped }},
}

// metrics serves the Prometheus text format, version 0.0.4.
func (h *Handler) metrics(w http.ResponseWriter, r *http.Request) {
	var all []launcher.Status
	for _, l := range h.launchers() {
		all = append(all, l.Status())
	}
	var b bytes.Buffer
	for _, f := range families {
		head(&b, f.name, f.kind, f.help)
		for _, st := range all {
			fmt.Fprintf(&b, "coldlauncher_%s{launcher=\"%s\"} %s\n", f.name, label(st.Name), number(f.value(st)))
		}
	}
	head(&b, "parcels_total", "counter", "Parcels that passes met, by what became of them.")
	for _, st := range all {
		for _, o := range outcomes {
			fmt.Fprintf(&b, "coldlauncher_parcels_total{launcher=\"%s\",outcome=\"%s\"} %d\n", label(st.Name), o.name, o.count(st.Total))
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Write(b.Bytes())
}

func head(b *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(b, "# HELP coldlauncher_%s %s\n# TYPE coldlauncher_%s %s\n", name, help, name, kind)
}

var labels = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func label(s string) string { return labels.Replace(strings.ToValidUTF8(s, "\uFFFD")) }

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func instant(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
