package launcher

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A PanicError is a panic of a Source, Sink, Filter or Observe function that
// the engine contained. It is an unmarked error: an attempt of the parcel.
type PanicError struct {
	In    string // "source", "documents", "filter", "sink", "observe", "watch", …
	Value any    // what was panicked with
	Stack []byte // of the goroutine that panicked
}

// Error tells who panicked and with what, on one line.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in %s: %s", e.In, printable(fmt.Sprint(e.Value)))
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// contain turns a panic of the caller into *err. It is to be deferred.
func contain(err *error, in string) {
	if v := recover(); v != nil {
		*err = &PanicError{In: in, Value: v, Stack: debug.Stack()}
	}
}

// gracefully returns a context that ends grace after ctx does, and a function
// to be called when it is no longer needed, which leaves nothing running.
func gracefully(ctx context.Context, grace time.Duration) (context.Context, func()) {
	c, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		if grace > 0 {
			t := time.NewTimer(grace)
			defer t.Stop()
			select {
			case <-t.C:
			case <-c.Done():
			}
		}
		cancel(context.Cause(ctx))
	})
	return c, func() {
		cancel(context.Canceled)
		if !stop() {
			<-done
		}
	}
}

// settleTime is how long it may take to write down what has to be.
const settleTime = 30 * time.Second

// settling returns a context for what has to be written down although ctx may
// be done.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}

const maxErrText = 1 << 10

// textOf returns err as it is kept and shown: on one line, printable, and at
// most 1 KiB long.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	s := printable(err.Error())
	if len(s) <= maxErrText {
		return s
	}
	cut := maxErrText - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func isControl(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// printable escapes what could forge a log line or change how text is shown,
// as %q does, and puts lines that were joined on one.
func printable(s string) string {
	s = strings.ReplaceAll(s, "\n", "; ")
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// A shown error has the text that may be shown of another.
type shown struct {
	error
	text string
}

func (s *shown) Error() string { return s.text }
func (s *shown) Unwrap() error { return s.error }

// show returns err, or if its text is not fit for a log line, err with another.
func show(err error) error {
	if err == nil {
		return nil
	}
	if text := textOf(err); text != err.Error() {
		return &shown{err, text}
	}
	return err
}

// fit returns err, or if its lines hold what could forge others or change how
// text is shown, err with a text that does not.
func fit(err error) error {
	if err == nil || !strings.ContainsFunc(err.Error(), func(r rune) bool { return r != '\n' && isControl(r) }) {
		return err
	}
	return show(err)
}

var errOver = errors.New("the pass is over")
