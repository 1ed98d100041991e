package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A Runner runs the launchers of a scenario, and goes over to another one
// without stopping those that are the same in both. Its zero value but for Env
// is ready for use; it is safe for concurrent use and must not be copied.
type Runner struct {
	// Env is what scenarios may name. It must not change after the first Reload.
	// With a nil Ledger, the Runner remembers what became of parcels as long as
	// it lives.
	Env Env

	memory  memory     // the ledger if Env has none
	turn    sync.Mutex // held to start and end launchers
	mu      sync.Mutex
	run     func(*running) // starts one below Run; nil: that is not under way
	current []*running
	ended   []error // of launchers that could not be run
	wg      sync.WaitGroup
}

// A running launcher.
type running struct {
	launcher *launcher.Launcher
	print    string // of its description
	stop     context.CancelFunc
	done     chan struct{} // closed when Run of it has returned; nil: it was not started
}

func (s *running) runs() bool {
	if s.done == nil {
		return false
	}
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Reload goes over to a scenario: at once if Run is under way, otherwise with
// Run. If the scenario has faults, or Env has no Sink for it, that is the error
// and nothing changes.
//
// Launchers are told apart by name. One whose description is the same goes on
// untouched, or begins again if it has ended by itself. One that is not there
// any more, or described differently, finishes the item in hand and ends; then
// the new one begins. Reload returns when that has been done, which takes up to
// the Grace of those that end.
//
// What a description only names is not compared: the contents of files with
// certificates are read again only with the launcher that names them.
func (r *Runner) Reload(f File) error {
	r.turn.Lock()
	defer r.turn.Unlock()
	env := r.Env
	if env.Ledger == nil {
		env.Ledger = &r.memory
	}
	ls, err := Build(f, env)
	if err != nil {
		return err
	}
	for _, l := range ls {
		err = errors.Join(err, l.Validate())
	}
	if err != nil {
		return err
	}
	var next, ending []*running
	r.mu.Lock()
	before := slices.Clone(r.current)
	r.mu.Unlock()
	kept := make(map[*running]bool)
	for i, l := range ls {
		print := fingerprint(f, i)
		at := slices.IndexFunc(before, func(s *running) bool { return s.launcher.Name == l.Name && s.print == print })
		if at >= 0 {
			next = append(next, before[at])
			kept[before[at]] = true
			continue
		}
		next = append(next, &running{launcher: l, print: print})
	}
	for _, s := range before {
		if !kept[s] {
			ending = append(ending, s)
		}
	}
	r.end(ending)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = next
	r.start()
	return nil
}

// end stops launchers and waits for them.
func (r *Runner) end(ending []*running) {
	for _, s := range ending {
		if s.done != nil {
			s.stop()
		}
	}
	for _, s := range ending {
		if s.done != nil {
			<-s.done
		}
	}
}

// start runs those launchers that do not yet, if Run is under way. r.mu is held.
func (r *Runner) start() {
	for _, s := range r.current {
		if r.run != nil && !s.runs() {
			r.run(s)
		}
	}
}

// startIn returns what runs one launcher until ctx is done or it is stopped.
func (r *Runner) startIn(ctx context.Context) func(*running) {
	return func(s *running) {
		ctx, stop := context.WithCancel(ctx)
		s.stop, s.done = stop, make(chan struct{})
		r.wg.Go(func() {
			defer close(s.done)
			defer stop()
			if err := s.launcher.Run(ctx); err != nil && ctx.Err() == nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.ended = append(r.ended, err)
			}
		})
	}
}

// Run runs the launchers of the last Reload, and of those to come, until ctx is
// done, and returns when all have ended. The error is context.Cause(ctx), with
// those of launchers that could not be run, such as one that runs already, or
// ended by themselves, which launcher.EventEnded told at once. A Runner runs
// once at a time.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	r.turn.Lock() // a Reload under way is finished first
	defer r.turn.Unlock()
	r.wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	err := context.Cause(ctx)
	if len(r.ended) > 0 {
		err = errors.Join(append(r.ended, err)...)
	}
	r.run, r.ended = nil, nil
	for i, s := range r.current { // they may be run again
		r.current[i] = &running{launcher: s.launcher, print: s.print}
	}
	return err
}

// begin starts the launchers of the last Reload.
func (r *Runner) begin(ctx context.Context) error {
	r.turn.Lock() // a Reload under way decides first what there is to run
	defer r.turn.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.run != nil {
		return errors.New("scenario: Run is under way")
	}
	r.run = r.startIn(ctx)
	r.start()
	return nil
}

// Launchers returns the launchers of the last Reload in the order of the
// scenario, for a console.
func (r *Runner) Launchers() []*launcher.Launcher {
	r.mu.Lock()
	defer r.mu.Unlock()
	ls := make([]*launcher.Launcher, len(r.current))
	for i, s := range r.current {
		ls[i] = s.launcher
	}
	return ls
}

// fingerprint tells whether two descriptions of a launcher are the same.
func fingerprint(f File, i int) string {
	d := f.Launchers[i]
	var settings any
	if err := json.Unmarshal(d.Source.Settings, &settings); err != nil {
		settings = string(d.Source.Settings)
	}
	d.Description = ""
	text, err := json.Marshal([]any{f.Zone, settings, d}) // maps are sorted by key
	if err != nil {
		return fmt.Sprint(i, err)
	}
	return string(text)
}
