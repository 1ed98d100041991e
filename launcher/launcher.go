package launcher

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A Schedule tells when to poll.
type Schedule interface {
	// Next returns the first instant after t, or the zero Time if there is
	// none. It is safe for concurrent use.
	Next(t time.Time) time.Time
}

// A Launcher polls one Source on a Schedule and feeds one Sink. Its fields
// must not change once one of its methods has been called, and it must not be
// copied then. All methods are safe for concurrent use; passes never overlap.
type Launcher struct {
	// Name is unique in a host, 1 to 48 characters of A-Z a-z 0-9 . _ -, and
	// part of every ID that a Sink sees: renaming a launcher hands over again
	// what has stayed in its place.
	Name string

	Source   Source   // required; of this launcher alone
	Sink     Sink     // required; may be shared
	Schedule Schedule // required by Run

	// Filter decides which documents are wanted; nil keeps all. A parcel of
	// which nothing is wanted is skipped: left in its place, not settled.
	Filter Filter

	// Routes send documents to COLD jobs. Nil sends everything on as whole
	// parcels with Job "". With Routes, a document that none of them wants is
	// reported and not handed over; a parcel of which no document was handed
	// over stays in its place, but one that is settled takes its unclaimed
	// documents along. Where settling deletes, they are gone, unless there is
	// a backup or a last Route that wants everything.
	Routes []Route

	// Ledger remembers what became of parcels. Nil keeps that in memory:
	// what is still in its place at the next start is handed over again.
	Ledger Ledger

	// Parallel is how many parcels may be in the Sink at a time; 0 means 1.
	// With 1 they reach it in the order in which the Source offers them. What
	// waits for disks, as package folder and a Ledger do, is shared by those
	// that wait at the same time: for many small parcels 64 is not too many.
	Parallel int

	// Revision names the Filter and Routes in force, as the host likes. What
	// was skipped is remembered across restarts only under an equal Revision
	// that is not empty; otherwise every start looks at it again.
	Revision string

	// CatchUp makes up for runs missed while the launcher was not running: at
	// the start of Run, one pass is made if the latest run missed is younger
	// than this. 0 means never.
	CatchUp time.Duration

	// Jitter delays runs, so that many launchers do not begin together, by a
	// time that follows from Name, is less than Jitter and less than the time
	// to the following run.
	Jitter time.Duration

	// MaxAttempts is how many failures that are not marked a parcel may have
	// before it is set aside; 0 means 10, -1 no limit.
	MaxAttempts int

	// Backoff is how long a parcel rests after its attempt failed, the first
	// being 1. Nil means one minute, doubling up to one hour, less up to a
	// quarter that differs from parcel to parcel.
	Backoff func(attempt int) time.Duration

	// Grace is how long a Store in progress may go on once ctx is done; 0
	// means 30 s, -1 not at all.
	Grace time.Duration

	// Stall cuts a pass in which for this long no parcel began or ended and
	// fewer than 4 KiB arrived. Time that the host's Store takes does not count.
	// Of the parcels being fetched then, the first counts as failed. 0 means
	// 5 min, -1 never.
	Stall time.Duration

	// Retain is how long the ledger remembers a parcel once its origin no
	// longer offers it; 0 means 90 days, -1 for ever. With a nil Ledger what
	// was stored is forgotten at once then.
	Retain time.Duration

	// Overdue is how late the success of a scheduled pass may be before Status
	// shows Trouble, whether passes fail, hang or are not made; 0 means 15 min,
	// -1 never. A pass that takes long but advances is not late, and nothing is
	// while Run is paused or not under way.
	Overdue time.Duration

	// Cooldown spares a Source or a Sink that is down: after two passes in a
	// row that failed and achieved nothing, Run leaves runs out for 30 s, and
	// for twice as long after each further one, up to Cooldown. They count as
	// missed. 0 means 15 min, -1 leaves none out. Wake is not affected; what
	// Watch asks for is made when the rest is over.
	Cooldown time.Duration

	// Watch, if not nil, runs beside the passes during Run and calls wake to
	// have one made early: Watch: src.Watch. It returns when ctx is done. If
	// it fails it is called again after a minute at first, then ever less
	// often; if it returns nil it has nothing to watch and is not. The Schedule
	// goes on in any case.
	Watch func(ctx context.Context, wake func()) error

	// Explain, if not nil, says in Preview why a Filter refused a document:
	// Explain: filter.Explain.
	Explain func(ctx context.Context, f Filter, d *Document) string

	// Observe is told of every event. Nil logs to slog.Default, as LogTo does.
	// It may be called concurrently, and is waited for. Methods that wait for
	// a pass to end, such as Poll and Requeue, fail when they are called from
	// here or from Store with the context given.
	Observe func(ctx context.Context, e Event)

	state state
}

// A Route sends the documents that it wants to one COLD job. Of several Routes
// the first that wants a document gets it.
type Route struct {
	// Job is the host's name of the COLD job, such as "87".
	Job string

	// Groups are the extensions ("pdf", "tar.gz") or envelope types
	// ("chorus_fact") that the Route wants, without regard to case; a leading
	// dot is ignored. "*" is any, "-" a name without extension. Empty means
	// any. Where several Routes name extensions that fit a document, the
	// longest counts: "tar.gz" before "gz".
	Groups []string

	// Filter decides among them; nil wants all.
	Filter Filter

	// Split hands each document over as a parcel of its own.
	Split bool
}

// state is what a Launcher knows while its process lives.
type state struct {
	init   sync.Once
	ledger Ledger
	slot   chan struct{} // holds one token: the right to make a pass
	wake   chan struct{} // holds one token if a pass is asked for
	nudge  chan struct{} // the same, by Watch
	clock  func() time.Time

	alone sync.RWMutex // held for writing by a parcel that must be attempted alone

	mu       sync.Mutex
	loaded   bool         // known holds everything that the ledger does
	known    map[key]note // parcels in the ledger, and those offered lately
	pass     uint32       // counts passes
	suspects map[key]suspicion
	owed     map[string]owed // to the ledger, by ID
	swept    time.Time       // when retention was last looked at
	running  bool            // Run is under way
	paused   bool
	changed  chan struct{} // closed and replaced when paused changes
	current  *pass         // under way, or nil
	status   Status
	health   health
	repeats  map[saying]repeat
	recent   []Event    // as Recent returns them, in a ring
	noted    int        // events since the ring was full: tells the oldest
	stayed   []Decision // as Left returns them
}

var validName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,48}$`)

// validate returns every fault of the fields at once.
func (l *Launcher) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !validName.MatchString(l.Name) || strings.Trim(l.Name, ".") == "" {
		fault("Name: %q is not 1 to 48 characters of A-Z a-z 0-9 . _ -, or nothing but dots", l.Name)
	}
	if l.Source == nil {
		fault("Source: missing")
	}
	if l.Sink == nil {
		fault("Sink: missing")
	}
	if l.Parallel < 0 {
		fault("Parallel: %d is negative", l.Parallel)
	}
	if l.MaxAttempts < -1 {
		fault("MaxAttempts: %d is below -1", l.MaxAttempts)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
		off  bool // -1 is allowed
	}{
		{"CatchUp", l.CatchUp, false}, {"Jitter", l.Jitter, false},
		{"Grace", l.Grace, true}, {"Stall", l.Stall, true}, {"Retain", l.Retain, true},
		{"Overdue", l.Overdue, true}, {"Cooldown", l.Cooldown, true},
	} {
		if d.d < 0 && !(d.off && d.d == -1) {
			fault("%s: %v is negative", d.name, d.d)
		}
	}
	if len(l.Revision) > 256 {
		fault("Revision: longer than 256 bytes")
	}
	faults = append(faults, validateRoutes(l.Routes)...)
	for i, err := range faults {
		faults[i] = fmt.Errorf("launcher %q: %w", l.Name, err)
	}
	return errors.Join(faults...)
}

// setUp validates the fields and makes the state ready.
func (l *Launcher) setUp() error {
	if err := l.validate(); err != nil {
		return err
	}
	l.prepare()
	return nil
}

func (l *Launcher) prepare() {
	l.state.init.Do(func() {
		s := &l.state
		s.ledger = l.Ledger
		if s.ledger == nil {
			s.ledger = new(MemoryLedger)
		}
		s.slot = make(chan struct{}, 1)
		s.slot <- struct{}{}
		s.wake = make(chan struct{}, 1)
		s.nudge = make(chan struct{}, 1)
		s.changed = make(chan struct{})
		s.known = make(map[key]note)
		s.suspects = make(map[key]suspicion)
		s.repeats = make(map[saying]repeat)
		s.owed = make(map[string]owed)
		if s.clock == nil {
			s.clock = time.Now
		}
	})
}

// now returns the wall clock's time: without its monotonic reading, so that
// differences see a clock that was set.
func (l *Launcher) now() time.Time { return l.state.clock().Round(0) }

// Poll makes one pass now, after one that is under way. It returns ErrMore if
// the Source stopped at a limit, and what the Source could not do, such as
// letting go of a parcel. Parcels that failed or were refused are in the Stats
// and the ledger, not in the error.
func (l *Launcher) Poll(ctx context.Context) (Stats, error) {
	if err := l.setUp(); err != nil {
		return Stats{}, err
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return Stats{}, err
	}
	defer leave()
	stats, _, err := l.poll(ctx)
	return stats, fit(err)
}

// enter waits for the right to make a pass.
func (l *Launcher) enter(ctx context.Context) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if p := passOf(ctx); p != nil && p.l == l {
		return nil, fmt.Errorf("launcher %q: called from within its own pass, which it would wait for", l.Name)
	}
	select {
	case <-l.state.slot:
		return func() { l.state.slot <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Wake asks Run for a pass as soon as possible. Several calls before it begins
// are one. While the launcher is paused the wish is kept.
func (l *Launcher) Wake() {
	l.prepare()
	request(l.state.wake)
}

// request puts a token into c unless it has one.
func request(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Pause has Run make no more passes until Resume. A pass under way goes on;
// Poll is not affected.
func (l *Launcher) Pause() { l.setPaused(true) }

// Resume ends what Pause began.
func (l *Launcher) Resume() { l.setPaused(false) }

func (l *Launcher) setPaused(paused bool) {
	l.prepare()
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused == paused {
		return
	}
	s.paused = paused
	s.health.since = l.now()
	close(s.changed)
	s.changed = make(chan struct{})
}

// orDefault reads a field in which 0 means a default and -1 means none, which
// it returns as 0.
func orDefault(d, otherwise time.Duration) time.Duration {
	switch {
	case d == 0:
		return otherwise
	case d < 0:
		return 0
	}
	return d
}

// rest returns how long parcel k rests after a failed attempt.
func (l *Launcher) rest(k key, attempt int) time.Duration {
	if d, ok := l.backoff(attempt); ok {
		return d
	}
	d := time.Hour
	if attempt < 7 {
		d = time.Minute << (attempt - 1)
	}
	// The fraction comes from the ID: tests and people can foresee it.
	return d - d/4*time.Duration(k[0])/256
}

// backoff asks Backoff, and contains its panics.
func (l *Launcher) backoff(attempt int) (d time.Duration, ok bool) {
	if l.Backoff == nil {
		return 0, false
	}
	var err error
	defer func() { ok = err == nil }()
	defer contain(&err, "backoff")
	return max(l.Backoff(attempt), 0), true
}
