package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// clearLine takes the bar away, so that a row can be printed in its place.
const clearLine = "\r\x1b[K"

// isTerminal reports whether w is one: then, and only then, a bar is drawn.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// showProgress draws how far the launchers have come, below the rows of t,
// until the function that it returns is called.
func showProgress(t *table, ls []*launcher.Launcher) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			t.draw(progress(ls))
			select {
			case <-tick.C:
			case <-done:
				t.draw("")
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// progress is a bar of what has been handed over, of what was seen.
func progress(ls []*launcher.Launcher) string {
	const width = 20
	var stored, seen int
	var bytes int64
	for _, l := range ls {
		st := l.Status()
		now := st.Last
		if st.Polling {
			now = st.Pass
			stored += now.Stored
			bytes += now.Bytes
		}
		stored += st.Total.Stored
		seen += max(now.Offered-now.Stored, 0)
		bytes += st.Total.Bytes
	}
	seen += stored
	full := 0
	if seen > 0 {
		full = min(width*stored/seen, width)
	}
	return fmt.Sprintf("%s%s %d of %d parcels, %d bytes", strings.Repeat("█", full), strings.Repeat("░", width-full), stored, seen, bytes)
}
