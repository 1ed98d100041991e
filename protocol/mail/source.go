package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdmime "mime"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// A Source takes apart the messages that another Source offers. Its zero value
// but for From hands over attachments alone. Its fields must not change during
// Poll; otherwise it may be copied.
type Source struct {
	// From is the Source whose documents are taken apart where they are
	// messages, and passed on where they are not. Required.
	From launcher.Source

	// Body hands over the text of each mail too, one document of role "body"
	// for each form in which it was sent: body.txt, body.html.
	Body bool

	// Raw hands over each mail too, byte for byte, as a document of role
	// "message".
	Raw bool

	// Keep leaves mails inside a mail whole: attachments named *.eml. By
	// default they are taken apart too, however deep, each a Unit.
	Keep bool

	// Strict rejects a parcel with a message that cannot be taken apart. By
	// default such a message is handed over whole, as with Raw.
	Strict bool

	// Pictures tells which pictures are not worth handing over. Its zero value
	// leaves out what a signature consists of.
	Pictures Pictures

	// Headers names further header fields, such as "X-Priority", that Unit.Meta
	// shall hold under MetaHeader and the name in lower case.
	Headers []string

	// Limits bound what one message may cost. Its zero value is for ordinary
	// mail.
	Limits Limits

	// Spool keeps what must be read more than once and whose readers are no
	// io.ReaderAt. Nil means one that lasts for the pass.
	Spool *spool.Pool
}

var _ launcher.Source = (*Source)(nil)

// Poll implements [launcher.Source]. It passes on each parcel of From with
// other documents, and what the sink says of it, as they are.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	if err := s.validate(); err != nil {
		return err
	}
	pass := newPass(s)
	return s.From.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		held := new(holder)
		defer held.close()
		taken := *p
		taken.Documents = func(ctx context.Context) ([]*launcher.Document, error) {
			docs, err := p.Documents(ctx)
			if err != nil {
				return nil, err
			}
			return pass.all(ctx, docs, held, p.Meta)
		}
		return sink.Store(ctx, &taken)
	}))
}

// validate returns all faults of the set-up, joined and marked with Halt.
func (s *Source) validate() error {
	var faults []error
	if s.From == nil {
		faults = append(faults, errors.New("mail source without From"))
	}
	for _, name := range s.Headers {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }) {
			faults = append(faults, fmt.Errorf("mail header %q is no field name", name))
		}
	}
	return launcher.Halt(errors.Join(append(faults, s.Limits.validate())...))
}

// A pass is what all messages of one Poll have in common.
type pass struct {
	source  *Source
	limits  Limits
	tooLong error // of what takes longer than Limits.Time
	pool    *spool.Pool
	buffers *mime.Buffers
	fields  []field  // that headers are read for
	names   []string // of fields
}

func newPass(s *Source) *pass {
	p := &pass{source: s, limits: s.Limits.effective(), pool: s.Spool, buffers: new(mime.Buffers), fields: fields(s.Headers)}
	if p.pool == nil {
		p.pool = new(spool.Pool)
	}
	p.tooLong = fmt.Errorf("longer than %v: %w", p.limits.Time, ErrLimit)
	for _, f := range p.fields {
		p.names = append(p.names, f.name)
	}
	return p
}

// all returns docs with what is in them in place of messages. Each message has
// a taker of its own, for limits are those of one.
func (p *pass) all(ctx context.Context, docs []*launcher.Document, held *holder, outer map[string]string) ([]*launcher.Document, error) {
	var out []*launcher.Document
	for i, d := range docs {
		if !isMessage(d) {
			out = append(out, d)
			continue
		}
		t := &taker{pass: p, held: held, outer: outer, origin: d, docs: out, first: len(out)}
		if err := t.documents(ctx, i+1); err != nil {
			return nil, err
		}
		out = t.docs
	}
	return out, nil
}

// isMessage reports whether a document is a message.
func isMessage(d *launcher.Document) bool {
	if d.MediaType == "message/rfc822" {
		return true // as nearly all
	}
	mediaType, _, err := stdmime.ParseMediaType(d.MediaType)
	if err != nil {
		mediaType = strings.ToLower(d.MediaType)
	}
	return mediaType == "message/rfc822" || mediaType == "message/global" ||
		hasMailName(d.Name)
}

// hasMailName reports whether a file of that name is a message.
func hasMailName(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".eml") }

// A holder closes at the end what documents read from until then.
type holder struct {
	mu     sync.Mutex
	open   []io.Closer
	closed bool
}

// add has c closed at the end. After that it is closed at once, which is an error.
func (h *holder) add(c io.Closer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		c.Close()
		return errors.New("documents asked for after Store returned")
	}
	h.open = append(h.open, c)
	return nil
}

// close closes everything. Errors do not matter: nothing was written but to
// the spool, whose contents are given up.
func (h *holder) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.open {
		c.Close()
	}
	h.open, h.closed = nil, true
}
