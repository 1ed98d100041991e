package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// showProgress draws a line about the pass under way, if out is a terminal,
// until the function that it returns is called.
func showProgress(l *launcher.Launcher, out io.Writer) (stop func()) {
	if !isTerminal(out) {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			st := l.Status()
			if st.Polling {
				fmt.Fprintf(out, "\r\x1b[K%s %d mails seen, %d stored, %d known, %.1f MB", bar(st), st.Pass.Offered, st.Pass.Stored, st.Pass.Known, float64(st.PassBytes)/1e6)
			}
			select {
			case <-tick.C:
			case <-done:
				fmt.Fprint(out, "\r\x1b[K")
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// bar is how far the mails seen so far have been dealt with.
func bar(st launcher.Status) string {
	const width = 20
	p := st.Pass
	full := 0
	if p.Offered > 0 {
		settled := p.Stored + p.Known + p.Skipped + p.Rejected + p.Left + p.Waiting
		full = min(width*settled/p.Offered, width)
	}
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}
