package adullact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// Sightings remember when parcels were first seen as they are: by their IDs,
// which change with their files.
type sightings struct {
	mu    sync.Mutex
	pass  int
	first map[string]sighting
}

type sighting struct {
	at   time.Time
	pass int   // in which it was last offered
	lack error // found by reading all of it, which is not done again
}

// begin forgets what was not offered for some passes.
func (s *sightings) begin() {
	const passes = 10 // one may end early
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pass++
	for id, seen := range s.first {
		if seen.pass < s.pass-passes {
			delete(s.first, id)
		}
	}
}

// offered remembers that a parcel is still there.
func (s *sightings) offered(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen, ok := s.first[id]; ok {
		seen.pass = s.pass
		s.first[id] = seen
	}
}

// lack returns what a parcel was found to lack; nil if nothing is known.
func (s *sightings) lack(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first[id].lack
}

// lacks remembers what a parcel lacks, as long as it stays as it is.
func (s *sightings) lacks(id string, lack error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen, ok := s.first[id]; ok {
		seen.lack = lack
		s.first[id] = seen
	}
}

// since returns when a parcel was first seen.
func (s *sightings) since(id string, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = make(map[string]sighting)
	}
	seen, ok := s.first[id]
	if !ok || seen.at.After(now) {
		seen.at = now // the clock may have been set back
	}
	seen.pass = s.pass
	s.first[id] = seen
	return seen.at
}

// age returns how long documents have been left alone.
func (o *opening) age(docs ...*launcher.Document) time.Duration {
	now := o.time()
	since := o.seen.since(o.parcel.ID, now)
	for _, d := range docs {
		if d.Time.After(since) {
			since = d.Time
		}
	}
	return now.Sub(since)
}

// wait makes an error of what a parcel lacks: it waits until Deadline and is
// rejected then.
func (o *opening) wait(age time.Duration, lack error) error {
	if o.Deadline != -1 && age >= o.deadline() {
		return launcher.Reject(fmt.Errorf("incomplete for %v: %w", o.deadline(), lack))
	}
	return launcher.Later(lack)
}

// lacks does so for what was found by reading all of a parcel.
func (o *opening) lacks(age time.Duration, lack error) error {
	o.seen.lacks(o.parcel.ID, lack)
	return o.wait(age, lack)
}

// settled makes an error of what has not been left alone for long enough.
func settled(age, quiet time.Duration) error {
	if age >= quiet {
		return nil
	}
	return launcher.Later(fmt.Errorf("changed lately: %v more without a change", (quiet - age).Round(time.Millisecond)))
}

// ready tells what a deposit lacks; nil if it is ready, and then whether its
// marker says so.
func (o *opening) ready(ctx context.Context, top string, docs []*launcher.Document) (marked bool, err error) {
	age := o.age(docs...)
	if name := path.Base(top); isTest(name) {
		return false, o.wait(age, fmt.Errorf("%q is a test of a connector", name))
	}
	marker, others := (*launcher.Document)(nil), 0
	for _, d := range docs {
		switch {
		case o.isTemporary(d.Name):
			return false, o.wait(age, fmt.Errorf("%q is still being written", d.Name))
		case o.Decoder.isMarker(d.Name):
			marker = d
		default:
			others++
		}
	}
	switch {
	case others == 0:
		return false, o.wait(age, errors.New("nothing but its end marker is there"))
	case marker != nil && marker.Size == 0:
		return false, settled(age, o.quiet())
	case marker != nil:
		return true, nil
	case o.Marked && o.drop != nil:
		return false, o.wait(age, errors.New("its end marker is missing"))
	}
	meta, err := o.readMetadata(ctx, top, docs)
	if err != nil {
		var mixed *mixedError
		if errors.As(err, &mixed) {
			return false, o.wait(age, err)
		}
		if isContent(err) {
			return false, o.wait(age, fmt.Errorf("the metadata cannot be read to its end: %w", err))
		}
		return false, err
	}
	if meta == nil {
		return false, o.readyUnlisted(age)
	}
	if lack := o.lack(meta, top, docs); lack != nil {
		return false, o.wait(age, lack)
	}
	return false, settled(age, o.quiet())
}

// superseded rejects what a failed transfer left behind, once its second attempt
// is there.
func (o *opening) superseded(docs []*launcher.Document) error {
	if o.drop == nil || len(docs) == 0 {
		return nil
	}
	name := topOf(docs)
	if name == "" && len(docs) == 1 {
		name = docs[0].Name
	}
	if sibling := o.drop.sibling(name); sibling != "" {
		return launcher.Reject(fmt.Errorf("the transfer failed; it is superseded by %q", sibling))
	}
	return nil
}

// readyUnlisted tells what a deposit without metadata and marker lacks.
func (o *opening) readyUnlisted(age time.Duration) error {
	switch {
	case o.drop == nil:
		return settled(age, o.quiet())
	case o.Unlisted > 0:
		return settled(age, o.Unlisted)
	}
	return o.wait(age, errors.New("neither metadata nor an end marker is there"))
}

// isTest reports whether a name is one that a connector's test leaves.
func isTest(name string) bool {
	return strings.HasPrefix(name, "test_rep_") || strings.HasPrefix(name, "test_file_")
}

func (s *Source) isTemporary(name string) bool {
	ends := s.Temporary
	if ends == nil {
		ends = []string{".part", ".partial", ".filepart", ".crdownload", ".tmp"}
	}
	for _, end := range ends {
		if strings.HasSuffix(strings.ToLower(name), strings.ToLower(end)) {
			return true
		}
	}
	return false
}

// readMetadata returns the metadata of a deposit; nil if it has none.
func (o *opening) readMetadata(ctx context.Context, top string, docs []*launcher.Document) (*member, error) {
	dec := o.decoder().begin(ctx)
	var members []*member
	for _, d := range docs {
		switch ext(d.Name) {
		case ".xml", ".json", ".txt", ".yml", ".yaml":
		default:
			continue
		}
		if m, err := o.tryMetadata(ctx, dec, top, d); err != nil {
			return nil, err
		} else if m != nil {
			members = append(members, m)
		}
	}
	if o.drop != nil && top == "" && len(members) > 1 {
		return nil, &mixedError{members[0].name, members[1].name}
	}
	return dec.metadataOf(members), nil
}

// A mixedError tells that loose files of two deposits lie among each other.
type mixedError struct{ a, b string }

func (e *mixedError) Error() string {
	return fmt.Sprintf("%q and %q name the same loose file: two deposits lie among each other", e.a, e.b)
}

// tryMetadata reads a file as metadata; nil if it is none. A file with the name
// of metadata that cannot be read is an error.
func (o *opening) tryMetadata(ctx context.Context, dec *decoding, top string, d *launcher.Document) (*member, error) {
	named := o.Decoder.isMetadataName(d.Name)
	m := newMember(pathIn(top, d))
	if !named {
		kind, err := o.typeOf(ctx, d)
		if err != nil || kind != typeXML && kind != typeJSON || d.Size > dec.limits.Metadata {
			return nil, err
		}
		if is, err := o.beginsFlux(ctx, d); kind == typeXML && (!is || err != nil) {
			return nil, err
		}
	}
	b, err := readAll(ctx, d, dec.limits.Metadata)
	if err != nil {
		return nil, err
	}
	if err := dec.look(m, bytes.NewReader(b), false); err != nil {
		return nil, err
	}
	if _, ok := m.doc.(*Metadata); ok {
		return m, nil
	}
	if named && len(b) == 0 {
		return nil, fmt.Errorf("%q is empty: %w", d.Name, ErrTruncated)
	}
	if named && m.err != nil {
		return nil, fmt.Errorf("%q: %w", d.Name, m.err)
	}
	return nil, nil
}

// beginsFlux reports whether the root element of a file is that of metadata.
func (o *opening) beginsFlux(ctx context.Context, d *launcher.Document) (bool, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return false, err
	}
	defer r.Close()
	head := &headWriter{}
	buf := make([]byte, 1<<10)
	n, _ := r.Read(buf)
	head.Write(buf[:n])
	return bytes.Contains(head.b, []byte("<flux")), nil
}

// lack returns what metadata names and is not there, or is empty.
func (o *opening) lack(meta *member, top string, docs []*launcher.Document) error {
	var members []*member
	size := make(map[*member]int64)
	for _, d := range docs {
		m := newMember(pathIn(top, d))
		if m.path != meta.path && !isNoise(m.path) {
			members = append(members, m)
			size[m] = d.Size
		}
	}
	dec := o.Decoder.begin(context.Background())
	claims := dec.claims(*meta.doc.(*Metadata))
	reconcile(claims, members)
	spare := spareFiles(claims, members)
	for _, c := range claims {
		switch {
		case c.member == nil && o.Decoder.withheld(c.field):
		case c.member == nil && spare[ext(c.name)] > 0:
			spare[ext(c.name)]-- // it lies there under a name of the connector's making
		case c.member == nil:
			return fmt.Errorf("%q of %s is missing", c.name, c.field)
		case size[c.member] == 0 && isVital(o.Decoder.roleOfKey(c.field)):
			return fmt.Errorf("%q of %s is empty", c.name, c.field)
		}
	}
	return nil
}

// spareFiles counts, by extension, the files that no claim means.
func spareFiles(claims []*claim, members []*member) map[string]int {
	used := make(map[*member]bool)
	for _, c := range claims {
		used[c.member] = true
	}
	spare := make(map[string]int)
	for _, m := range members {
		if !used[m] && ext(m.name) != "" {
			spare[ext(m.name)]++
		}
	}
	return spare
}

func isVital(r Role) bool { return r == RoleMain || r == RoleTransport }

// readyAlone tells what a single file lacks; nil if it is ready to be opened.
func (o *opening) readyAlone(d *launcher.Document, kind string) error {
	age := o.age(d)
	switch {
	case o.isTemporary(d.Name):
		return o.wait(age, fmt.Errorf("%q is still being written", d.Name))
	case o.drop != nil && isTest(d.Name):
		return o.wait(age, fmt.Errorf("%q is a test of a connector", d.Name))
	case o.drop != nil && d.Size == 0:
		return o.wait(age, fmt.Errorf("%q is empty", d.Name))
	case kind == typeZip || kind == typeGzip:
		return nil // its checksums tell
	case o.drop != nil && d.Dir == "":
		return o.drop.looseReady(o, age)
	}
	return nil
}

// lonely tells what a single file lacks that could be opened: metadata lacks
// the files that it names, and a file of a drop directory that is of no known
// kind may be one of a deposit.
func (o *opening) lonely(d *launcher.Document, envelopes []*Envelope) error {
	if !isFile(d) {
		return nil
	}
	if e := envelopes[0]; e.Layer == LayerMessage && len(e.Meta.Entries) > 0 {
		for _, w := range e.Warnings {
			if w.Code == WarnMissing {
				return o.wait(o.age(d), fmt.Errorf("of its files, %s is missing", w.Detail))
			}
		}
	}
	if envelopes[0].Layer == LayerPDF && !areUnknown(envelopes) {
		return settled(o.age(d), o.quiet()) // its end is not to be told
	}
	if o.drop == nil || !areUnknown(envelopes) {
		return nil
	}
	age := o.age(d)
	if o.Unlisted > 0 {
		return settled(age, o.Unlisted)
	}
	return o.lacks(age, fmt.Errorf("%q is of no known kind, and no metadata names it", d.Name))
}
