package adullact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// Deposits returns a Source for a directory that deposits are written to. Each
// folder in it is a deposit, and so is each zip. Files that lie loose are those
// of a deposit if metadata beside them names them, and otherwise each by
// itself, once nothing beside it has changed for Quiet. Where two metadata files
// name the same loose file, both deposits are rejected after Deadline with that
// reason.
//
// The Source opens what it does not recognise, too: Unknown is set. Where
// deposits go is said to its Directory:
//
//	src := adullact.Deposits("/srv/depot")
//	drop := src.Directory()
//	drop.Done, drop.Rejected = "../taken", "../rejected"
//
// From may be wrapped, for copies of what arrives:
//
//	src.From = &backup.Source{From: drop, Path: "/srv/backup"}
//
// A folder or zip that a failed transfer left behind is rejected at once when
// the sender's second attempt lies beside it, <name>_<date>_<number>, and after
// Deadline otherwise.
func Deposits(path string) *Source {
	s := &Source{Unknown: true}
	d := &dir.Source{
		Path:   path,
		Ignore: ignored,
		Group: func(ctx context.Context, fsys fs.FS, paths []string) ([][]string, error) {
			return s.drop.group(ctx, s, fsys, paths)
		},
	}
	s.From, s.drop = d, &drop{dir: d}
	return s
}

// Directory returns the directory of a Source of Deposits, to say where deposits
// go and what else a dir.Source can do, also when From was wrapped; nil for
// another Source.
func (s *Source) Directory() *dir.Source {
	if s.drop == nil {
		return nil
	}
	return s.drop.dir
}

// ignored reports whether the directory does not even look at a name. What is
// still arriving is looked at: it keeps its deposit waiting.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || isNoise(name)
}

// A drop is what a Source of Deposits knows about its directory as a whole.
type drop struct {
	dir *dir.Source

	mu         sync.Mutex
	superseded map[string]string // by name: the name that took its place
	loose      string            // which files lie loose, as they are
	looseSince time.Time         // since when they do
	metadata   map[string]*member
}

// prepare makes From wait as long as the Source does for what From itself
// finds incomplete.
func (d *drop) prepare(s *Source) error {
	if from, ok := s.From.(*dir.Source); ok && from != d.dir {
		return errors.New("adullact source: From is another *dir.Source than that of Deposits")
	}
	if d.dir.Marker != "" || d.dir.Partial {
		return errors.New("adullact source: Marker and Partial of the *dir.Source are not for deposits")
	}
	d.dir.Deadline = s.deadline()
	return nil
}

// retried is the name of a deposit whose name was taken already.
var retried = regexp.MustCompile(`^(.+)_[0-9]{14}_[0-9A-Za-z]+$`)

// group implements dir.Group.
func (d *drop) group(ctx context.Context, s *Source, fsys fs.FS, paths []string) ([][]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, e := range entries {
		if e.IsDir() && !ignored(e.Name()) {
			out = append(out, []string{e.Name()})
		}
	}
	var loose []string
	for _, p := range paths {
		if !strings.Contains(p, "/") {
			loose = append(loose, p)
		}
	}
	groups, err := d.described(ctx, s, fsys, loose)
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(loose, func(p string) bool {
		return slices.ContainsFunc(groups, func(g []string) bool { return slices.Contains(g, p) })
	})
	for _, p := range rest {
		groups = append(groups, []string{p})
	}
	return append(out, groups...), d.notice(s, fsys, entries, rest)
}

// described groups the loose files that metadata beside them names.
func (d *drop) described(ctx context.Context, s *Source, fsys fs.FS, loose []string) ([][]string, error) {
	var metas []*member
	known := make(map[string]*member)
	for _, p := range loose {
		key, m, err := d.looseMetadata(ctx, s, fsys, p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		known[key] = m
		if m != nil {
			metas = append(metas, m)
		}
	}
	d.mu.Lock()
	d.metadata = known
	d.mu.Unlock()
	return s.Decoder.looseGroups(ctx, metas, loose), nil
}

// looseGroups returns for each metadata file the group of it and of the files
// that it names. Metadata files that name the same file share a group: their
// deposits lie among each other, and nothing tells whose the file is.
func (d *Decoder) looseGroups(ctx context.Context, metas []*member, loose []string) [][]string {
	dec := d.begin(ctx)
	var files []string
	for _, p := range loose {
		if !slices.ContainsFunc(metas, func(m *member) bool { return m.path == p }) {
			files = append(files, p)
		}
	}
	named := make(map[string]int) // in how many metadata files the very name is
	for _, m := range metas {
		for name := range dec.namesIn(m) {
			named[name]++
		}
	}
	var out [][]string
	owner := make(map[string]int) // group of a file
	for _, m := range metas {
		own := dec.namesIn(m)
		var members []*member
		for _, p := range files {
			if own[p] || named[p] == 0 {
				members = append(members, newMember(p))
			}
		}
		claims := dec.claims(*m.doc.(*Metadata))
		reconcile(claims, members)
		at := len(out)
		out = append(out, []string{m.path})
		for _, c := range claims {
			if c.member == nil || c.match == MatchExtension {
				continue
			}
			p := c.member.path
			switch other, taken := owner[p]; {
			case !taken:
				owner[p] = at
				out[at] = append(out[at], p)
			case other != at:
				out[other] = append(out[other], out[at]...)
				out[at] = nil
				for q, g := range owner {
					if g == at {
						owner[q] = other
					}
				}
				at = other
			}
		}
	}
	return slices.DeleteFunc(out, func(g []string) bool { return g == nil })
}

// namesIn returns the names of files in a metadata file.
func (dec *decoding) namesIn(m *member) map[string]bool {
	names := make(map[string]bool)
	for _, c := range dec.claims(*m.doc.(*Metadata)) {
		names[c.name] = true
	}
	return names
}

// looseMetadata reads a loose file as metadata; nil if it is none. What was
// read is remembered until the file changes.
func (d *drop) looseMetadata(ctx context.Context, s *Source, fsys fs.FS, p string) (string, *member, error) {
	info, err := fs.Stat(fsys, p)
	if err != nil {
		return "", nil, err
	}
	key := fmt.Sprintf("%s\x00%d\x00%d", p, info.Size(), info.ModTime().UnixNano())
	d.mu.Lock()
	m, ok := d.metadata[key]
	d.mu.Unlock()
	if ok {
		return key, m, nil
	}
	dec := s.Decoder.begin(ctx)
	if e := ext(p); e != ".xml" && e != ".json" && !s.Decoder.isMetadataName(p) || info.Size() > dec.limits.Metadata {
		return key, nil, nil
	}
	f, err := fsys.Open(p)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(f, dec.limits.Metadata)); err != nil {
		return "", nil, err
	}
	m = newMember(p)
	if err := dec.look(m, &b, false); err != nil {
		if isContent(err) {
			return key, nil, nil
		}
		return "", nil, err
	}
	if _, ok := m.doc.(*Metadata); !ok {
		return key, nil, nil
	}
	return key, m, nil
}

// notice looks what failed transfers left behind, and since when the loose
// files have been as they are.
func (d *drop) notice(s *Source, fsys fs.FS, entries []fs.DirEntry, loose []string) error {
	superseded := make(map[string]string)
	names := make(map[string]bool)
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, e := range entries {
		p := retried.FindStringSubmatch(strings.TrimSuffix(e.Name(), ".zip"))
		if p == nil {
			continue
		}
		was := p[1]
		if !e.IsDir() {
			was += ".zip"
		}
		if names[was] && !s.isWhole(fsys, was) && s.isWhole(fsys, e.Name()) {
			superseded[was] = e.Name()
		}
	}
	var state strings.Builder
	for _, p := range loose {
		info, err := fs.Stat(fsys, p)
		if err != nil {
			continue
		}
		fmt.Fprintf(&state, "%s\x00%d\x00%d\n", p, info.Size(), info.ModTime().UnixNano())
	}
	now := s.time()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.superseded = superseded
	if state.String() != d.loose || d.looseSince.IsZero() {
		d.loose, d.looseSince = state.String(), now
	}
	return nil
}

// isWhole reports whether a folder has metadata or an end marker, or a zip its
// directory: signs that the transfer went through.
func (s *Source) isWhole(fsys fs.FS, name string) bool {
	if path.Ext(name) == ".zip" {
		return s.isZip(fsys, name)
	}
	entries, err := fs.ReadDir(fsys, name)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return s.Decoder.isMarker(e.Name()) || s.Decoder.isMetadataName(e.Name())
	})
}

func (s *Source) isZip(fsys fs.FS, name string) bool {
	f, err := fsys.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	at, ok := f.(io.ReaderAt)
	info, err := f.Stat()
	if !ok || err != nil {
		return false
	}
	_, err = s.Decoder.begin(context.Background()).openZip(at, info.Size())
	return err == nil
}

// sibling returns the name of what took the place of a failed transfer; "" if
// nothing did.
func (d *drop) sibling(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.superseded[name]
}

// looseReady tells whether the files that lie loose have been left alone: any
// of them may be part of a deposit whose metadata comes last. Where others keep
// coming, a file waits no longer than Deadline.
func (d *drop) looseReady(o *opening, age time.Duration) error {
	d.mu.Lock()
	alone := o.time().Sub(d.looseSince)
	d.mu.Unlock()
	if o.Deadline != -1 && age >= o.deadline() {
		return nil
	}
	if err := settled(min(age, alone), o.quiet()); err != nil {
		return launcher.Later(fmt.Errorf("metadata may still come: %w", err))
	}
	return nil
}
