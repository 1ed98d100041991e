package console

import (
	"encoding/json"
	"net/http"

	"github.com/ezged/coldlauncher/launcher"
)

type healthAnswer struct {
	Live      bool             `json:"live"`
	Ready     bool             `json:"ready"`
	Fresh     bool             `json:"fresh"`
	Launchers []launcherHealth `json:"launchers"`
}

type launcherHealth struct {
	Name    string  `json:"name"`
	Ready   bool    `json:"ready"`
	Fresh   bool    `json:"fresh"`
	Paused  bool    `json:"paused"`
	Age     float64 `json:"age_seconds"`
	Waiting float64 `json:"waiting_seconds"`
	Trouble string  `json:"trouble,omitempty"`
}

// health serves all of what is asked: one check, or with none all three.
func (h *Handler) health(which []string) (serve, string) {
	var good func(healthAnswer) bool
	switch {
	case len(which) == 0:
		good = func(a healthAnswer) bool { return a.Live && a.Ready && a.Fresh }
	case which[0] == "live":
		good = func(a healthAnswer) bool { return a.Live }
	case which[0] == "ready":
		good = func(a healthAnswer) bool { return a.Ready }
	case which[0] == "fresh":
		good = func(a healthAnswer) bool { return a.Fresh }
	default:
		return nil, ""
	}
	return func(w http.ResponseWriter, r *http.Request) {
		a := healthOf(h.launchers())
		status := http.StatusOK
		if !good(a) {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, a)
	}, "GET"
}

func healthOf(ls []*launcher.Launcher) healthAnswer {
	a := healthAnswer{Live: true, Ready: true, Fresh: true, Launchers: []launcherHealth{}}
	for _, l := range ls {
		st := l.Status()
		a.Ready = a.Ready && st.Running
		a.Fresh = a.Fresh && st.Healthy()
		a.Launchers = append(a.Launchers, launcherHealth{
			Name: st.Name, Ready: st.Running, Fresh: st.Healthy(), Paused: st.Paused,
			Age: st.Age.Seconds(), Waiting: st.Waiting.Seconds(), Trouble: st.Trouble,
		})
	}
	return a
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(v) // what fails here is the connection
}
