package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

const (
	previewParcels = 50
	previewRows    = 500
	previewTime    = 30 * time.Second
)

type previewBody struct {
	Launcher string
	May      bool
	Done     bool
	Rows     []launcher.Decision
	Full     bool // there may be more
	Limit    int
	Err      string
}

// preview shows what a pass would do now; with GET, the button that asks.
func (h *Handler) preview(w http.ResponseWriter, r *http.Request, l *launcher.Launcher) {
	p := h.page(r, "preview")
	p.Title = p.T("pv.title", l.Name)
	body := previewBody{Launcher: l.Name, Limit: previewParcels}
	denied := h.may(r, Preview, l)
	body.May = denied == nil
	status := http.StatusOK
	if r.Method == http.MethodPost {
		if denied != nil {
			h.denied(w, r, l, denied)
			return
		}
		desk := h.desk(l)
		if !desk.preview.TryLock() {
			h.refuse(w, r, l, http.StatusConflict, "fault.busy", nil)
			return
		}
		defer desk.preview.Unlock()
		body.look(r.Context(), l)
	}
	p.Body = body
	p.write(w, status)
}

func (b *previewBody) look(ctx context.Context, l *launcher.Launcher) {
	ctx, cancel := context.WithTimeout(ctx, previewTime)
	defer cancel()
	rows, err := l.Preview(ctx, previewParcels)
	b.Done = true
	parcels := make(map[string]bool)
	for _, d := range rows {
		parcels[d.Parcel] = true
	}
	b.Full = len(parcels) >= previewParcels || len(rows) > previewRows
	b.Rows = rows[:min(len(rows), previewRows)]
	if err != nil && !errors.Is(err, launcher.ErrMore) {
		b.Err = clip(err.Error(), 2000)
	}
}
