// Package outbox is a protocol of one's own: documents that a program holds
// ready over HTTP. README.md beside it explains the Source, line by line.
//
//	GET    /            a JSON list, oldest first: [{"id":"7","name":"a.pdf","size":9}]
//	GET    /ID          the document
//	DELETE /ID          it has been taken
//	POST   /ID/reject   a person has to look at it
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// A Source offers each document of an outbox as a parcel. It is used by
// pointer, and must not be copied after first use.
type Source struct {
	URL    string       // such as "http://localhost:8080"
	Client *http.Client // nil: http.DefaultClient

	pool spool.Pool
}

var _ launcher.Source = (*Source)(nil)

type item struct {
	ID   string
	Name string
	Size int64
	Time time.Time
}

// Poll implements launcher.Source.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	items, err := s.list(ctx)
	if err != nil { // of everything, not of one parcel
		return launcher.Halt(fmt.Errorf("list %q: %w", s.URL, err))
	}
	var failures []error
	for _, it := range items {
		if ctx.Err() != nil {
			return errors.Join(append(failures, context.Cause(ctx))...)
		}
		err := s.offer(ctx, sink, it)
		if launcher.OutcomeOf(err) == launcher.Stop {
			return errors.Join(append(failures, err)...)
		}
		if err != nil {
			failures = append(failures, err) // and the others go on
		}
	}
	return errors.Join(failures...)
}

// offer hands one item to sink and does with it what the answer says.
func (s *Source) offer(ctx context.Context, sink launcher.Sink, it item) error {
	var body *spool.Body
	err := sink.Store(launcher.Turn(ctx), &launcher.Parcel{
		ID:     it.ID,
		Origin: fmt.Sprintf("outbox %q", it.ID),
		Time:   it.Time,
		Documents: func(ctx context.Context) (docs []*launcher.Document, err error) {
			if body, err = s.download(ctx, it); err != nil {
				return nil, fmt.Errorf("download %q: %w", it.ID, err)
			}
			return []*launcher.Document{{
				Name: launcher.CleanName(it.Name), Size: body.Size(), Time: it.Time, Role: "file", Open: body.Open,
			}}, nil
		},
	})
	if body != nil {
		defer body.Close()
	}
	outcome := launcher.OutcomeOf(err)
	switch {
	case outcome == launcher.Stop:
		return err
	case launcher.DryRun(ctx):
		return nil
	case outcome == launcher.Taken:
		return s.settle(ctx, http.MethodDelete, it.ID)
	case outcome == launcher.SetAside:
		return s.settle(ctx, http.MethodPost, it.ID, "reject")
	}
	return nil // Left: it stays, and the engine has told why
}

const maxList = 16 << 20 // bytes: the list comes from outside

func (s *Source) list(ctx context.Context) (items []item, err error) {
	r, err := s.do(ctx, http.MethodGet)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return items, json.NewDecoder(io.LimitReader(r.Body, maxList)).Decode(&items)
}

// download fetches a body as a whole, so that nobody is handed half of it.
func (s *Source) download(ctx context.Context, it item) (*spool.Body, error) {
	r, err := s.do(ctx, http.MethodGet, it.ID)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := s.pool.Read(ctx, r.Body)
	if err == nil && body.Size() != it.Size {
		err = errors.Join(fmt.Errorf("%d bytes, but %d were announced", body.Size(), it.Size), body.Close())
	}
	return body, err
}

// settle goes on after ctx is done: what was taken must not be offered again.
func (s *Source) settle(ctx context.Context, method string, path ...string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	r, err := s.do(ctx, method, path...)
	if err != nil {
		return fmt.Errorf("settle %q: %w", path[0], err)
	}
	return r.Body.Close()
}

func (s *Source) do(ctx context.Context, method string, path ...string) (*http.Response, error) {
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	target, err := url.JoinPath(s.URL, path...)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	r, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if r.StatusCode/100 != 2 {
		return nil, errors.Join(fmt.Errorf("%s answered %s", method, r.Status), r.Body.Close())
	}
	return r, nil
}
