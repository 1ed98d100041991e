package pop3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// A shelf is a Sink that keeps what it is given.
type shelf struct {
	answer func(p *launcher.Parcel) error // nil: takes everything
	known  map[string]bool                // IDs that are not asked for again

	mu     sync.Mutex
	bodies map[string][]byte // by ID
	ids    []string          // offered
	docs   []*launcher.Document
	failed []error // of Documents or of reading
}

func (s *shelf) Store(ctx context.Context, p *launcher.Parcel) error {
	s.mu.Lock()
	s.ids = append(s.ids, p.ID)
	known := s.known[p.ID]
	s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(p); err != nil {
			return err
		}
	}
	if known {
		return nil
	}
	doc, body, err := read(ctx, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed = append(s.failed, fmt.Errorf("%s: %w", p.Origin, err))
		return err
	}
	if s.bodies == nil {
		s.bodies = make(map[string][]byte)
	}
	s.bodies[p.ID] = body
	s.docs = append(s.docs, doc)
	return nil
}

// read returns the only document of p and its body.
func read(ctx context.Context, p *launcher.Parcel) (*launcher.Document, []byte, error) {
	docs, err := p.Documents(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(docs) != 1 {
		return nil, nil, fmt.Errorf("%d documents, want one", len(docs))
	}
	r, err := docs[0].Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err == nil && int64(len(body)) != docs[0].Size {
		err = fmt.Errorf("body of %d bytes, document says %d", len(body), docs[0].Size)
	}
	return docs[0], body, err
}

// lacks returns which of the mails are not on the shelf, byte for byte.
func (s *shelf) lacks(mails [][]byte) (missing []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range mails {
		found := false
		for _, b := range s.bodies {
			found = found || bytes.Equal(b, m)
		}
		if !found {
			missing = append(missing, i)
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

// on returns a Source on a scripted server.
func on(s *mailtest.POP3Script) *pop3.Source {
	return &pop3.Source{
		Addr: s.Addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
		Interval: -1, Limits: dial.Limits{Idle: 30 * time.Second},
	}
}

// modern returns a scripted server with mails in its maildrop.
func modern(t *testing.T, mails ...[]byte) *mailtest.POP3Script {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	s.Fill(mails...)
	return s.Start(t)
}

// sourceOf returns a Source on a real server.
func sourceOf(s *mailtest.MailServer, user string) *pop3.Source {
	return &pop3.Source{
		Addr: s.POP3S, TLSConfig: s.TLS, User: user,
		Password: launcher.SecretText(mailtest.Password(user)),
		Interval: -1, Limits: dial.Limits{Idle: 20 * time.Second},
	}
}

// poll makes a pass that must be clean.
func poll(t *testing.T, s *pop3.Source, sink launcher.Sink) {
	t.Helper()
	if err := s.Poll(t.Context(), sink); err != nil {
		t.Fatalf("Poll: %v", err)
	}
}
