package browsertest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pages are what there is to see: a name, an address, and what is pressed there.
func pages() []struct{ name, path, press string } {
	q := url.Values{"patterns": {"*.pdf\n!*brouillon*"}, "names": {"F2026-001.pdf\nbrouillon-2.pdf\nThumbs.db\n" + longName + "\n" + hostile},
		"rows": {"* * mon-fri * 8-18 */5 0\n* * sat * 10 0 0"}}
	own := url.Values{"launcher": {"factures"}, "names": {"F2026-001.pdf\nThumbs.db"}}
	bad := url.Values{"patterns": {"/(/"}, "names": {"x"}, "rows": {"* * lundredi * * * 0"}}
	return []struct{ name, path, press string }{
		{"overview", "/", ""},
		{"launcher", "/launchers/factures", ""},
		{"launcher-paused", "/launchers/courrier-arrive", ""},
		{"launcher-failing", "/launchers/mails", ""},
		{"launcher-polling", "/launchers/actes", ""},
		{"launcher-notice", "/launchers/factures?done=requeue", ""},
		{"preview", "/launchers/factures/preview", ""},
		{"preview-result", "/launchers/factures/preview", "main button.main"},
		{"try", "/try", ""},
		{"try-result", "/try?" + q.Encode(), ""},
		{"try-own", "/try?" + own.Encode(), ""},
		{"try-faults", "/try?" + bad.Encode(), ""},
		{"unknown", "/nowhere", ""},
	}
}

// inspect returns what is wrong with the page that is open.
const inspect = `(() => {
	const wrong = [];
	const say = (e, what) => wrong.push(what + ': ' + e.outerHTML.slice(0, 160));
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > width) wrong.push('the page is ' + document.documentElement.scrollWidth + ' px wide, more than ' + width);
	const seen = (e) => { const s = getComputedStyle(e); const r = e.getBoundingClientRect(); return s.visibility !== 'hidden' && r.width > 1 && r.height > 1 && r.right > 0; };
	for (const e of document.querySelectorAll('body *')) {
		if (!seen(e) || e.closest('thead')) continue;
		const r = e.getBoundingClientRect();
		if (r.right > width + 1) say(e, 'reaches to ' + r.right + ' px of ' + width);
		if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && !['inline', 'contents'].includes(getComputedStyle(e).display) && e.tagName !== 'TEXTAREA' && e.tagName !== 'SELECT') say(e, 'holds more than fits');
	}
	for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
		if (!(e.labels && e.labels.length) && !e.getAttribute('aria-label')) say(e, 'has no label');
	for (const e of document.querySelectorAll('button, a, summary'))
		if (!(e.getAttribute('aria-label') || e.textContent).trim()) say(e, 'has no name');
	for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
		for (const id of (e.getAttribute('aria-labelledby') || e.getAttribute('aria-describedby')).split(' '))
			if (!document.getElementById(id)) say(e, 'refers to ' + id + ', which is not there');
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('two elements have the id ' + id);
	if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1 but ' + document.querySelectorAll('h1').length);
	if (!document.title.trim()) wrong.push('no title');

	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 }; };
	const lum = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a === 1) return c.rgb; if (c.a !== 0) wrong.push('a background that shines through'); } return [255, 255, 255]; };
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let texts = 0;
	for (let n; (n = walk.nextNode());) {
		const e = n.parentElement;
		if (!n.textContent.trim() || !seen(e) || ['SCRIPT', 'STYLE', 'OPTION'].includes(e.tagName)) continue;
		texts++;
		const s = getComputedStyle(e), size = parseFloat(s.fontSize);
		const need = size >= 24 || (size >= 18.66 && s.fontWeight >= 700) ? 3 : 4.5;
		const got = ratio(parse(s.color).rgb, behind(e));
		if (got < need) say(e, 'contrast ' + got.toFixed(2) + ' of ' + need);
	}
	if (texts < 5) wrong.push('only ' + texts + ' texts were looked at');
	for (const e of document.querySelectorAll('button, select, textarea')) {
		if (!seen(e)) continue;
		const s = getComputedStyle(e);
		if (parse(s.borderTopColor).a === 0) continue; // looks like a link
		const got = ratio(parse(s.borderTopColor).rgb, behind(e.parentElement));
		if (got < 3) say(e, 'contrast of the edge ' + got.toFixed(2) + ' of 3');
	}
	return wrong;
})()`

func TestEveryPage(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	for _, lang := range []string{"fr", "en"} {
		for _, p := range pages() {
			b.look(lang, "light", 1440)
			b.open(h.url + p.path)
			if p.press != "" {
				b.press(p.press)
			}
			if got := eval[string](b, `document.documentElement.lang`); got != lang {
				t.Errorf("%s in %s: the page is in %q", p.name, lang, got)
			}
			for _, v := range []struct {
				scheme string
				width  int64
			}{{"light", 1440}, {"light", 768}, {"light", 360}, {"dark", 360}, {"dark", 1440}} {
				b.look(lang, v.scheme, v.width)
				at := fmt.Sprintf("%s-%s-%s-%d", p.name, lang, v.scheme, v.width)
				for _, w := range eval[[]string](b, inspect) {
					t.Errorf("%s: %s", at, w)
				}
				b.shot(at)
			}
			for _, c := range b.complaints() {
				if p.name != "unknown" || !strings.Contains(c, "404") {
					t.Errorf("%s in %s: the browser says %s", p.name, lang, c)
				}
			}
		}
	}
	if alert := eval[bool](b, `document.querySelector('main img, main script') !== null`); alert {
		t.Error("a name from outside became markup")
	}
}

// The tab key reaches everything that can be used, in the order in which it is
// read, and shows where it is.
func TestKeyboardOrder(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	b.look("en", "light", 1440)
	for _, p := range pages() {
		b.open(h.url + p.path)
		if p.press != "" {
			b.press(p.press)
		}
		want := eval[[]string](b, `(() => {
			window.name_of = (e) => e.tagName + ' ' + (e.id || e.name || e.getAttribute('href') || '') + ' ' + (e.getAttribute('aria-label') || e.textContent).trim().slice(0, 40);
			return [...document.querySelectorAll('a[href], button, select, textarea, summary, input:not([type=hidden])')]
				.filter((e) => !e.closest('details:not([open])') || e.tagName === 'SUMMARY').map(window.name_of);
		})()`)
		b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement && document.activeElement.blur()`))
		var got []string
		for range want {
			b.do(chromedp.KeyEvent(kb.Tab))
			got = append(got, eval[string](b, `window.name_of(document.activeElement)`))
			if !eval[bool](b, `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()`) {
				t.Errorf("%s: %s does not show that it has the focus", p.name, got[len(got)-1])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: tab goes\n%s\nwant\n%s", p.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// What inspect is for, it sees.
func TestInspectSees(t *testing.T) {
	b := newBrowser(t)
	h := newHost(t)
	b.look("en", "light", 360)
	b.open(h.url + "/try")
	b.do(chromedp.Evaluate[chromedp.Void](`(() => {
		const add = (tag, style, text) => { const e = document.createElement(tag); Object.assign(e.style, style); e.textContent = text; document.querySelector('main').append(e); };
		add('p', { color: '#999999' }, 'pale');
		add('p', { width: '500px' }, 'wide');
		add('input', { borderColor: '#000000' }, '');
		add('button', { borderColor: '#fafafa' }, '');
		add('h1', {}, 'another');
	})()`))
	got := strings.Join(eval[[]string](b, inspect), "\n")
	for _, want := range []string{"contrast 2.", "reaches to", "px wide", "has no label", "has no name", "contrast of the edge", "not one h1"} {
		if !strings.Contains(got, want) {
			t.Errorf("a page with that fault is not found to have %q:\n%s", want, got)
		}
	}
}
