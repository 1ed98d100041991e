// Keeps times relative, and follows /status: numbers of a pass under way are
// written into the page, and when anything else has changed the part of it
// that is live is fetched anew.
(() => {
  'use strict';
  const words = document.body.dataset;
  const lang = document.documentElement.lang;

  const span = (seconds) => {
    const s = Math.abs(seconds);
    const [n, unit] = s < 60 ? [s, 's'] : s < 3600 ? [s / 60, 'min'] : s < 172800 ? [s / 3600, 'h'] : [s / 86400, words.day];
    return Math.floor(n) + '\u00a0' + unit;
  };
  const relative = (seconds) =>
    Math.abs(seconds) < 1 ? words.now : (seconds > 0 ? words.in : words.ago).replace('%s', span(seconds));
  const tick = () => {
    for (const t of document.querySelectorAll('time[data-relative]')) {
      const text = relative((Date.parse(t.dateTime) - Date.now()) / 1000);
      if (t.textContent !== text) t.textContent = text;
    }
  };

  const size = (n) => {
    if (n < 1000) return n + '\u00a0' + words.byte;
    let i = -1;
    do { n /= 1000; i++; } while (n >= 999.5 && i < 5);
    const digits = n >= 99.95 ? 0 : 1;
    return n.toLocaleString(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }) + '\u00a0' + 'kMGTPE'[i] + words.byte;
  };

  // What of a status makes the page look different.
  const shape = (l) => [l.name, l.running, l.paused, l.polling, l.healthy, l.passes, l.set_aside, l.last_error, l.next_run, l.resting].join('|');

  const numbers = (l) => {
    const box = document.querySelector(`.progress[data-launcher="${l.name}"]`);
    if (!box) return;
    const put = (field, text) => {
      const at = box.querySelector(`[data-field="${field}"]`);
      if (at && at.textContent !== text) at.textContent = text;
    };
    put('offered', l.pass.offered.toLocaleString(lang));
    put('documents', l.pass.documents.toLocaleString(lang));
    put('bytes', size(l.pass_bytes));
  };

  // Nobody likes a page that moves under the fingers.
  const busy = (live) => live.querySelector('details[open]') !== null;

  const renew = async () => {
    const live = document.getElementById('live');
    if (!live || busy(live)) return false;
    const answer = await fetch(location.pathname.replace(/\/(pause|resume|run|requeue|discard)$/, ''), { headers: { Accept: 'text/html' } });
    if (!answer.ok) return false;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
    if (!fresh || busy(live)) return false;
    const focus = live.contains(document.activeElement) ? document.activeElement.id : '';
    live.replaceWith(fresh);
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    return true;
  };

  let known = null;
  const follow = async () => {
    let pause = 5000;
    try {
      if (!document.hidden) {
        const answer = await fetch(words.status);
        if (answer.ok) {
          const all = (await answer.json()).launchers;
          const now = all.map(shape).join('\n');
          if (known === null) known = now;
          if (now !== known && await renew()) known = now;
          all.forEach(numbers);
          tick();
          if (all.some((l) => l.polling)) pause = 1000;
        }
      }
    } catch { /* the next one may do better */ }
    setTimeout(follow, pause);
  };

  setInterval(tick, 1000);
  if (words.status) follow();
})();
