package schedule

import (
	"sync/atomic"
	"time"
)

// A zone is a location that remembers what it was last asked, for launchers ask
// for their next run again and again.
type zone struct {
	loc  *time.Location
	last atomic.Pointer[period]
	far  atomic.Uint64 // the last answer of steady
}

// A period is a stretch of instants with one offset from UTC.
type period struct {
	start, end            int64 // end is not part of it
	before, offset, after int64 // seconds east of UTC before start, within, and from end on
}

// at returns the period of u and remembers it.
func (z *zone) at(u int64) *period {
	p := z.last.Load()
	if p == nil || u < p.start || p.end <= u {
		found := z.find(u)
		p = &found
		z.last.Store(p)
	}
	return p
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
