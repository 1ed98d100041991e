package imap_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// A shelf is a Sink that keeps what it is given.
type shelf struct {
	answer func(p *launcher.Parcel) error // nil: takes everything

	mu     sync.Mutex
	bodies map[string][]byte // by ID
	order  []string          // origins
	metas  map[string]map[string]string
	failed []error // of Documents or of reading
}

func (s *shelf) Store(ctx context.Context, p *launcher.Parcel) error {
	if s.answer != nil {
		if err := s.answer(p); err != nil {
			return err
		}
	}
	body, err := read(ctx, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed = append(s.failed, fmt.Errorf("%s: %w", p.Origin, err))
		return err
	}
	if s.bodies == nil {
		s.bodies = make(map[string][]byte)
		s.metas = make(map[string]map[string]string)
	}
	s.bodies[p.ID] = body
	s.metas[p.ID] = p.Meta
	s.order = append(s.order, p.Origin)
	return nil
}

// read returns the body of the only document of p.
func read(ctx context.Context, p *launcher.Parcel) ([]byte, error) {
	docs, err := p.Documents(ctx)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%d documents, want one", len(docs))
	}
	r, err := docs[0].Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err == nil && int64(len(body)) != docs[0].Size {
		err = fmt.Errorf("body of %d bytes, document says %d", len(body), docs[0].Size)
	}
	return body, err
}

// has reports the mails of which no body is on the shelf, and how many are.
func (s *shelf) missing(mails [][]byte) (missing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range mails {
		found := false
		for _, b := range s.bodies {
			found = found || bytes.Equal(b, m)
		}
		if !found {
			missing++
		}
	}
	return missing
}

func messages(n int) (mails [][]byte) {
	for i := range n {
		mails = append(mails, mailtest.Message(i+1))
	}
	return mails
}

func sourceOf(s *mailtest.MailServer, user string) *imap.Source {
	return &imap.Source{
		Addr: s.IMAPS, TLSConfig: s.TLS, User: user,
		Password: launcher.SecretText(mailtest.Password(user)),
		Limits:   dial.Limits{Idle: 20 * time.Second},
	}
}

func TestDovecotDelivers(t *testing.T) {
	server := mailtest.Dovecot(t)
	mails := messages(120)
	server.Drop(t, "alice", mails...)
	var got shelf
	if err := sourceOf(server, "alice").Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if n := got.missing(mails); n > 0 || len(got.bodies) != len(mails) {
		t.Errorf("%d of %d mails missing, %d came: every mail is delivered byte for byte", n, len(mails), len(got.bodies))
	}
	var again shelf
	if err := sourceOf(server, "alice").Poll(t.Context(), &again); err != nil {
		t.Fatal(err)
	}
	for id, meta := range again.metas {
		if !strings.Contains(meta["imap.flags"], `\Seen`) {
			t.Fatalf("flags %q of %s after it was taken, want \\Seen", meta["imap.flags"], id)
		}
		if _, ok := got.bodies[id]; !ok {
			t.Fatalf("ID %q is new in the second pass: IDs are stable", id)
		}
	}
}

func TestDovecotMoves(t *testing.T) {
	server := mailtest.Dovecot(t)
	mails := messages(90)
	server.Drop(t, "alice", mails...)
	source := sourceOf(server, "alice")
	source.Done, source.Rejected = "Entwürfe/Juni & Juli", "EZGED_KO"
	got := shelf{answer: func(p *launcher.Parcel) error {
		switch p.Meta["imap.uid"] {
		case "7":
			return launcher.Reject(fmt.Errorf("no"))
		case "9":
			return fmt.Errorf("not now")
		}
		return nil
	}}
	if err := source.Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]int{"": 1, "Entwürfe/Juni & Juli": 88, "EZGED_KO": 1} {
		var in shelf
		look := sourceOf(server, "alice")
		look.Folder, look.ReadOnly = folder, true
		if err := look.Poll(t.Context(), &in); err != nil {
			t.Fatal(err)
		}
		if len(in.bodies) != want {
			t.Errorf("folder %q holds %d mails, want %d: taken mails move to Done, refused ones to Rejected, others stay", folder, len(in.bodies), want)
		}
	}
	if !slices.Contains(got.order, "INBOX uid 42") {
		t.Errorf("origins %.3q, want one to be INBOX uid 42", got.order)
	}
}
