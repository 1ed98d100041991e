package console

import (
	"net/http"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// Statuses is what /status answers.
type Statuses struct {
	At        time.Time `json:"at"`
	Launchers []Status  `json:"launchers"`
}

// A Status is a launcher.Status as /status tells it. Times that have not come
// are left out.
type Status struct {
	Name        string    `json:"name"`
	Running     bool      `json:"running"`
	Paused      bool      `json:"paused"`
	Polling     bool      `json:"polling"`
	Healthy     bool      `json:"healthy"`
	Trouble     string    `json:"trouble,omitempty"`
	RunSince    time.Time `json:"run_since,omitzero"`
	Started     time.Time `json:"started,omitzero"`
	Ended       time.Time `json:"ended,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	LastError   string    `json:"last_error,omitempty"`
	Failures    int       `json:"failures"`
	NextRun     time.Time `json:"next_run,omitzero"`
	Resting     time.Time `json:"resting,omitzero"`
	Passes      int       `json:"passes"`
	Missed      int       `json:"missed"`
	Age         float64   `json:"age_seconds"`
	Oldest      time.Time `json:"oldest,omitzero"`
	Waiting     float64   `json:"waiting_seconds"`
	SetAside    int       `json:"set_aside"`
	Last        Stats     `json:"last"`
	Total       Stats     `json:"total"`
	Pass        Stats     `json:"pass"`
	PassBytes   int64     `json:"pass_bytes"`
}

// Stats are launcher.Stats as /status tells them.
type Stats struct {
	Offered   int   `json:"offered"`
	Stored    int   `json:"stored"`
	Known     int   `json:"known"`
	Left      int   `json:"left"`
	Waiting   int   `json:"waiting"`
	Rejected  int   `json:"rejected"`
	Skipped   int   `json:"skipped"`
	Documents int   `json:"documents"`
	Unrouted  int   `json:"unrouted"`
	Bytes     int64 `json:"bytes"`
}

func (h *Handler) serveStatus(w http.ResponseWriter, r *http.Request) {
	ls := h.launchers()
	if name := r.URL.Query().Get("launcher"); name != "" {
		l := h.find(name)
		if l == nil {
			h.fault(w, r, http.StatusNotFound, "fault.unknown")
			return
		}
		ls = []*launcher.Launcher{l}
	}
	all := Statuses{At: time.Now(), Launchers: []Status{}}
	for _, l := range ls {
		all.Launchers = append(all.Launchers, statusOf(l.Status()))
	}
	writeJSON(w, http.StatusOK, all)
}

func statusOf(st launcher.Status) Status {
	return Status{
		Name: st.Name, Running: st.Running, Paused: st.Paused, Polling: st.Polling,
		Healthy: st.Healthy(), Trouble: st.Trouble, RunSince: st.RunSince,
		Started: st.Started, Ended: st.Ended, LastSuccess: st.LastSuccess,
		LastError: st.LastError, Failures: st.Failures, NextRun: st.NextRun, Resting: st.Resting,
		Passes: st.Passes, Missed: st.Missed, Age: st.Age.Seconds(), Oldest: st.Oldest,
		Waiting: st.Waiting.Seconds(), SetAside: st.SetAside,
		Last: Stats(st.Last), Total: Stats(st.Total), Pass: Stats(st.Pass), PassBytes: st.PassBytes,
	}
}
