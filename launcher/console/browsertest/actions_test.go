package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// enter puts the focus on an element and presses a key, as somebody without a
// mouse does, and waits for the page that follows.
func (b *browser) enter(selector string) {
	b.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Focus(chromedp.CSS(selector)), chromedp.KeyEvent(kb.Enter)); err != nil {
		b.Fatalf("enter on %s: %v", selector, err)
	}
}

func (b *browser) wantNotice(text string) {
	b.Helper()
	if got := b.text(".notice"); !strings.Contains(got, text) {
		b.Errorf("the page says %q, want %q", got, text)
	}
}

func TestEveryAction(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	b.look("en", "light", 1440)
	page := h.url + "/launchers/factures"
	b.open(page)

	b.press("#pause")
	b.wantNotice("Paused.")
	if st := h.factures.Status(); !st.Paused || b.text(".state") != "paused" {
		t.Errorf("after pause: paused is %v and the page says %q", st.Paused, b.text(".state"))
	}
	b.enter("#resume")
	b.wantNotice("Resumed.")
	if h.factures.Status().Paused {
		t.Error("still paused after resume")
	}

	b.press("#preview")
	if got := b.text("table"); !strings.Contains(got, "F2026-009.pdf") || !strings.Contains(got, "not wanted by the filter") {
		t.Errorf("the preview says %q", got)
	}
	if n := len(h.stored); n != 0 {
		t.Errorf("a preview stored %d parcels", n)
	}

	b.open(page)
	passes := h.factures.Status().Passes
	b.enter("#run")
	b.wantNotice("A pass was asked for.")
	until(t, "a pass was made", func() bool { return h.factures.Status().Passes > passes })
	<-h.stored // F2026-009

	// The page follows by itself.
	b.wait(`document.querySelector('#h-recent').parentElement.innerText.includes('F2026-009')`)

	if n := h.factures.Status().SetAside; n != 2 {
		t.Fatalf("%d are set aside, want 2", n)
	}
	first := b.text("#aside tbody th")
	b.press("#requeue-a0")
	if n := h.factures.Status().SetAside; n != 1 || !strings.Contains(b.text(".notice"), "taken again") {
		t.Errorf("after requeue of %q: %d set aside, and the page says %q", first, n, b.text(".notice"))
	}

	b.open(page)
	b.do(chromedp.Focus(chromedp.CSS("#discard-a0")), chromedp.KeyEvent(kb.Enter))
	b.do(chromedp.WaitVisible(chromedp.CSS("#aside details[open] button")))
	b.shot("discard-open")
	b.enter("#aside details[open] button")
	b.wantNotice("Given up.")
	if n := h.factures.Status().SetAside; n != 0 || b.text("#aside tbody") != "" {
		t.Errorf("after discard %d are set aside, and the page shows %q", n, b.text("#aside"))
	}
	for _, c := range b.complaints() {
		t.Errorf("the browser says %s", c)
	}
}

// The progress of a pass under way is followed, and so is its end.
func TestProgress(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	b.look("fr", "light", 1440)
	for _, path := range []string{"/", "/launchers/actes"} {
		b.open(h.url + path)
		b.do(chromedp.WaitVisible(chromedp.CSS(".progress")))
		if got := b.text(".progress"); !strings.Contains(got, "4 vus") || !strings.Contains(got, "4,3\u00a0Mo") {
			t.Errorf("%s: the progress says %q, want 4 items and 4,3 Mo", path, got)
		}
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById('run').focus()`))
	h.release()
	b.wait(`!document.querySelector('.progress') && document.querySelector('.glance').innerText.includes('4 remis')`)
	if got := eval[string](b, `document.activeElement.id`); got != "run" {
		t.Errorf("when the page was renewed the focus went to %q", got)
	}
}

// What the script writes is what the server writes.
func TestTimesAreRelative(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	for lang, want := range map[string]string{"fr": "il y a 26\u00a0min", "en": "26\u00a0min ago"} {
		b.look(lang, "light", 1440)
		b.open(h.url + "/launchers/factures")
		b.wait(fmt.Sprintf(`[...document.querySelectorAll('time')].some((t) => t.textContent === %q)`, want))
		written := eval[string](b, `(() => { const t = document.querySelector('time[data-relative]'); t.dateTime = new Date(Date.now() - 200000).toISOString(); return t.id = 'probe'; })()`)
		b.wait(fmt.Sprintf(`document.getElementById(%q).textContent === %q`, written, strings.Replace(want, "26", "3", 1)))
	}
}

func TestLanguageSwitch(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	b.look("en", "light", 360)
	b.open(h.url + "/try?rows=" + strings.ReplaceAll("* * * * * * 0", " ", "+"))
	b.enter(".language button")
	if got := b.text("h1"); got != "Essayer" {
		t.Errorf("after the switch the page says %q, want French", got)
	}
	if got := b.text(".times"); got == "" {
		t.Error("the switch has lost what the page showed")
	}
	b.open(h.url + "/launchers/factures")
	if got := eval[string](b, `document.documentElement.lang`); got != "fr" {
		t.Errorf("the next page is in %q: the choice was not kept", got)
	}
}

func TestForms(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	b.look("en", "light", 1440)
	b.open(h.url + "/try")
	b.do(chromedp.SendKeys(chromedp.CSS("#patterns"), "*.pdf"), chromedp.SendKeys(chromedp.CSS("#names"), "a.pdf\nb.txt"))
	b.press("section:nth-of-type(1) button")
	if got := b.text("table"); !strings.Contains(got, "taken") || !strings.Contains(got, "refused") {
		t.Errorf("the trial says %q", got)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("#rows"), "* * * * 3 0 0"))
	b.press("section:nth-of-type(2) button")
	if n := eval[int](b, `document.querySelectorAll('.times li').length`); n != 10 {
		t.Errorf("%d times are shown, want 10", n)
	}
}
