package launchertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// sinkRules returns what TestSink checks.
func sinkRules() []sinkRule {
	return []sinkRule{
		{"KeepsEveryByte", "what was stored is kept byte for byte", keepsEveryByte, false},
		{"SameIDTwiceKeptOnce", "an ID that the Sink holds is stored by returning nil", sameIDTwice, false},
		{"SameIDAfterReopenKeptOnce", "a new process recognises the IDs that were stored", sameIDAfterReopen, true},
		{"DistinctIDsBothKept", "two IDs are two parcels, however alike", distinctIDs, false},
		{"SameNamesKeptApart", "documents of the same name are all kept", sameNames, false},
		{"HostileNames", "every name that CleanName lets through is stored", hostileNames, false},
		{"FailedReadKeepsNothing", "a parcel that cannot be read to its end leaves nothing behind, and can be stored later", failedRead, false},
		{"MarksSurviveWrapping", "errors met while reading are wrapped, and keep their mark or their lack of one", marksSurvive, false},
		{"ReadersClosed", "every reader is closed when Store has returned", readersClosed, false},
		{"CancelReturns", "Store passes its context on, and returns an error when that is done", cancelReturns, false},
		{"Concurrent", "Store is safe for concurrent use", concurrentIDs, false},
		{"ConcurrentSameID", "an ID that is stored from two sides at once is kept once", concurrentSameID, false},
		{"DoesNotRetain", "nothing of a parcel is used after Store has returned", doesNotRetain, false},
		{"DoesNotModify", "a Sink changes nothing of what it is handed", doesNotModify, false},
	}
}

func keepsEveryByte(ctx context.Context, c *sinkCase) error {
	const big = 64 << 10
	all := newParcel("sizes/all")
	parcels := []*sinkParcel{all}
	for _, size := range []int{0, 1, big - 1, big, big + 1, 3 << 20} {
		body := bodyOf(size)
		name := fmt.Sprintf("%d.bin", size)
		p := newParcel(fmt.Sprintf("sizes/%d", size), name).withBody(body)
		parcels = append(parcels, p)
		all.docs = append(all.docs, &sinkDoc{name: name, body: body, unsized: true})
	}
	for _, p := range parcels {
		if err := c.stored(ctx, p); err != nil {
			return err
		}
	}
	return c.keeps(parcels...)
}

// bodyOf returns size bytes without a pattern, the same for the same size.
func bodyOf(size int) string {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(b)
	return string(b)
}

func sameIDTwice(ctx context.Context, c *sinkCase) error {
	a, b := newParcel("a/1", "x.pdf", "y.pdf"), newParcel("a/2", "z.pdf")
	for _, p := range []*sinkParcel{a, b, a.healthy(), b.healthy(), a.healthy()} {
		if err := c.stored(ctx, p); err != nil {
			return err
		}
	}
	return c.keeps(a, b)
}

func sameIDAfterReopen(ctx context.Context, c *sinkCase) error {
	a, b := newParcel("a/1", "x.pdf", "y.pdf"), newParcel("a/2", "z.pdf")
	if err := c.stored(ctx, a); err != nil {
		return err
	}
	sink, err := c.Reopen()
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	c.Sink = sink
	for _, p := range []*sinkParcel{a.healthy(), b} {
		if err := c.stored(ctx, p); err != nil {
			return err
		}
	}
	return c.keeps(a, b)
}

func distinctIDs(ctx context.Context, c *sinkCase) error {
	long := "long/" + strings.Repeat("x", 122)
	ids := []string{"a/1", "a/10", "A/1", "a/1.1", "a.1", "a/1 ", "../a/1", `a\1`, `a/"1"%s<>`, long + "1", long + "2"}
	var parcels []*sinkParcel
	for _, id := range ids {
		p := newParcel(id, "same.pdf").withBody("the same body")
		if err := c.stored(ctx, p); err != nil {
			return err
		}
		parcels = append(parcels, p)
	}
	return c.keeps(parcels...)
}

func sameNames(ctx context.Context, c *sinkCase) error {
	a := newParcel("a/1", "scan.pdf", "scan.pdf", "SCAN.PDF", "scan (2).pdf", "scan.pdf", "scan.pdf")
	a.last().dir = "folder"
	b := newParcel("a/2", "scan.pdf", "Scan.pdf")
	for _, p := range []*sinkParcel{a, b} {
		if err := c.stored(ctx, p); err != nil {
			return err
		}
	}
	return c.keeps(a, b)
}

func hostileNames(ctx context.Context, c *sinkCase) error {
	names := []string{
		"", ".", "..", "../../etc/passwd", "/etc/shadow", `..\..\boot.ini`, `C:\x`, "~", ".htaccess", "-rf", "--", "$(id)", "`id`",
		"%s%n", "%2e%2e%2f", "a'b", `a"b`, "a;b|c&d", "<script>", "CON", "nul.txt", "x.", "x ", "*", "?", "[a-z]", "{a,b}", "a:b",
		"a\x00b", "a\r\nb", "\x1b[31m", "\u202egpj.exe", "\xff\xfe", "é", "e\u0301", "日本語.pdf", "😀.pdf", "a\u00a0b", "manifest.json",
		"index.html", "Thumbs.db", "lock", "tmp", strings.Repeat("x", 300) + ".pdf", strings.Repeat("é", 300) + ".pdf", strings.Repeat(".", 50),
	}
	var parcels []*sinkParcel
	for i, name := range names {
		parcels = append(parcels, newParcel(fmt.Sprintf("hostile/%d", i), name))
	}
	for _, p := range parcels {
		if err := c.stored(ctx, p); err != nil {
			return fmt.Errorf("name %q: %w", p.docs[0].name, err)
		}
	}
	return c.keeps(parcels...)
}

var (
	errSinkRead = errors.New("the connection was cut")
	errSinkStop = errors.New("the test has stopped it")
)

// unreadable returns parcels of two documents that cannot be read to the end,
// each for another reason, by name. Their IDs begin with prefix.
func unreadable(prefix string, cause error) map[string]*sinkParcel {
	parcels := make(map[string]*sinkParcel)
	for _, how := range []string{"documents", "open", "first read", "read midway", "read at the end"} {
		p := newParcel(prefix+"/"+strings.ReplaceAll(how, " ", "-"), "first.pdf", "second.pdf").withBody(bodyOf(100_000))
		last := p.last()
		switch how {
		case "documents":
			p.err = cause
		case "open":
			last.openErr = cause
		case "first read":
			last.readErr = cause
		case "read midway":
			last.readErr, last.readAfter = cause, 70_000
		case "read at the end":
			last.readErr, last.readAfter = cause, len(last.body)
		}
		parcels[how] = p
	}
	return parcels
}

func failedRead(ctx context.Context, c *sinkCase) error {
	var stored []*sinkParcel
	for prefix, cause := range map[string]error{"cut": errSinkRead, "short": io.ErrUnexpectedEOF} {
		for how, p := range unreadable(prefix, cause) {
			if err := c.refused(ctx, p, cause); err != nil {
				return fmt.Errorf("error at %s: %w", how, err)
			}
			if err := c.keeps(stored...); err != nil {
				return fmt.Errorf("after an error at %s: %w", how, err)
			}
			stored = append(stored, p.healthy())
			if err := c.stored(ctx, p.healthy()); err != nil {
				return fmt.Errorf("after an error at %s: %w", how, err)
			}
			if err := c.keeps(stored...); err != nil {
				return fmt.Errorf("stored after an error at %s: %w", how, err)
			}
		}
	}
	return nil
}

func marksSurvive(ctx context.Context, c *sinkCase) error {
	causes := map[string]error{
		"plain": errSinkRead, "reject": launcher.Reject(errSinkRead), "halt": launcher.Halt(errSinkRead), "later": launcher.Later(errSinkRead),
	}
	for mark, cause := range causes {
		for how, p := range unreadable(mark, cause) {
			err := c.Sink.Store(ctx, p.parcel())
			if !errors.Is(err, errSinkRead) {
				return fmt.Errorf("error at %s: Store returned \"%v\", which does not wrap it", how, err)
			}
			if got, want := launcher.OutcomeOf(err), launcher.OutcomeOf(cause); got != want {
				return fmt.Errorf("error at %s (%s): Store returned %q, which means %q, want %q", how, mark, err, got, want)
			}
		}
	}
	return nil
}

func readersClosed(ctx context.Context, c *sinkCase) error {
	parcels := unreadable("broken", errSinkRead)
	parcels["no error"] = newParcel("readable/1", "first.pdf", "second.pdf")
	for how, p := range parcels {
		c.Sink.Store(ctx, p.parcel()) // what it returns is for other rules
		if opened, closed := p.readers(); opened != closed {
			return fmt.Errorf("of %d readers %d were closed, with the error at: %s", opened, closed, how)
		}
	}
	return nil
}

func cancelReturns(ctx context.Context, c *sinkCase) error {
	p := newParcel("cancelled/1", "first.pdf", "second.pdf").withBody(bodyOf(100_000))
	release := make(chan struct{})
	p.last().wait, p.last().readAfter = release, 70_000
	waiting := make(chan struct{})
	p.last().waiting = sync.OnceFunc(func() { close(waiting) })

	cancelled, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	returned := make(chan error, 1)
	go func() { returned <- c.Sink.Store(cancelled, p.parcel()) }()
	timer := time.NewTimer(c.patience)
	defer timer.Stop()
	var err error
	select {
	case err = <-returned:
	case <-waiting:
		cancel(errSinkStop)
		select {
		case err = <-returned:
		case <-timer.C:
			close(release)
			<-returned
			return fmt.Errorf("Store went on for %v after its context was done", c.patience)
		}
	}
	if err == nil || launcher.OutcomeOf(err) == launcher.SetAside {
		return fmt.Errorf("Store returned \"%v\", want an error that does not blame the parcel", err)
	}
	if err := c.keeps(); err != nil {
		return err
	}
	if err := c.stored(ctx, p.healthy()); err != nil {
		return err
	}
	return c.keeps(p)
}

func concurrentIDs(ctx context.Context, c *sinkCase) error {
	const n = 32
	var parcels []*sinkParcel
	for i := range n {
		parcels = append(parcels, newParcel(fmt.Sprintf("many/%d", i), "scan.pdf", "scan.xml").withBody(bodyOf(20_000+i)))
	}
	if err := errors.Join(c.together(ctx, parcels)...); err != nil {
		return err
	}
	return c.keeps(parcels...)
}

func concurrentSameID(ctx context.Context, c *sinkCase) error {
	p := newParcel("one/1", "scan.pdf", "scan.xml").withBody(bodyOf(20_000))
	same := make([]*sinkParcel, 8)
	for i := range same {
		same[i] = p.healthy()
	}
	errs := c.together(ctx, same)
	if len(errs) == len(same) {
		return fmt.Errorf("none was stored: %w", errors.Join(errs...))
	}
	if err := c.stored(ctx, p); err != nil {
		return fmt.Errorf("afterwards: %w", err)
	}
	return c.keeps(p)
}

// together stores the parcels all at once and returns the errors.
func (c *sinkCase) together(ctx context.Context, parcels []*sinkParcel) []error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	moment, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	meet := meeting(moment, len(parcels))
	for _, p := range parcels {
		p.meet = meet
		wg.Go(func() {
			if err := c.stored(ctx, p); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errs
}

// meeting returns a function that waits until n have called it, so that their
// Stores overlap as far as the Sink lets them: not at all, if it does one after
// the other. Therefore none waits longer than the moment.
func meeting(moment context.Context, n int) func() {
	var (
		mu   sync.Mutex
		here int
		all  = make(chan struct{})
	)
	return func() {
		mu.Lock()
		if here++; here == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-moment.Done():
		}
	}
}

func doesNotRetain(ctx context.Context, c *sinkCase) error {
	a, b := newParcel("a/1", "x.pdf"), newParcel("a/2", "y.pdf")
	if err := c.stored(ctx, a); err != nil {
		return err
	}
	before, _ := a.readers()
	if err := c.keeps(a); err != nil {
		return err
	}
	if err := c.stored(ctx, b); err != nil {
		return err
	}
	if c.Reopen != nil {
		if _, err := c.Reopen(); err != nil {
			return fmt.Errorf("reopen: %w", err)
		}
	}
	if after, _ := a.readers(); after != before {
		return fmt.Errorf("a document was opened after Store had returned, %d times", after-before)
	}
	return nil
}

func doesNotModify(ctx context.Context, c *sinkCase) error {
	p := newParcel("a/1", "b.pdf", "a.pdf", "c.pdf")
	docs := p.documents()
	parcel := p.parcel()
	parcel.Documents = func(context.Context) ([]*launcher.Document, error) { return docs, nil }
	handed := *parcel
	listed := append([]*launcher.Document(nil), docs...)
	before := snap(parcel, docs)
	if err := c.Sink.Store(ctx, parcel); err != nil {
		return fmt.Errorf("Store returned %q, want nil", err)
	}
	if parcel.ID != handed.ID || parcel.Job != handed.Job || parcel.Origin != handed.Origin || !parcel.Time.Equal(handed.Time) {
		return errors.New("the parcel was changed")
	}
	for i := range docs {
		if docs[i] != listed[i] {
			return errors.New("the list of documents was changed")
		}
	}
	if !snap(parcel, docs).equal(before) {
		return errors.New("a document, or the metadata of the parcel, of a document or of a unit, was changed")
	}
	return nil
}
