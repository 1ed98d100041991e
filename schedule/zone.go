package schedule

import (
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// A zone is a location that remembers what it was last asked, for launchers ask
// for their next run again and again.
type zone struct {
	loc  *time.Location
	last memory
	far  atomic.Uint64 // the last answer of steady

	reading sync.Once
	gaps    []gap // in their order; what readGaps found
}

// A period is a stretch of instants with one offset from UTC.
type period struct {
	start, end            int64 // end is not part of it
	before, offset, after int64 // seconds east of UTC before start, within, and from end on
}

// A gap is a stretch of wall seconds that the clocks of a zone never show,
// because they are put forward over it. to is not part of it.
type gap struct{ from, to int64 }

// A memory holds one period. Any number of goroutines may use it at once, and
// none waits or allocates: version is odd while the fields change, and what was
// read while it changed is not believed.
type memory struct {
	version                           atomic.Uint64
	start, end, before, offset, after atomic.Int64
}

// load reports whether u lies in the period that m holds, and if so, copies it.
func (m *memory) load(u int64, p *period) bool {
	version := m.version.Load()
	if u < m.start.Load() || m.end.Load() <= u || version%2 != 0 {
		return false
	}
	p.start, p.end = m.start.Load(), m.end.Load()
	p.before, p.offset, p.after = m.before.Load(), m.offset.Load(), m.after.Load()
	return m.version.Load() == version
}

// store does nothing while another goroutine stores.
func (m *memory) store(p *period) {
	version := m.version.Load()
	if version%2 != 0 || !m.version.CompareAndSwap(version, version+1) {
		return
	}
	m.start.Store(p.start)
	m.end.Store(p.end)
	m.before.Store(p.before)
	m.offset.Store(p.offset)
	m.after.Store(p.after)
	m.version.Store(version + 2)
}

// at sets p to the period of u, and remembers it.
func (z *zone) at(u int64, p *period) {
	if !z.last.load(u, p) {
		*p = z.find(u)
		z.last.store(p)
	}
}

// readGaps finds everything that the clocks skip, once.
func (z *zone) readGaps() {
	z.reading.Do(func() {
		for u := int64(firstInstant); u < lastInstant; {
			p := z.find(u)
			if p.after > p.offset {
				z.gaps = append(z.gaps, gap{p.end + p.offset, p.end + p.after})
			}
			u = p.end
		}
	})
}

// gapOf returns the gap in which a wall second lies, if there is one.
func (z *zone) gapOf(wall int64) (i int, skipped bool) {
	i = sort.Search(len(z.gaps), func(i int) bool { return z.gaps[i].to > wall })
	return i, i < len(z.gaps) && z.gaps[i].from <= wall
}

// find returns the period of u. What ZoneBounds says is checked, because beyond
// the table of a zone it is only near the truth: it reports changes at New Year
// that change nothing, and on 31 December of leap years an end that is past.
func (z *zone) find(u int64) period {
	t := time.Unix(u, 0).In(z.loc)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	p := period{start: firstInstant, end: lastInstant, offset: int64(offset)}
	if !start.IsZero() {
		p.start = start.Unix()
	}
	if !end.IsZero() {
		p.end = end.Unix()
	}
	if p.start > u || z.offset(p.start) != p.offset {
		p.start = u
	}
	if p.end <= u || z.offset(p.end-1) != p.offset {
		p.end = z.change(u)
	}
	p.before, p.after = z.offset(p.start-1), z.offset(p.end)
	return p
}

// steady returns the offset around a wall second, if it is the same from slack
// before to slack after it.
func (z *zone) steady(wall int64) (offset int64, ok bool) {
	const width, middle = 30, 1 << 29 // an offset plus middle takes width bits
	key := uint64(wall + 1)           // never 0, which stands for no answer yet
	if known := z.far.Load(); known>>width == key {
		return int64(known&(1<<width-1)) - middle, true
	}
	offset = z.offset(wall - slack)
	if offset != z.offset(wall+slack) {
		return 0, false
	}
	z.far.Store(key<<width | uint64(offset+middle))
	return offset, true
}

// change returns the first change of offset within the day after u, and the end
// of that day if there is none.
func (z *zone) change(u int64) int64 {
	same, other, offset := u, u+daySeconds, z.offset(u)
	if z.offset(other) == offset {
		return other
	}
	for other-same > 1 {
		middle := same + (other-same)/2
		if z.offset(middle) == offset {
			same = middle
		} else {
			other = middle
		}
	}
	return other
}

func (z *zone) offset(u int64) int64 {
	_, offset := time.Unix(u, 0).In(z.loc).Zone()
	return int64(offset)
}
