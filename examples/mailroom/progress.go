package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A screen is a terminal whose last line shows how far a pass has come. What is
// written to it goes above that line.
type screen struct {
	mu  sync.Mutex
	out io.Writer
	bar string
}

const clearLine = "\r\x1b[K"

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fmt.Fprintf(s.out, "%s%s%s", clearLine, p, s.bar); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *screen) draw(bar string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bar = bar
	fmt.Fprint(s.out, clearLine+bar)
}

// showProgress draws a line about the pass under way, if out is a screen, until
// the function that it returns is called.
func showProgress(l *launcher.Launcher, out io.Writer) (stop func()) {
	s, ok := out.(*screen)
	if !ok {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			line := ""
			if st := l.Status(); st.Polling {
				line = fmt.Sprintf("%s %d mails seen, %d stored, %d known, %.1f MB", bar(st), st.Pass.Offered, st.Pass.Stored, st.Pass.Known, float64(st.PassBytes)/1e6)
			}
			s.draw(line)
			select {
			case <-tick.C:
			case <-done:
				s.draw("")
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
