package dir

import (
	"hash/maphash"
	"os"
)

// Looks remember what the Source saw in the pass before: for each state of a
// file, when it was first seen in it. Files are told apart by a hash, so that
// many cost little; were two ever to share one, the younger would be taken for
// as old as the other.
type looks struct {
	seed maphash.Seed
	at   map[uint64]int64 // by path, size and mtime; nil: there was no pass before
}

// A look is the scan under way; nil if nobody asks how old files are.
type look struct {
	now  int64
	seed maphash.Seed
	prev map[uint64]int64
	next map[uint64]int64
}

func (l looks) begin(s *Source) *look {
	if s.Quiet == 0 && s.Deadline == 0 {
		return nil
	}
	if l.at == nil {
		l.seed = maphash.MakeSeed()
	}
	return &look{now: s.time().UnixNano(), seed: l.seed, prev: l.at, next: make(map[uint64]int64, len(l.at))}
}

func (l *look) end() looks {
	if l == nil {
		return looks{}
	}
	return looks{l.seed, l.next}
}

// since returns since when a file has been left alone. That is the latest of
// its times and of the moment it was first seen as it is, unless that was in
// the first pass: then its times are all there is, or, where they lie in the
// future, this moment. So a writer that presets or preserves times is not
// believed, once there was a pass that did not see its file.
func (l *look) since(e entry, info os.FileInfo) int64 {
	if l == nil {
		return 0
	}
	key := maphash.Comparable(l.seed, struct {
		path        string
		size, mtime int64
	}{e.path, e.size, e.mtime})
	touched := max(e.mtime, changed(info).UnixNano())
	seen, known := l.prev[key]
	if !known && (l.prev != nil || touched > l.now) {
		seen = l.now
	}
	seen = min(seen, l.now) // the clock may have been set back
	if touched <= l.now {
		seen = max(seen, touched)
	}
	l.next[key] = seen
	return seen
}
