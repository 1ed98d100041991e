package schedule

import "slices"

// Instants are seconds of Unix time. Wall seconds are the same count on the
// clock of a zone: an instant plus the offset in force.
const (
	never = 1 << 62

	lastWall = 7258118400 // 2200-01-01 00:00:00

	// slack is more than any offset from UTC. No zone changes its offset and
	// changes it back within twice that time.
	slack = 26 * 60 * 60

	firstInstant = -slack
	lastInstant  = lastWall + slack
)

// next returns the first instant after the given one at which the row fires, or
// never, and the number of months and zone periods it looked at.
func (r *row) next(after int64) (at int64, steps int) {
	u := max(after, firstInstant-1) + 1
	if u >= lastInstant {
		return never, 0
	}
	var p period
	for r.zone.at(u, &p); ; p = r.zone.find(u) {
		from := u + p.offset
		if u == p.start && p.before < p.offset && r.makesUp() {
			lost, n := r.seek(u + p.before)
			if steps += n; lost < from {
				return u, steps
			}
		}
		if p.before > p.offset && r.once() {
			from = max(from, p.start+p.before) // these wall seconds were seen before
		}
		wall, n := r.seek(from)
		wall = r.shown(wall)
		steps += n + 1
		if wall < p.end+p.offset {
			return wall - p.offset, steps
		}
		// The match lies beyond this period. Only the change that ends it can
		// repeat or skip wall seconds before the match.
		u = p.end
		switch skipped := wall < u+p.after; {
		case skipped && r.makesUp():
			return u, steps
		case skipped, p.after < p.offset && !r.once():
			wall, n = r.seek(u + p.after)
			steps += n
		}
		if wall == never {
			return never, steps
		}
		// Later changes matter only where they are near to the match.
		u = max(u, wall-slack)
		if offset, ok := r.zone.steady(wall); ok {
			return wall - offset, steps
		}
	}
}

// shown returns wall, or what comes after it if the clocks skip it and r leaves
// such matches out.
func (r *row) shown(wall int64) int64 {
	if r.policy != Match {
		return wall
	}
	return r.pastGap(wall)
}

func (r *row) pastGap(wall int64) int64 {
	if i, skipped := r.zone.gapOf(wall); skipped {
		return r.afterGap[i]
	}
	return wall
}

// settle makes r follow a policy in a zone. Under Match it finds out what comes
// after each gap: a row that asks for little else than what the clocks skip
// would otherwise have Next try one year after the other.
func (r *row) settle(z *zone, policy ClockChange) {
	r.zone, r.policy, r.afterGap = z, policy, nil
	if policy != Match {
		return
	}
	z.readGaps()
	r.afterGap = make([]int64, len(z.gaps))
	for i, g := range slices.Backward(z.gaps) {
		at, _ := r.seek(g.to)
		r.afterGap[i] = r.pastGap(at)
	}
}
