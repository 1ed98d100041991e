package adullact

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// A Source opens the envelopes that another Source offers. Its zero value but
// for From works. It must not be copied, nor its fields changed, after the
// first Poll.
//
// What comes from a directory (documents of role "file") may still be arriving.
// A deposit is ready when one of these holds:
//
//   - its end marker is there, whatever is missing, and is not empty;
//   - its metadata can be read to its end, every file that it names is there,
//     the main one is not empty, no XML or archive is cut, and nothing has
//     changed for Quiet;
//   - it has neither, came from Deposits, and nothing has changed for Unlisted;
//     from another Source, for Quiet.
//
// A zip, a tar.gz or an XML file is ready when it can be read to its end, a
// Factur-X when nothing has changed for Quiet. What
// is not ready is offered all the same, and says what it lacks with
// launcher.Later. What still lacks it after Deadline is set aside.
type Source struct {
	// From is the Source whose documents are opened where they are envelopes,
	// and passed on where they are not. Required.
	From launcher.Source

	// Decoder says how envelopes are opened. Its Keep is set by the Source.
	Decoder Decoder

	// Quiet is how long a deposit must have been left alone, as told by the
	// times of its files and by when this process first saw it as it is; so a
	// restart only lengthens the wait. 0: 30 seconds; -1: no wait. It does not
	// depend on what From waits for.
	Quiet time.Duration

	// Unlisted is how long a deposit of Deposits without metadata and end marker
	// must have been left alone before it is taken as it is. 0: it is never
	// taken; nothing tells a deposit that failed half-way from such a one.
	Unlisted time.Duration

	// Marked tells that deposits of Deposits end with a marker: none is taken
	// without. By default one whose metadata is complete does not wait for it.
	Marked bool

	// Deadline is how long something may stay incomplete before it is rejected
	// with a reason that names what is missing. 0: 1 hour; -1: for ever.
	Deadline time.Duration

	// Temporary are the ends of names that files have while they arrive. Nil:
	// .part, .partial, .filepart, .crdownload, .tmp.
	Temporary []string

	// Unknown also opens what is of no known kind, with KindUnknown as its Group.
	// By default that is passed on as it came.
	Unknown bool

	// Raw also hands over each archive, byte for byte, as a document of role
	// "transport" of the first envelope in it.
	Raw bool

	// Strict rejects a parcel with an envelope that cannot be opened. By default
	// a single file is then passed on as it came, with the reason under
	// MetaError; a deposit is rejected in any case.
	Strict bool

	// Spool keeps what must be read more than once and whose readers are no
	// io.ReaderAt. Nil means one that lasts for the pass.
	Spool *spool.Pool

	drop *drop // of Deposits; nil: another Source
	seen sightings
	now  func() time.Time // nil: time.Now
}

var _ launcher.Source = (*Source)(nil)

// Poll implements [launcher.Source]. It passes on each parcel of From with
// other documents, and what the sink says of it, as they are.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	if err := s.validate(); err != nil {
		return launcher.Halt(err)
	}
	pool := s.Spool
	if pool == nil {
		pool = new(spool.Pool)
	}
	s.seen.begin()
	return s.From.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		o := &opening{Source: s, pool: pool, parcel: p}
		defer o.close()
		s.seen.offered(p.ID)
		opened := *p
		opened.Documents = o.documents
		return sink.Store(ctx, &opened)
	}))
}

// validate returns all faults of the set-up, joined.
func (s *Source) validate() error {
	var faults []error
	if s.From == nil {
		faults = append(faults, errors.New("adullact source without From"))
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"Quiet", s.Quiet}, {"Unlisted", s.Unlisted}, {"Deadline", s.Deadline}} {
		if f.value < -1 || f.name == "Unlisted" && f.value < 0 {
			faults = append(faults, fmt.Errorf("adullact source: %s is %v", f.name, f.value))
		}
	}
	if s.Decoder.Keep != nil {
		faults = append(faults, errors.New("adullact source: Decoder.Keep is set"))
	}
	if s.drop != nil && len(faults) == 0 {
		faults = append(faults, s.drop.prepare(s))
	}
	return errors.Join(faults...)
}

func (s *Source) quiet() time.Duration    { return duration(s.Quiet, 30*time.Second) }
func (s *Source) deadline() time.Duration { return duration(s.Deadline, time.Hour) }

// duration returns what a field means: 0 its default, -1 nothing.
func duration(field, zero time.Duration) time.Duration {
	switch field {
	case 0:
		return zero
	case -1:
		return 0
	}
	return field
}

func (s *Source) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}
