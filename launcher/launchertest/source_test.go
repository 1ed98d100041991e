package launchertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// A shelf is a Source in memory. It does what a Source must, but for the one
// fault that it is told to have.
type shelf struct {
	fault string

	mu      sync.Mutex
	items   []*shelved // oldest first
	aside   []string
	fetched int
	down    bool
	stuck   bool // nothing can be settled
	broken  []error
	passes  int
	ever    bool // something was added
	leaked  sync.WaitGroup
	judged  chan struct{} // closed once the rule has judged
}

type shelved struct {
	name   string
	body   []byte
	opened int
	failed int
}

func (s *shelf) Poll(ctx context.Context, sink launcher.Sink) error {
	over := make(chan struct{})
	defer close(over)
	if err := s.begin(); err != nil {
		return err
	}
	items := slices.Clone(s.items)
	if s.fault == "youngest first" {
		slices.Reverse(items)
	}
	if s.fault == "phantom" && !s.ever {
		items = append(items, &shelved{name: "ghost"})
	}
	if s.fault == "twice" && len(items) == 5 {
		items = append(items, items[2])
	}
	var errs []error
	for i, it := range items {
		if ctx.Err() != nil {
			return errors.Join(append(errs, context.Cause(ctx))...)
		}
		err := s.one(ctx, sink, it)
		if launcher.OutcomeOf(err) == launcher.Stop {
			return s.stopped(sink, items[i+1:], err, over)
		}
		if err != nil {
			errs = append(errs, err)
		}
		if s.fault == "error ends the pass" && it.failed > 0 {
			break
		}
	}
	return errors.Join(errs...)
}

func (s *shelf) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passes++
	switch {
	case len(s.broken) > 0 && s.fault == "one fault at a time":
		return launcher.Halt(s.broken[0])
	case len(s.broken) > 0:
		return launcher.Halt(errors.Join(s.broken...))
	case s.down && s.fault == "down unmarked":
		return errors.New("out of reach")
	case s.down:
		return launcher.Halt(errors.New("out of reach"))
	}
	return nil
}

func (s *shelf) stopped(sink launcher.Sink, rest []*shelved, err error, over <-chan struct{}) error {
	switch s.fault {
	case "goes on after Halt":
		for _, it := range rest {
			sink.Store(context.Background(), s.parcel(it))
		}
	case "stores after Poll":
		s.leaked.Go(func() {
			<-over
			// It goes on until the rule has judged, which might otherwise look too late.
			for {
				for _, it := range rest {
					sink.Store(context.Background(), s.parcel(it))
				}
				select {
				case <-s.judged:
					return
				default:
				}
			}
		})
	case "Halt loses its mark":
		return errors.New(err.Error())
	}
	return err
}

func (s *shelf) one(ctx context.Context, sink launcher.Sink, it *shelved) error {
	p := s.parcel(it)
	if s.fault == "downloads at once" {
		s.open(it).Close()
	}
	err := sink.Store(launcher.Turn(ctx), p)
	if s.fault == "settles in a dry run" && launcher.DryRun(ctx) {
		err = nil
	} else if launcher.DryRun(ctx) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch launcher.OutcomeOf(err) {
	case launcher.Taken:
		if s.fault == "cancel forgets" && ctx.Err() != nil {
			return nil
		}
		return s.settle(it, false)
	case launcher.SetAside:
		return s.settle(it, s.fault != "rejects into nowhere")
	case launcher.Stop:
		return err
	}
	it.failed++
	if s.fault == "later is a failure" && !strings.Contains(err.Error(), "mood") && strings.Contains(err.Error(), "not yet") {
		return err
	}
	if s.fault == "left is lost" {
		return s.settle(it, false)
	}
	return nil
}

func (s *shelf) settle(it *shelved, aside bool) error {
	if s.stuck && s.fault != "settles only in its mind" {
		if s.fault == "silent about settling" {
			return nil
		}
		return errors.New("cannot be let go")
	}
	if s.fault == "lets go of nothing" {
		return nil
	}
	s.items = slices.DeleteFunc(s.items, func(o *shelved) bool { return o == it })
	if aside {
		s.aside = append(s.aside, it.name)
	}
	if s.stuck {
		return errors.New("cannot be let go")
	}
	return nil
}

func (s *shelf) parcel(it *shelved) *launcher.Parcel {
	name := launcher.CleanName(it.name)
	if s.fault == "raw names" {
		name = it.name
	}
	id := "shelf " + it.name
	switch s.fault {
	case "IDs of two the same":
		id = fmt.Sprint("shelf ", len(it.name))
	case "an ID for each pass":
		id = fmt.Sprint("shelf ", s.passes, it.name)
	}
	d := &launcher.Document{
		Name: name,
		Size: int64(len(it.body)),
		Meta: map[string]string{launcher.MetaName: it.name},
		Open: func(context.Context) (io.ReadCloser, error) {
			if s.fault == "opens once" && s.spent(it) {
				return nil, errors.New("spent")
			}
			return s.open(it), nil
		},
	}
	return &launcher.Parcel{ID: id, Origin: fmt.Sprintf("shelf %q", it.name),
		Documents: func(context.Context) ([]*launcher.Document, error) { return []*launcher.Document{d}, nil }}
}

func (s *shelf) spent(it *shelved) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	it.opened++
	return it.opened > 3
}

func (s *shelf) open(it *shelved) io.ReadCloser {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched++
	body := it.body
	if s.fault == "holds bodies" {
		body = bytes.Clone(body)
	}
	return io.NopCloser(bytes.NewReader(body))
}

func (s *shelf) origin() *Origin {
	set := func(flag *bool, to bool) func(*testing.T) {
		return func(*testing.T) {
			s.mu.Lock()
			defer s.mu.Unlock()
			*flag = to
		}
	}
	return &Origin{
		Source: s,
		Reopen: func(*testing.T) launcher.Source { return s },
		Add: func(t *testing.T, name string, body []byte) {
			s.ever = true
			s.items = append(s.items, &shelved{name: name, body: body})
		},
		Waiting: func(*testing.T) []string {
			var names []string
			for _, it := range s.items {
				names = append(names, it.name)
			}
			return names
		},
		Rejected:      func(*testing.T) []string { return s.aside },
		Name:          func(p *launcher.Parcel, docs []*launcher.Document) string { return docs[0].Meta[launcher.MetaName] },
		Break:         set(&s.down, true),
		Repair:        set(&s.down, false),
		BreakSettling: set(&s.stuck, true), RepairSettling: set(&s.stuck, false),
		Faulty: func(*testing.T) (launcher.Source, []string) {
			return &shelf{fault: s.fault, broken: []error{errors.New("no shelf"), errors.New("no lamp")}}, []string{"shelf", "lamp"}
		},
		Fetched: func(*testing.T) int { return s.fetched },
		Hostile: HostileNames(),
	}
}

func TestSourceAcceptsAGoodSource(t *testing.T) {
	TestSource(t, func(t *testing.T) *Origin { return (&shelf{}).origin() })
}

func TestSourceWithoutAnything(t *testing.T) {
	TestSource(t, func(t *testing.T) *Origin {
		o := (&shelf{}).origin()
		return &Origin{Source: o.Source, Add: o.Add, Waiting: o.Waiting, Rejected: o.Rejected, Big: -1}
	})
}

func TestSourceTellsFaultsApart(t *testing.T) {
	tests := []struct {
		fault string
		want  []string // the rules that it breaks
		may   string   // the rule that it breaks too if it is quick
	}{
		{fault: "phantom", want: []string{"Empty"}},
		{fault: "twice", want: []string{"OfferedOnce"}},
		{fault: "youngest first", want: []string{"OldestFirst"}},
		{fault: "lets go of nothing", want: []string{"TakenIsGone", "RejectedIsSetAside", "ErrorOfOneDoesNotEndThePass", "CancelSettlesTheParcelInHand",
			"SettleFailureKeepsTheParcel", "NothingDownloadedForKnownIDs", "HostileNames"}},
		{fault: "left is lost", want: []string{"TakenIsGone", "LeftStaysWithSameID", "LaterIsLeft", "ErrorOfOneDoesNotEndThePass", "IDsDistinctAndStable", "OriginDownIsHalt"}},
		{fault: "later is a failure", want: []string{"LaterIsLeft"}},
		{fault: "rejects into nowhere", want: []string{"RejectedIsSetAside"}},
		{fault: "goes on after Halt", want: []string{"HaltStopsThePass"}},
		{fault: "Halt loses its mark", want: []string{"HaltStopsThePass"}},
		{fault: "error ends the pass", want: []string{"TakenIsGone", "LeftStaysWithSameID", "LaterIsLeft", "ErrorOfOneDoesNotEndThePass", "IDsDistinctAndStable", "OriginDownIsHalt"}},
		{fault: "cancel forgets", want: []string{"CancelSettlesTheParcelInHand"}},
		{fault: "silent about settling", want: []string{"SettleFailureKeepsTheParcel"}},
		{fault: "settles only in its mind", want: []string{"SettleFailureKeepsTheParcel"}},
		{fault: "IDs of two the same", want: []string{"OldestFirst", "IDsDistinctAndStable", "NothingDownloadedForKnownIDs", "DryRunTouchesNothing"}},
		{fault: "an ID for each pass", want: []string{"LeftStaysWithSameID", "LaterIsLeft", "SettleFailureKeepsTheParcel", "IDsDistinctAndStable", "OriginDownIsHalt"}},
		{fault: "opens once", want: []string{"BodyReopens"}},
		{fault: "downloads at once", want: []string{"NothingDownloadedForKnownIDs"}},
		{fault: "raw names", want: []string{"HostileNames"}},
		{fault: "down unmarked", want: []string{"OriginDownIsHalt"}},
		{fault: "stores after Poll", want: []string{"NoStoreAfterPollReturns"}, may: "HaltStopsThePass"},
		{fault: "holds bodies", want: []string{"BigBodyBounded"}},
		{fault: "settles in a dry run", want: []string{"DryRunTouchesNothing"}},
		{fault: "one fault at a time", want: []string{"SetUpFaultsJoined"}},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			var broken []string
			for _, r := range sourceRules() {
				s := &shelf{fault: tt.fault, judged: make(chan struct{})}
				err := r.test(t, s.origin())
				close(s.judged)
				s.leaked.Wait()
				var skip skipped
				if err != nil && !errors.As(err, &skip) && r.name != tt.may {
					broken = append(broken, r.name)
					if testing.Verbose() {
						t.Logf("%s: %v", r.name, err)
					}
				}
			}
			if !slices.Equal(broken, tt.want) {
				t.Errorf("a Source whose fault is %q breaks %q, want %q", tt.fault, broken, tt.want)
			}
		})
	}
}
