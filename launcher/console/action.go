package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// patience is how long an action waits for a pass under way.
const patience = 15 * time.Second

// maxForm is the largest body of a form.
const maxForm = 64 << 10

// readForm reads a form of bounded size, or answers with a fault.
func (h *Handler) readForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		h.fault(w, r, http.StatusBadRequest, "fault.form")
		return false
	}
	return true
}

// act does a to l and goes back to its page, which says so.
func (h *Handler) act(w http.ResponseWriter, r *http.Request, l *launcher.Launcher, a Action) {
	if err := h.may(r, a, l); err != nil {
		h.denied(w, r, l, err)
		return
	}
	if !h.readForm(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	err := h.do(ctx, l, a, r.PostForm.Get("id"))
	var away *launcher.AwayError
	switch {
	case err == nil:
		seeOther(w, "../"+l.Name+"?done="+string(a))
	case errors.As(err, &away):
		h.showLauncher(w, r, l, http.StatusOK, notice{Text: h.awayWords(r, away)})
	case errors.Is(err, launcher.ErrUnknown):
		h.refuse(w, r, l, http.StatusNotFound, "fault.unknown", nil)
	case errors.Is(err, context.DeadlineExceeded):
		h.refuse(w, r, l, http.StatusConflict, "fault.wait", nil)
	default:
		h.refuse(w, r, l, http.StatusInternalServerError, "fault.failed", err)
	}
}

func (h *Handler) do(ctx context.Context, l *launcher.Launcher, a Action, id string) error {
	switch a {
	case Pause:
		l.Pause()
	case Resume:
		l.Resume()
	case Run:
		l.Wake()
	case Requeue:
		defer h.desk(l).shelf.changed()
		return l.Requeue(ctx, id)
	case Discard:
		defer h.desk(l).shelf.changed()
		return l.Discard(ctx, id)
	}
	return nil
}

func (h *Handler) awayWords(r *http.Request, away *launcher.AwayError) string {
	lang := languageOf(r)
	where := away.Where
	if where == "" {
		where = say(lang, "away.unknown")
	}
	return say(lang, "away", where, away.Origin)
}

// denied answers that the host does not allow an action, and why.
func (h *Handler) denied(w http.ResponseWriter, r *http.Request, l *launcher.Launcher, err error) {
	h.refuse(w, r, l, http.StatusForbidden, "fault.denied", err)
}

// refuse shows the launcher's page with what did not work.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, l *launcher.Launcher, status int, key string, err error) {
	n := notice{Bad: true, Text: say(languageOf(r), key)}
	if err != nil {
		n.Detail = clip(err.Error(), 2000)
	}
	h.showLauncher(w, r, l, status, n)
}
