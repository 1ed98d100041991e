package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// A Source offers the mails of a folder on an IMAP server. Its fields must not
// change once Poll was called, and it must not be copied then.
type Source struct {
	// Addr is the server's host, or host and port; without a port, or with
	// port 0, 993 for implicit TLS and 143 otherwise.
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

	// Folder is the folder to read, in UTF-8; "" and "inbox" in any case are
	// INBOX. Slashes stand for the server's separator, and the prefix that
	// some servers want before the account's own folders may be left out.
	Folder string

	// Recursive also reads all folders below Folder, except Done, Rejected
	// and those that the server says are for trash, junk, drafts, sent mails,
	// or hold all mails again.
	Recursive bool

	// Search narrows what is offered; nil offers every mail that is not marked
	// as deleted.
	Search *Search

	// Done is the folder that mails go to when they were taken, named as
	// Folder is. It is created if missing. "" leaves them where they are, to
	// be treated as After says.
	Done string

	// Rejected is the folder that mails go to when they were set aside. It is
	// created if missing. "" leaves them where they are.
	Rejected string

	// After is what becomes of a mail that was taken, if Done is "". The zero
	// value, Seen, marks it as read.
	After After

	// Flag is the flag or keyword that After: Flag sets, such as "$Archived";
	// "" is "\Flagged".
	Flag string

	// ReadOnly changes nothing on the server: folders are examined, never
	// selected. Done and Rejected must be "". Without it an account that may
	// only read fails: at Check if the server tells its rights, else in a pass.
	ReadOnly bool

	// Parallel is how many connections fetch mails; 0 means 1, which is as
	// fast as more on most links.
	Parallel int

	// Compress is whether connections are compressed where the server offers
	// that. The zero value has it done once a connection turns out to be slow.
	Compress Compress

	// MaxSize is the size in bytes above which a mail is set aside without
	// being downloaded; 0 leaves that to the Spool's limit.
	MaxSize int64

	// MaxMails and MaxBytes bound what is new in one pass, which then ends
	// with ErrMore; 0 is no limit. One mail is taken in any case, and mails
	// that are left do not count.
	MaxMails int
	MaxBytes int64

	// Quota bounds the bytes that are received in 24 hours, over all Sources
	// that share it; nil does not. A mail that does not fit any more waits.
	Quota *dial.Quota

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
}

var _ launcher.Source = (*Source)(nil)

// Poll implements launcher.Source. The ID of a parcel is made of the server's
// host, User, the folder, its UIDVALIDITY and the mail's UID.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	if err := s.validate(); err != nil {
		return launcher.Halt(fmt.Errorf("imap: %w", err))
	}
	p := s.newPass(ctx, sink)
	defer p.end()
	if err := p.run(); err != nil {
		return fmt.Errorf("imap: %w", err)
	}
	return nil
}

// validate returns every fault of the fields that shows without a server.
func (s *Source) validate() error {
	faults := []error{s.server().Validate()}
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(s.ReadOnly && (s.Done != "" || s.Rejected != ""), "mails cannot be moved from what is read only")
	fault(s.After < Seen || s.After > Nothing, "After is %d, which is not defined", s.After)
	fault(s.Compress < CompressIfSlow || s.Compress > CompressNever, "Compress is %d, which is not defined", s.Compress)
	fault(s.Done != "" && s.After != Seen, "After is for mails that are not moved to Done")
	fault(s.Done != "" && s.Done == s.Rejected, "done and rejected are the same folder %q", s.Done)
	fault(!isFlag(s.Flag), "%q is not a flag", s.Flag)
	for _, name := range []string{s.Folder, s.Done, s.Rejected} {
		fault(strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }), "folder name %q", name)
	}
	return errors.Join(faults...)
}

// changesNothing reports whether mails stay as they are.
func (s *Source) changesNothing() bool {
	return s.ReadOnly || s.Done == "" && s.Rejected == "" && s.After == Nothing
}

// isFlag reports whether s can be a flag, or is "".
func isFlag(s string) bool {
	name := strings.TrimPrefix(s, `\`)
	return s == "" || name != "" && !strings.ContainsAny(name, "(){ %*\"\\]") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// flag is what marks a mail that was taken.
func (s *Source) flag() goimap.Flag {
	switch {
	case s.After == Seen:
		return goimap.FlagSeen
	case s.Flag == "":
		return goimap.FlagFlagged
	}
	return goimap.Flag(s.Flag)
}

func (s *Source) server() *dial.Server {
	return &dial.Server{
		Addr: s.Addr, Security: s.Security, TLSConfig: s.TLSConfig,
		User: s.User, Password: s.Password, Token: s.Token,
		Limits: s.Limits, Dial: s.Dial, Hosts: s.Hosts, Guard: &s.guard, Quota: s.Quota,
	}
}

func (s *Source) spool() *spool.Pool {
	if s.Spool != nil {
		return s.Spool
	}
	return &s.own
}
