package imap

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// window is what is offered at a time.
var window = flow.Window{Mails: 3 * batchMails, Bytes: 3 * batchBytes, First: batchMails / 2}

// An offer is one mail on offer.
type offer struct {
	p *pass
	b *box
	f *fetcher
	m *mail

	meta map[string]string // of the parcel and of its document

	mu    sync.Mutex
	d     *download
	asked bool
	free  func() // what was reserved of the quota; nil if asked is false
}

// offer offers the mails of a folder, oldest first, several at a time.
func (p *pass) offer(b *box, f *fetcher, mails []mail, settle *settler) {
	crew := flow.NewCrew()
	defer crew.Wait()
	for i := range mails {
		m := &mails[i]
		if outcome, known := p.decided(m); known {
			p.letGo(settle, m, outcome)
			continue
		}
		if !p.gate.Enter(max(m.size, 0)) {
			return
		}
		ctx := launcher.Turn(p.ctx)
		p.leash.Move(1, 0)
		o := &offer{p: p, b: b, f: f, m: m}
		crew.Go(func() { o.run(ctx, settle) })
	}
}

// run makes the offer, and does what follows from the answer.
func (o *offer) run(ctx context.Context, settle *settler) {
	p, size := o.p, max(o.m.size, 0)
	o.meta = o.b.meta(o.m)
	outcome := p.store(ctx, o)
	asked := o.release()
	p.decide(o.m, outcome)
	done := p.letGo(settle, o.m, outcome)
	p.leash.Move(-1, 0)
	p.gate.Leave(size, asked && done)
}

// letGo has a mail settled if it is to be, and reports whether it is.
func (p *pass) letGo(settle *settler, m *mail, outcome launcher.Outcome) bool {
	if outcome != launcher.Taken && outcome != launcher.SetAside {
		return false
	}
	p.leash.Move(0, 1)
	settle.add(m, outcome)
	return true
}

// store offers one mail.
func (p *pass) store(ctx context.Context, o *offer) launcher.Outcome {
	err := p.sink.Store(ctx, o.parcel())
	outcome := launcher.OutcomeOf(err)
	if outcome == launcher.Stop {
		p.gate.Close(err)
	}
	return outcome
}

// release frees what the mail took, and reports whether it was asked for.
func (o *offer) release() (asked bool) {
	o.mu.Lock()
	d, asked := o.d, o.asked
	if o.free != nil {
		o.free()
	}
	o.asked = true // what is asked now comes too late
	o.mu.Unlock()
	if d != nil {
		o.f.Release(d)
	}
	return asked
}

func (o *offer) parcel() *launcher.Parcel {
	return &launcher.Parcel{
		ID:        o.p.id(o.b, o.m),
		Origin:    plain(o.b.name) + " uid " + o.m.number(),
		Time:      o.m.arrived(),
		Meta:      o.meta,
		Documents: o.documents,
	}
}

// plain returns a name as it may stand in a line of text.
func plain(name string) string {
	for _, r := range name {
		if r <= ' ' || r > '~' || r == '"' {
			return strconv.Quote(name)
		}
	}
	return name
}

// documents downloads the mail, together with others.
func (o *offer) documents(ctx context.Context) ([]*launcher.Document, error) {
	if limit := o.p.s.MaxSize; limit > 0 && o.m.size > limit {
		return nil, launcher.Reject(fmt.Errorf("message of %d bytes is larger than %d", o.m.size, limit))
	}
	d, err := o.want()
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, fmt.Errorf("documents of %s asked for after Store returned", o.b.name)
	}
	body, err := d.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return []*launcher.Document{{
		Name:      launcher.CleanName(last(o.b.name) + "-" + o.m.number() + ".eml"),
		Dir:       o.b.dir,
		MediaType: "message/rfc822",
		Size:      body.Size(),
		Time:      o.m.arrived(),
		Role:      "message",
		Meta:      o.meta,
		Open:      body.Open,
	}}, nil
}

// want asks for the mail, once; nil if it is too late for that.
func (o *offer) want() (*download, error) {
	size, quota := max(o.m.size, 0), o.p.s.Quota
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked {
		return o.d, nil
	}
	if !quota.Fits(size) {
		return nil, launcher.Reject(fmt.Errorf("message of %d bytes is larger than the quota of %d bytes in 24 hours", size, quota.Bytes))
	}
	free, err := quota.Reserve(size)
	if err != nil {
		return nil, launcher.Later(err)
	}
	o.asked, o.free, o.d = true, free, o.f.want(o.m)
	return o.d, nil
}

// last returns the end of a folder's name, by any usual separator.
func last(name string) string {
	return name[strings.LastIndexAny(name, "/.")+1:]
}
