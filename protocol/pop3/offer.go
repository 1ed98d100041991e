package pop3

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// An offer is one mail on offer.
type offer struct {
	p *pass
	f *fetcher
	m mail

	mu    sync.Mutex
	d     *download
	asked bool
	over  bool // Store has returned
}

// offer offers mails, oldest first, several at a time.
func (p *pass) offer(f *fetcher, mails []mail) {
	crew := flow.NewCrew()
	defer crew.Wait()
	for _, m := range mails {
		size := max(m.size, 0)
		if !p.gate.Enter(size) {
			return
		}
		ctx := launcher.Turn(p.ctx)
		p.leash.Move(1, 0)
		crew.Go(func() {
			o := &offer{p: p, f: f, m: m}
			outcome := o.store(ctx)
			asked := o.release()
			p.leash.Move(-1, 0)
			p.gate.Leave(size, asked && (outcome == launcher.Taken || outcome == launcher.SetAside))
		})
	}
}

// store offers the mail, and takes down what is to be done with it.
func (o *offer) store(ctx context.Context) launcher.Outcome {
	err := o.p.sink.Store(ctx, o.parcel())
	outcome := launcher.OutcomeOf(err)
	gone := outcome == launcher.Taken
	switch outcome {
	case launcher.Stop:
		o.p.gate.Close(err)
	case launcher.SetAside:
		o.p.leash.Move(-1, 1) // it is settling now, and has that much time
		gone = o.setAside()
		o.p.leash.Move(1, -1)
	}
	if gone && o.p.s.deletes() && !o.p.dry {
		o.p.leash.Move(0, 1)
		o.p.owe(o.m)
	}
	return outcome
}

// setAside puts the mail where a person finds it, and reports whether it may
// be deleted then. One that cannot be had stays.
func (o *offer) setAside() bool {
	p := o.p
	if p.dry || p.s.Rejected == "" || o.tooLarge() {
		return false
	}
	var missing error // why there is no body
	path, err := p.aside.keep(p.id(&o.m), o.name(), func() (body *spool.Body, err error) {
		body, missing = o.fetch(p.leash)
		return body, missing
	})
	switch {
	case missing != nil && p.leash.Err() == nil && launcher.OutcomeOf(missing) != launcher.Stop:
		launcher.Warn(p.ctx, o.origin(), fmt.Errorf("was set aside and stays on the server: %w", missing))
		return false
	case err != nil:
		p.fail(fmt.Errorf("set %s aside: %w", o.origin(), err))
		return false
	}
	launcher.PutAside(p.ctx, p.id(&o.m), path)
	return true
}

func (o *offer) tooLarge() bool { return o.p.s.MaxSize > 0 && o.m.size > o.p.s.MaxSize }

// release frees what the mail took, and reports whether it was asked for.
func (o *offer) release() (asked bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true // what is asked now comes too late
	if o.d != nil {
		o.f.Release(o.d)
	}
	if o.m.body != nil {
		o.m.body.Close()
	}
	return o.asked
}

// fetch downloads the mail, together with others.
func (o *offer) fetch(ctx context.Context) (*spool.Body, error) {
	o.mu.Lock()
	if o.d == nil && !o.over {
		o.d = o.f.want(o.m)
	}
	d := o.d
	o.mu.Unlock()
	if d == nil {
		return nil, fmt.Errorf("%s was asked for after Store returned", o.origin())
	}
	return d.Wait(ctx)
}

func (o *offer) parcel() *launcher.Parcel {
	return &launcher.Parcel{ID: o.p.id(&o.m), Origin: o.origin(), Meta: o.meta(), Documents: o.documents}
}

// origin tells a person where the mail is.
func (o *offer) origin() string {
	if o.m.uidl == "" {
		return "mailbox sha256 " + o.m.hash[:16]
	}
	return "mailbox uidl " + o.m.uidl
}

// name is the mail's as a file.
func (o *offer) name() string {
	name := o.m.uidl
	if name == "" {
		name = o.m.hash[:16]
	}
	return launcher.CleanName(name + ".eml")
}

func (o *offer) meta() map[string]string {
	meta := make(map[string]string)
	if o.m.uidl != "" {
		meta["pop3.uidl"] = o.m.uidl
	}
	if o.m.size >= 0 {
		meta["pop3.size"] = strconv.FormatInt(o.m.size, 10)
	}
	return meta
}

func (o *offer) documents(ctx context.Context) ([]*launcher.Document, error) {
	if o.tooLarge() {
		return nil, tooLarge(o.m.size, o.p.s.MaxSize)
	}
	o.mu.Lock()
	o.asked = true
	o.mu.Unlock()
	body, err := o.fetch(ctx)
	if err != nil {
		return nil, err
	}
	date, _ := received(body)
	return []*launcher.Document{{
		Name:      o.name(),
		MediaType: "message/rfc822",
		Size:      body.Size(),
		Time:      date,
		Role:      "message",
		Meta:      o.meta(),
		Open:      body.Open,
	}}, nil
}
