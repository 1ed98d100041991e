package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// A Source offers the mails of a mailbox on a POP3 server. Its fields must not
// change once Poll was called, and it must not be copied then.
type Source struct {
	// Addr is the server's host, or host and port; without a port, or with
	// port 0, 995 for implicit TLS and 110 otherwise.
	Addr string

	// Security is how the connection is protected; zero is implicit TLS.
	Security dial.Security

	// TLSConfig holds a private certificate authority or a client
	// certificate; nil trusts what the system trusts.
	TLSConfig *tls.Config

	// User is the name of the account. Password or Token, an OAuth 2.0 access
	// token, logs in; one of them is required. See launcher.SecretFrom.
	User     string
	Password launcher.Secret
	Token    launcher.Secret

	// APOP logs in with APOP (RFC 1939, 7) and nothing else.
	APOP bool

	// Delete deletes mails from the server once they were taken. Otherwise
	// they stay there.
	Delete bool

	// DeleteAfter deletes mails that were taken once they are that old, by the
	// time at which the server received them. That is read from the first
	// Received field of their headers; without one it is when this process saw
	// the mail first. 0: as Delete says.
	DeleteAfter time.Duration

	// Rejected is a folder on this machine that mails are copied to when they
	// were set aside, as files named *.eml. It is created when it is needed.
	// After that they are treated like those that were taken. A file that is
	// removed while its mail is still on the server is written again. What
	// cannot be downloaded or is above MaxSize stays on the server, and so does
	// everything with "".
	Rejected string

	// Interval is the least time between two logins; 0 is one second, and -1
	// none but what the server asks for. A pass that comes too early waits.
	Interval time.Duration

	// MaxSize is the size in bytes above which a mail is set aside without
	// being downloaded; it then stays on the server. 0 leaves that to the
	// Spool's limit.
	MaxSize int64

	// MaxMails and MaxBytes bound what is new in one pass, which then ends
	// with ErrMore; 0 is no limit. One mail is taken in any case, and mails
	// that are left do not count.
	MaxMails int
	MaxBytes int64

	// Limits bounds how long the server may keep a pass waiting. The zero
	// value has sensible defaults.
	Limits dial.Limits

	// Dial opens connections; nil is net.Dialer. Hosts caps them per host;
	// nil does not. Spool keeps what was downloaded until it is stored; nil
	// is one of the Source's own.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Hosts *dial.Hosts
	Spool *spool.Pool

	guard dial.Guard
	own   spool.Pool
	polite

	// Of the pass under way, and kept from one to the next.
	hashes map[string]string    // SHA-256 of messages, by what TOP told of them
	dates  map[string]time.Time // when mails were received, by ID
	uidl   bool                 // the server has answered UIDL
}

var _ launcher.Source = (*Source)(nil)

// Poll implements launcher.Source. The ID of a parcel is made of the server's
// host, User, and the mail's UIDL or SHA-256.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	if err := s.validate(); err != nil {
		return launcher.Halt(fmt.Errorf("pop3: %w", err))
	}
	p := s.newPass(ctx, sink)
	defer p.end()
	if err := p.run(); err != nil {
		return fmt.Errorf("pop3: %w", err)
	}
	return nil
}

// validate returns every fault of the fields that shows without a server.
func (s *Source) validate() error {
	err := errors.Join(s.server().Validate(), checkFolder(s.Rejected))
	if s.DeleteAfter < 0 {
		err = errors.Join(err, fmt.Errorf("DeleteAfter is %v, which is negative", s.DeleteAfter))
	}
	return err
}

// deletes reports whether mails are deleted, sooner or later.
func (s *Source) deletes() bool { return s.Delete || s.DeleteAfter > 0 }

func (s *Source) server() *dial.Server {
	return &dial.Server{
		Addr: s.Addr, Security: s.Security, TLSConfig: s.TLSConfig,
		User: s.User, Password: s.Password, Token: s.Token, APOP: s.APOP,
		Limits: s.Limits, Dial: s.Dial, Hosts: s.Hosts, Guard: &s.guard,
	}
}

func (s *Source) spool() *spool.Pool {
	if s.Spool != nil {
		return s.Spool
	}
	return &s.own
}

// polite keeps logins apart. Servers lock out who comes too often.
type polite struct {
	mu    sync.Mutex
	last  time.Time     // when the last login was tried
	delay time.Duration // that the server asks for
}

const maxDelay = time.Hour // that a server may ask for

// await waits until the next login may be tried.
func (p *polite) await(ctx context.Context, interval time.Duration) error {
	if interval == 0 {
		interval = time.Second
	}
	for {
		p.mu.Lock()
		wait := time.Until(p.last.Add(max(interval, p.delay)))
		if wait <= 0 || p.last.IsZero() {
			p.last = time.Now()
			p.mu.Unlock()
			return nil
		}
		p.mu.Unlock()
		select {
		case <-time.After(min(wait, time.Minute)):
			launcher.Progress(ctx, 4<<10) // the pass is not stalled
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// loggedIn takes down a login, and how long the server wants to be left alone.
func (p *polite) loggedIn(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.delay = time.Now(), min(max(delay, 0), maxDelay)
}
