package pop3

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// A pass is one Poll.
type pass struct {
	s       *Source
	ctx     context.Context
	sink    launcher.Sink
	dry     bool
	leash   *flow.Leash
	pool    *spool.Pool
	gate    *flow.Gate
	line    *line
	account string // what IDs begin with
	aside   *aside
	keep    *keeper
	broken  string // ID of the mail whose age broke the connection

	warnings flow.Warnings

	mu     sync.Mutex
	owed   []mail  // to be deleted
	failed []error // of mails that could not be set aside
}

// window is what is offered at a time: enough for a long way.
var window = flow.Window{Mails: maxFlight, Bytes: 2 * flightBytes, First: 25}

func (s *Source) newPass(ctx context.Context, sink launcher.Sink) *pass {
	p := &pass{
		s: s, ctx: ctx, sink: sink, dry: launcher.DryRun(ctx),
		leash: flow.NewLeash(ctx), pool: s.spool(),
		gate:    flow.NewGate(window, int64(s.MaxMails), s.MaxBytes),
		account: "pop3/" + flow.Place(s.Addr, s.User) + "/",
		aside:   &aside{folder: s.Rejected, sync: syncFolder},
	}
	p.line = &line{p: p}
	return p
}

func (p *pass) connect() (*session, error) {
	if err := p.s.await(p.leash, p.s.Interval); err != nil {
		return nil, err
	}
	s, err := connect(p.leash, p.s.server())
	if err == nil {
		p.s.loggedIn(s.delay)
	}
	return s, err
}

// end closes the connection.
func (p *pass) end() {
	p.line.hangUp()
	p.leash.End()
}

// run makes the pass and returns what Poll does.
func (p *pass) run() error {
	stop := context.AfterFunc(p.ctx, func() { p.gate.Close(context.Cause(p.ctx)) })
	defer stop()
	s, err := p.line.get()
	if err != nil {
		return launcher.Halt(p.cause(err))
	}
	p.keep = &keeper{pool: p.pool, room: keepBytes}
	mails, left, err := p.list(s)
	p.keep = nil // in new sessions mails are only numbered
	if err != nil {
		return p.cause(err)
	}
	defer discard(mails)
	p.prune(mails)
	f := newFetcher(p.leash, p.line, p.pool, mails, p.s.MaxSize)
	var serving sync.WaitGroup
	serving.Go(f.serve)
	p.offer(f, mails)
	f.Close()
	serving.Wait()
	if p.ctx.Err() != nil {
		p.gate.Close(context.Cause(p.ctx)) // stop may have come before it
	}
	ended, full := p.gate.Ended()
	errs := append(p.failed, left, ended)
	if ended == nil {
		errs = append(errs, f.Failure())
	}
	errs = append(errs, p.letGo())
	if full {
		errs = append(errs, launcher.ErrMore)
	}
	return errors.Join(errs...)
}

// list lists what is in the mailbox, with what tells the mails apart. Those of
// which that could not be learned are missing, and left tells why.
func (p *pass) list(s *session) (mails []mail, left, err error) {
	if mails, err = s.list(); err == nil && len(mails) > 0 {
		err = p.insist(s, mails)
	}
	if err != nil {
		return nil, nil, err
	}
	known, left, err := p.identify(s, mails)
	if err != nil {
		discard(mails)
	}
	return known, left, err
}

// What the ledger remembers of UIDL on a server.
const (
	answers = "yes"     // it was answered once
	lacks   = "no"      // it was refused, and CAPA does not tell of it
	refuses = "refused" // it was refused although CAPA tells of it, and never answered
)

// insist returns an error if the server refuses UIDL although it has it: by
// hashes all its mails would have other IDs, and be handed over again. One that
// has refused it in a pass before, and never answered it, has none: its mails go
// by hashes, and go on doing so.
func (p *pass) insist(s *session, mails []mail) error {
	key := p.account + "has UIDL"
	now := answers
	switch {
	case s.noUIDL != nil && s.uidl:
		now = refuses
	case s.noUIDL != nil:
		now = lacks
	}
	was := launcher.Remember(p.ctx, key, now)
	if p.s.uidl {
		was = answers
	}
	switch {
	case was == refuses:
		launcher.Remember(p.ctx, key, refuses)
		p.warnings.Once(p.ctx, "", errors.New("the server has refused UIDL, which it says it has: mails are told apart by what is in them"))
		for i := range mails {
			mails[i].uidl = ""
		}
		return nil
	case now == answers:
		p.s.uidl = true
		return nil
	case now == lacks && was != answers:
		return nil
	case was == answers:
		launcher.Remember(p.ctx, key, answers)
	}
	return launcher.Halt(fmt.Errorf("uidl, which the server has: %w", s.noUIDL))
}

// cause returns err, or if the pass was asked to end, why. If it is not an
// answer of the server, or the last one that it gives, the server cannot be
// reached: that ends the pass.
func (p *pass) cause(err error) error {
	s := p.line.s
	switch {
	case p.ctx.Err() != nil:
		return context.Cause(p.ctx)
	case !isRefusal(err), s != nil && s.broken():
		return launcher.Halt(err)
	}
	return err
}

// id returns the ID of a mail's parcel.
func (p *pass) id(m *mail) string { return p.account + m.key() }

// owe has a mail deleted when everything was offered.
func (p *pass) owe(m mail) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owed = append(p.owed, m)
}

// fail takes down that a mail could not be set aside.
func (p *pass) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = append(p.failed, err)
}
