package launcher

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A key names a parcel within its launcher: a hash of the ID that its Source
// gave it.
type key [20]byte

func keyOf(id string) key {
	var b [128]byte
	sum := sha256.Sum256(append(b[:0], id...))
	return key(sum[:20])
}

// id returns the ID of a parcel as Sinks see it.
func (l *Launcher) id(k key) string {
	b := make([]byte, 0, 96)
	return string(hex.AppendEncode(append(append(b, l.Name...), '/'), k[:]))
}

// keyIn reads the key from the ID of a parcel of this launcher.
func (l *Launcher) keyIn(id string) (k key, ok bool) {
	if len(id) != len(l.Name)+1+2*len(k) || id[:len(l.Name)+1] != l.Name+"/" {
		return k, false
	}
	n, err := hex.Decode(k[:], []byte(id[len(l.Name)+1:]))
	return k, err == nil && n == len(k)
}

// markerID is the ID of the entry that holds the last scheduled instant.
func (l *Launcher) markerID() string { return l.Name + "/-schedule" }

// noteID is the ID of the entry that holds what a Source had remembered.
func (l *Launcher) noteID(name string) string {
	k := keyOf(name)
	return l.Name + "/-note-" + hex.EncodeToString(k[:])
}

// A part is what reaches the Sink as one parcel: the documents of one Unit
// that go to one job, or of these a single one.
type part struct {
	id   string
	job  string
	unit *Unit
	docs []*Document
}

// sorted is what filters and Routes make of the documents of a parcel.
type sorted struct {
	parts    []part
	unrouted []string // names of wanted documents without a Route
}

// sort decides about each document and makes the parts, in the order of their
// first documents.
func (l *Launcher) sort(ctx context.Context, parcelID string, docs []*Document, each func(*Document, verdict, int)) (sorted, error) {
	var s sorted
	units := false
	for _, d := range docs {
		units = units || d.Unit != nil
	}
	places := make(map[string]int) // in s.parts
	r := &Route{}
	for i, d := range docs {
		v, route, err := l.judge(ctx, d)
		if err != nil {
			return sorted{}, err
		}
		each(d, v, route)
		switch v {
		case refused:
			continue
		case unclaimed:
			s.unrouted = append(s.unrouted, d.Name)
			continue
		}
		if len(l.Routes) > 0 {
			r = &l.Routes[route]
		}
		id := parcelID
		if units || len(l.Routes) > 0 {
			id = partID(parcelID, d, r, i)
		}
		place, known := places[id]
		if !known {
			place = len(s.parts)
			places[id] = place
			s.parts = append(s.parts, part{id: id, job: r.Job, unit: d.Unit})
		}
		s.parts[place].docs = append(s.parts[place].docs, d)
	}
	return s, nil
}

// A verdict is what filters and Routes say of a document.
type verdict uint8

const (
	wanted verdict = iota
	refused
	unclaimed
)

func (l *Launcher) judge(ctx context.Context, d *Document) (verdict, int, error) {
	ok, err := matches(ctx, l.Filter, d)
	if err != nil {
		return 0, 0, err
	}
	if !ok {
		return refused, -1, nil
	}
	route, err := l.routeOf(ctx, d)
	if err != nil {
		return 0, 0, err
	}
	if route < 0 {
		return unclaimed, -1, nil
	}
	return wanted, route, nil
}

// partID identifies a part of a parcel: by Unit and job, and where the Route
// splits also by the place of the document before filtering, so that another
// filter does not change it.
func partID(parcelID string, d *Document, r *Route, place int) string {
	var buf [512]byte
	key := buf[:0]
	text := func(s string) {
		key = append(binary.BigEndian.AppendUint64(key, uint64(len(s))), s...)
	}
	if d.Unit != nil {
		text("unit")
		text(d.Unit.Key)
	}
	text("job")
	text(r.Job)
	if r.Split {
		text(strconv.Itoa(place))
		text(d.Dir)
		text(d.Name)
		text(strconv.FormatInt(d.Size, 10))
	}
	return partOf(parcelID, key)
}

// partOf returns the ID of the part of a parcel that key tells from others.
func partOf(parcelID string, key []byte) string {
	sum := sha256.Sum256(key)
	var buf [128]byte
	return string(hex.AppendEncode(append(append(buf[:0], parcelID...), '.'), sum[:12]))
}

// beyond returns what is left of a part of which files were stored before,
// each document as a part of its own: those that another Filter has let
// through since. Where it cannot tell which of several alike were stored, it
// returns them all: rather twice than never.
func (pt *part) beyond(files []File) []part {
	stored := make(map[string][]File)
	for _, f := range files {
		stored[f.Name] = append(stored[f.Name], f)
	}
	namesakes := make(map[string][]*Document)
	for _, d := range pt.docs {
		namesakes[d.Name] = append(namesakes[d.Name], d)
	}
	var more []part
	nth := make(map[string]int)
	for _, d := range pt.docs {
		have, alike := 0, 0
		for _, f := range stored[d.Name] {
			if f.Size == d.Size || f.Size < 0 || d.Size < 0 {
				have++
			}
		}
		for _, e := range namesakes[d.Name] {
			if e.Size == d.Size || e.Size < 0 || d.Size < 0 {
				alike++
			}
		}
		if have >= alike {
			continue
		}
		what := fmt.Sprintf("%s\x00%s\x00%s\x00%d", pt.id, d.Dir, d.Name, d.Size)
		id := partOf(pt.id[:max(strings.LastIndexByte(pt.id, '.'), 0)], fmt.Appendf(nil, "%s\x00%d", what, nth[what]))
		nth[what]++
		more = append(more, part{id: id, job: pt.job, unit: pt.unit, docs: []*Document{d}})
	}
	return more
}

// meta returns what the Sink sees of the metadata of p.
func (pt *part) meta(p *Parcel) map[string]string {
	var own map[string]string
	if pt.unit != nil {
		own = pt.unit.Meta
	}
	meta := make(map[string]string, len(p.Meta)+len(own))
	maps.Copy(meta, p.Meta)
	maps.Copy(meta, own)
	return meta
}

// documentsOf calls p.Documents, contains its panics and makes names safe.
func documentsOf(ctx context.Context, p *Parcel) (docs []*Document, err error) {
	defer contain(&err, "documents")
	given, err := p.Documents(ctx)
	if err != nil {
		return nil, err
	}
	docs, changed := given, false // given is the Source's
	for i, d := range given {
		switch {
		case d == nil:
			return nil, fmt.Errorf("document %d is nil", i)
		case d.Open == nil:
			return nil, fmt.Errorf("document %d, %q, has no Open", i, d.Name)
		case d.Size < -1:
			return nil, fmt.Errorf("document %d, %q, has size %d", i, d.Name, d.Size)
		}
		if s := safe(d); s != d {
			if !changed {
				docs, changed = slices.Clone(given), true
			}
			docs[i] = s
		}
	}
	return docs, nil
}

// safe returns d, or if its names are not safe a copy of which they are.
func safe(d *Document) *Document {
	name, dir := CleanName(d.Name), CleanDir(d.Dir)
	if name == d.Name && dir == d.Dir {
		return d
	}
	c := *d
	c.Name, c.Dir = name, dir
	if name != d.Name && d.Meta[MetaName] == "" {
		c.Meta = maps.Clone(d.Meta)
		if c.Meta == nil {
			c.Meta = make(map[string]string)
		}
		c.Meta[MetaName] = d.Name
	}
	return &c
}
