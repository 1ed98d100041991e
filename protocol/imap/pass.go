package imap

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

var errReadOnly = errors.New("the account may only read it; set ReadOnly if nothing is to be changed there")

// A pass is one Poll.
type pass struct {
	s      *Source
	ctx    context.Context
	sink   launcher.Sink
	dry    bool
	leash  *flow.Leash
	server *dial.Server
	pool   *spool.Pool
	gate   *flow.Gate
	lines  []*line
	plan   plan
	choice choice
	inTurn bool // one command after the other: several at a time broke the connection

	warnings flow.Warnings

	mu    sync.Mutex
	fates map[uint64]launcher.Outcome // of mails with an X-GM-MSGID
}

func (s *Source) newPass(ctx context.Context, sink launcher.Sink) *pass {
	p := &pass{
		s: s, ctx: ctx, sink: sink, dry: launcher.DryRun(ctx),
		leash: flow.NewLeash(ctx), server: s.server(), pool: s.spool(),
		gate:   flow.NewGate(window, int64(s.MaxMails), s.MaxBytes),
		choice: choice{how: s.Compress},
		fates:  make(map[uint64]launcher.Outcome),
	}
	for i := range max(s.Parallel, 1) {
		// Only the first connection is worth waiting for: the others would hold
		// on to what they have while they wait for more.
		p.lines = append(p.lines, newLine(func() (*session, error) { return p.connect(i > 0) }))
	}
	return p
}

func (p *pass) connect(noWait bool) (*session, error) {
	server := *p.server
	server.NoWait = noWait
	server.Compress = p.choice.compressed()
	return connect(p.leash, &server, func() {})
}

// end closes the connections.
func (p *pass) end() {
	for _, l := range p.lines {
		l.hangUp()
	}
	p.leash.End()
}

// run makes the pass and returns what Poll does.
func (p *pass) run() error {
	stop := context.AfterFunc(p.ctx, func() { p.gate.Close(context.Cause(p.ctx)) })
	defer stop()
	err := p.lines[0].run(nil, func(c *session) (err error) {
		p.plan, err = p.s.prepare(c, p.dry, p.inTurn)
		p.inTurn = p.inTurn || c.broken()
		p.report(c)
		return err
	})
	if err != nil {
		return launcher.Halt(p.cause(err))
	}
	var errs []error
	for _, name := range p.plan.read {
		if ended, full := p.gate.Ended(); ended != nil || full {
			break
		}
		err := p.folder(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("folder %q: %w", name, err))
		}
		if launcher.OutcomeOf(err) == launcher.Stop {
			break
		}
	}
	if p.ctx.Err() != nil {
		p.gate.Close(context.Cause(p.ctx)) // stop may have come before it
	}
	ended, full := p.gate.Ended()
	if full {
		errs = append(errs, launcher.ErrMore)
	}
	return errors.Join(append(errs, ended)...)
}

// cause returns err, or if the pass was asked to end, why. If it is not an
// answer of the server, the server cannot be reached: that ends the pass.
func (p *pass) cause(err error) error {
	switch {
	case p.ctx.Err() != nil:
		return context.Cause(p.ctx)
	case !isRefusal(err) && !errors.Is(err, errReadOnly):
		return launcher.Halt(err)
	}
	return err
}

// folder offers the mails of one folder, and settles them.
func (p *pass) folder(name string) error {
	b := &box{name: name, dir: relative(name, p.plan.root), readOnly: p.dry || p.s.changesNothing()}
	main := p.lines[0]
	var count uint32
	var listed *listing
	err := main.run(nil, func(c *session) error {
		b.gmail = c.caps.Has(capGmail)
		n, state, told, err := p.open(c, b)
		if err != nil {
			return err
		}
		count, b.validity, listed = n, state.validity, told
		b.version = strconv.FormatUint(b.validity, 10)
		b.hashed = !b.gmail && (state.validity == 0 || state.notSticky)
		p.report(c)
		if state.readOnly && !b.readOnly {
			// Servers say so too where a mail can be marked as read for this
			// account only, which may be all that is wanted.
			known, err := c.allows(name, p.s.needed(c.caps))
			if err == nil && !known {
				err = errReadOnly
			}
			return err
		}
		return nil
	})
	if err != nil {
		return p.cause(err)
	}
	b.place = p.s.place(name)
	if b.gmail {
		b.place = p.s.place()
	}
	p.checkValidity(b)
	mails, err := main.mails(b, count, listed)
	if err == nil {
		mails, err = p.narrow(b, mails)
	}
	if err != nil {
		return p.cause(err)
	}
	var left error
	switch {
	case b.gmail:
		mails, left = numbered(mails)
	case b.hashed:
		if mails, left = main.hashes(b, mails); mails == nil && left != nil {
			return p.cause(left)
		}
	}
	return errors.Join(left, p.work(b, mails))
}

// open selects the folder b, or only examines it, and asks for what is in it at
// the same time, unless that has broken a connection in this pass.
func (p *pass) open(c *session, b *box) (count uint32, state selected, listed *listing, err error) {
	if p.inTurn {
		count, state, err = c.choose(b.name, b.readOnly, nil)
		return count, state, nil, err
	}
	count, state, listed, err = c.open(b)
	p.inTurn = c.broken()
	return count, state, listed, err
}

// work offers mails while it fetches and settles others.
func (p *pass) work(b *box, mails []mail) error {
	f := newFetcher(p, len(p.lines), mails)
	settle := newSettler(p, p.lines[0], b)
	var serving, settling sync.WaitGroup
	for i, l := range p.lines {
		serving.Go(func() {
			f.serve(l, b)
			if i > 0 && p.s.Hosts != nil {
				l.hangUp() // others may wait for the place
			}
		})
	}
	var failed error
	settling.Go(func() { failed = settle.run() })
	p.offer(b, f, mails, settle)
	f.Close()
	serving.Wait()
	settle.close()
	settling.Wait()
	if ended, _ := p.gate.Ended(); ended == nil {
		failed = errors.Join(failed, f.Failure())
	}
	return failed
}

// fewer warns of a connection that could not be had.
func (p *pass) fewer(err error) {
	if !errors.Is(err, dial.ErrCrowded) {
		p.warnings.Once(p.ctx, "", fmt.Errorf("goes on with fewer connections: %w", err))
	}
}

// relative returns the path of a folder below root, with slashes.
func relative(name, root string) string {
	rest, ok := strings.CutPrefix(name, root)
	if !ok || rest == "" {
		return ""
	}
	return launcher.CleanDir(strings.ReplaceAll(rest[1:], rest[:1], "/"))
}

// checkValidity warns if the UIDs of a folder are new: all its mails are then
// offered as if they were.
func (p *pass) checkValidity(b *box) {
	if b.gmail {
		return
	}
	if b.hashed {
		p.warnings.Once(p.ctx, b.name, errors.New("the server's UIDs do not last: mails are told apart by their headers"))
		return
	}
	if p.dry {
		return // the pass that offers them warns
	}
	was := launcher.Remember(p.ctx, "imap/"+b.place+"/uidvalidity", b.version)
	if was != "" && was != b.version {
		launcher.Warn(p.ctx, "folder "+plain(b.name),
			fmt.Errorf("UIDVALIDITY changed from %s to %s: every mail in it is offered again", was, b.version))
	}
}

// report passes on what the server said besides.
func (p *pass) report(c *session) {
	alerts, unread := c.in.takeNotes()
	for _, a := range alerts {
		p.warnings.Once(p.ctx, "", fmt.Errorf("server alert: %q", a))
	}
	for _, name := range unread {
		p.warnings.Once(p.ctx, "", fmt.Errorf("folder left out: its name is not encoded as it should be: %q", name))
	}
}

// id returns the ID of a mail's parcel: account, folder, UIDVALIDITY and UID,
// or account and X-GM-MSGID, which is the same in every folder.
func (p *pass) id(b *box, m *mail) string {
	switch {
	case b.gmail:
		return "imap/" + b.place + "/gm/" + strconv.FormatUint(m.gm, 10)
	case b.hashed:
		return "imap/" + b.place + "/" + m.hash
	}
	return "imap/" + b.place + "/" + b.version + "/" + m.number()
}

// place names a place in the account, in few characters.
func (s *Source) place(parts ...string) string { return flow.Place(s.Addr, s.User, parts...) }
