package flow_test

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// A letter is what a protocol makes of a Download.
type letter struct {
	flow.Download
	n int
}

func newLetter(pool *spool.Pool, n int) *letter {
	l := &letter{n: n}
	l.Init(pool)
	return l
}

// ask returns a Queue with so many letters in it.
func ask(ctx context.Context, letters int) (q *flow.Queue[*letter], all []*letter) {
	q = flow.NewQueue(ctx, 8, func(a, b *letter) int { return cmp.Compare(a.n, b.n) })
	pool := &spool.Pool{}
	for n := range letters {
		all = append(all, newLetter(pool, n))
	}
	for i := range all {
		q.Want(all[(i+letters/2)%letters])
	}
	return q, all
}

// fates tells of each letter what became of it: "." nothing yet, "+" it is here,
// "-" it failed, "!" it failed as the fault of the surroundings.
func fates(all []*letter) (s string) {
	for _, l := range all {
		switch ended, err := l.Ended(); {
		case !ended:
			s += "."
		case err == nil:
			s += "+"
		case launcher.OutcomeOf(err) == launcher.Stop:
			s += "!"
		default:
			s += "-"
		}
	}
	return s
}

func TestQueueSuspects(t *testing.T) {
	tests := []struct {
		name   string
		course string // of the letters in turn: "x" fails, "." arrives; "?" is a doubt, "!" shows that others are returned
		last   bool   // there is no other in the end
		want   string
	}{
		{"one fails, the next arrives", "x.", false, "-+......"},
		{"two fail", "xx", false, "........"},
		{"two fail, and there is no other", "xx", true, "--......"},
		{"three fail in all, but not in a row", "xx.x", false, "--+....."},
		{"three fail", "xxx?", false, "........"},
		{"three fail, others are returned", "xxx?!", false, "---....."},
		{"three more fail", "xxx?!xxx?", false, "---....."},
		{"all fail but the last one", "xxx?!xxx?!x.", false, "-------+"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q, all := ask(t.Context(), 8)
			defer q.Close()
			q.Lock()
			defer q.Unlock()
			next := 0
			for i, c := range test.course {
				switch c {
				case 'x', '.':
					if l := q.Take(1)[0]; l != all[next] {
						t.Fatalf("letter %d comes after %d others", l.n, next)
					}
					if c == 'x' {
						q.Suspect(all[next], errors.New("bad"))
					} else {
						all[next].Finish(all[next].Commit())
						q.Arrived(all[next])
					}
					next++
				case '!':
					q.Resolve(true)
				}
				if doubt := q.Doubtful(); doubt != (c == '?' || strings.HasPrefix(test.course[i+1:], "?")) {
					t.Errorf("after %q it is doubted %v", test.course[:i+1], doubt)
				}
			}
			if test.last {
				q.Convict()
			}
			if got := fates(all); got != test.want {
				t.Errorf("the letters fared %q, want %q", got, test.want)
			}
		})
	}
}

// TestQueueHalt: where the server returns no other mail either, it is at fault, and
// nothing is fetched any more.
func TestQueueHalt(t *testing.T) {
	q, all := ask(t.Context(), 8)
	defer q.Close()
	q.Lock()
	for _, l := range q.Take(flow.MaxSuspects) {
		q.Suspect(l, errors.New("bad"))
	}
	q.Resolve(false)
	q.Unlock()
	late := newLetter(&spool.Pool{}, 9)
	q.Want(late)
	if got := fates(append(all, late)); got != "!!!!!!!!!" || !strings.Contains(q.Failure().Error(), "every message fails: bad") {
		t.Errorf("the letters fared %q, failure %v; want all to end with the fault of the server", got, q.Failure())
	}
}

// TestQueueScouts: the last mail that is fit is asked for first, and by and by
// every other one.
func TestQueueScouts(t *testing.T) {
	mails := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	asked := make(map[int]bool)
	for range 200 {
		scouts := flow.Scouts(mails, func(n int) bool { return n%2 == 0 })
		if len(scouts) == 0 || scouts[0] != 8 {
			t.Fatalf("%v are asked for, want the last that is fit first", scouts)
		}
		for _, n := range scouts {
			asked[n] = true
		}
	}
	if len(asked) != 5 || asked[1] {
		t.Errorf("%v were asked for, want all that are fit", asked)
	}
	if scouts := flow.Scouts(mails, func(int) bool { return false }); len(scouts) != 0 {
		t.Errorf("%v are asked for, of which none is fit", scouts)
	}
}

// TestQueueWaitsForTheRest: what is under way is waited for, and may show that the
// server is not at fault.
func TestQueueWaitsForTheRest(t *testing.T) {
	q, all := ask(t.Context(), 8)
	defer q.Close()
	q.Lock()
	defer q.Unlock()
	for _, l := range q.Take(8)[:7] {
		q.Suspect(l, errors.New("bad"))
	}
	all[7].Finish(all[7].Commit())
	q.Arrived(all[7])
	if got := fates(all); got != "-------+" || q.Err != nil {
		t.Errorf("the letters fared %q, failure %v; want only the first seven to fail", got, q.Err)
	}
}

func TestQueueEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		q, all := ask(ctx, 3)
		defer q.Close()
		cancel(errors.New("shutdown"))
		synctest.Wait()
		if got := fates(all); got != "!!!" {
			t.Errorf("the letters fared %q after the connections ended, want them to end", got)
		}
		if _, err := all[0].Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "shutdown") {
			t.Errorf("Wait: %v, want the cause", err)
		}
	})
}

// TestQueueClose: suspects whose fate nobody waits for any more take nothing of
// the spool.
func TestQueueClose(t *testing.T) {
	for _, late := range []bool{false, true} {
		q, all := ask(t.Context(), 1)
		suspect := func() {
			q.Lock()
			defer q.Unlock()
			q.Suspect(q.Take(1)[0], errors.New("bad"))
		}
		if late {
			q.Close()
			suspect()
		} else {
			suspect()
			q.Close()
		}
		if got := fates(all); got != "-" {
			t.Errorf("failed after Close %v: the letter fared %q, want it to end", late, got)
		}
	}
}

func TestQueuePace(t *testing.T) {
	q, _ := ask(t.Context(), 3)
	defer q.Close()
	var paces []int
	for _, held := range []bool{true, false, true, true, true, true} {
		q.Hold(held)
		paces = append(paces, q.Pace)
	}
	for i, want := range []int{8, 1, 2, 4, 8, 8} {
		if paces[i] != want {
			t.Fatalf("paces %v: after a break one at a time, then two, then four, eight at most", paces)
		}
	}
}

// TestQueueSweep: what nobody wants any more is not fetched.
func TestQueueSweep(t *testing.T) {
	q, all := ask(t.Context(), 3)
	defer q.Close()
	all[1].Abandon()
	q.Lock()
	defer q.Unlock()
	q.Sweep(errors.New("gone"))
	if got := fates(all); got != ".-." || len(q.Waiting) != 2 {
		t.Errorf("the letters fared %q, %d wait; want only the one that nobody wants to end", got, len(q.Waiting))
	}
}

// TestQueueWait: who waits for the first letter sees those too that others were
// about to ask for, nearly always: it is up to the scheduler.
func TestQueueWait(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const letters, times = 10, 100
	pool := &spool.Pool{}
	all := 0
	for range times {
		q, _ := ask(t.Context(), 0)
		seen := make(chan int)
		waiting := make(chan struct{})
		go func() {
			q.Lock()
			defer q.Unlock()
			close(waiting)
			q.Wait()
			seen <- len(q.Waiting)
		}()
		<-waiting
		for n := range letters {
			go q.Want(newLetter(pool, n))
		}
		if <-seen == letters {
			all++
		}
		q.Close()
	}
	if all < times/2 {
		t.Errorf("all %d letters were seen %d times of %d, want most", letters, all, times)
	}
}

// TestQueueAhead: what has arrived counts until it is released, and does not where
// that came first.
func TestQueueAhead(t *testing.T) {
	q, all := ask(t.Context(), 3)
	defer q.Close()
	arrive := func(l *letter) (ahead bool) {
		q.Lock()
		defer q.Unlock()
		l.Write(make([]byte, spool.DefaultMemory/8+1))
		l.Finish(l.Commit())
		q.Arrived(l)
		return q.Ahead()
	}
	ahead := func() bool {
		q.Lock()
		defer q.Unlock()
		return q.Ahead()
	}
	q.Release(all[0])
	if arrive(all[0]) || arrive(all[1]) {
		t.Error("ahead with an eighth of the memory, and as much that nobody wants; want a quarter")
	}
	if !arrive(all[2]) {
		t.Error("not ahead with a quarter of the memory")
	}
	q.Release(all[0])
	if !ahead() {
		t.Error("not ahead once what did not count was released again")
	}
	woken := make(chan struct{})
	q.Lock()
	go func() {
		q.Lock()
		defer q.Unlock()
		for q.Ahead() {
			q.Wait()
		}
		close(woken)
	}()
	q.Unlock()
	q.Release(all[1])
	q.Release(all[1])
	<-woken
	q.Release(all[2])
	if arrive(all[0]) {
		t.Error("ahead with nothing that is wanted")
	}
}

// TestDownload: a body is there from Finish to Abandon, whichever comes first,
// and takes nothing of the spool afterwards.
func TestDownload(t *testing.T) {
	for _, abandonedFirst := range []bool{false, true} {
		pool := &spool.Pool{Memory: 10}
		var d flow.Download
		d.Init(pool)
		d.Write([]byte("half"))
		d.Restart()
		d.Write([]byte("whole"))
		if d.Got() != 5 {
			t.Errorf("Got %d, want 5: Restart forgets", d.Got())
		}
		if abandonedFirst {
			d.Abandon()
		}
		d.Finish(d.Commit())
		d.Finish(nil, errors.New("too late"))
		body, err := d.Wait(t.Context())
		if (err != nil) != abandonedFirst || (body == nil) != abandonedFirst {
			t.Fatalf("abandoned first %v: body %v, %v", abandonedFirst, body, err)
		}
		d.Abandon()
		if body != nil {
			if _, err := body.Open(t.Context()); err == nil {
				t.Error("the body is there after Abandon")
			}
		}
		if body, err := d.Wait(t.Context()); body != nil || err == nil {
			t.Errorf("Wait after Abandon: body %v, %v; want an error", body, err)
		}
	}
	var d flow.Download
	d.Init(&spool.Pool{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := d.Wait(ctx); err == nil || err.Error() != "enough" {
		t.Errorf("Wait with a context that is done: %v, want its cause", err)
	}
}

// TestDownloadEndsTwice: what comes again of a mail that has ended takes nothing of
// the spool.
func TestDownloadEndsTwice(t *testing.T) {
	pool := &spool.Pool{PerBody: 16, Memory: 16, MaxDisk: 1}
	var d flow.Download
	d.Init(pool)
	d.Finish(nil, errors.New("too large"))
	d.Restart()
	d.Write([]byte("once more"))
	d.Finish(nil, errors.New("broken"))
	if body, err := pool.Read(t.Context(), strings.NewReader("sixteen bytes...")); err != nil {
		t.Errorf("what was written after the end is kept: %v", err)
	} else {
		body.Close()
	}
}

// TestWarnings: each is told once.
func TestWarnings(t *testing.T) {
	var told []string
	l := &launcher.Launcher{
		Name: "x", Sink: launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil }),
		Source: sourceFunc(func(ctx context.Context, _ launcher.Sink) error {
			var w flow.Warnings
			for range 2 {
				w.Once(ctx, "INBOX", errors.New("odd"))
				w.Once(ctx, "", errors.New("odd"))
			}
			return nil
		}),
		Observe: func(_ context.Context, e launcher.Event) {
			if e.Err != nil {
				told = append(told, e.Origin)
			}
		},
	}
	if _, err := l.Poll(t.Context()); err != nil || len(told) != 2 {
		t.Errorf("Poll: %v, warnings of %q; want one of each origin", err, told)
	}
}

type sourceFunc func(ctx context.Context, sink launcher.Sink) error

func (f sourceFunc) Poll(ctx context.Context, sink launcher.Sink) error { return f(ctx, sink) }

func TestPlace(t *testing.T) {
	if got := flow.Place("mail.example.org", "a", "INBOX"); got != "2e9ec46e52159eac" {
		t.Errorf("place %q: it is in the IDs that Ledgers and Sinks keep, and stays", got)
	}
	if flow.Place("Mail.example.org:993", "a") != flow.Place("mail.example.org", "a") {
		t.Error("port and case of a host make another account")
	}
	if flow.Place("mail.example.org", "a") == flow.Place("mail.example.org", "a", "INBOX") || flow.Place("h", "a", "b") == flow.Place("h", "b", "a") {
		t.Error("two places have one name")
	}
}
