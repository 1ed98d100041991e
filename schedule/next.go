package schedule

// Instants are seconds of Unix time. Wall seconds are the same count on the
// clock of a zone: an instant plus the offset in force.
const (
	never = 1 << 62

	lastWall = 7258118400 // 2200-01-01 00:00:00

	// slack is more than any offset from UTC.
	slack = 8 * daySeconds

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
	p := r.zone.at(u)
	for {
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
		steps += n + 1
		if wall < p.end+p.offset {
			return wall - p.offset, steps
		}
		// The match lies beyond this period. Only the change that ends it can
		// repeat or skip wall seconds before the match, so that later changes
		// matter only where they are near to it.
		u = p.end
		if p.after >= p.offset && wall >= u+p.after {
			u = max(u, wall-slack)
		}
		if u >= lastInstant {
			return never, steps
		}
		p = r.zone.find(u)
	}
}
