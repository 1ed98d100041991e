package schedule

import (
	"fmt"
	"strings"
	"unicode"
)

// maxRow is the longest row that is read, in bytes. The longest one that means
// something lists every year.
const maxRow = 4096

// parseRow parses one row whose columns stand in the given order, and refuses
// those that never fire.
func parseRow(text string, order []column, n Numbering) (row, error) {
	r, err := parseColumns(text, order, n)
	if err != nil {
		return row{}, err
	}
	return r, r.check(text)
}

// check returns an error if no date matches the row.
func (r *row) check(text string) error {
	if r.possible() {
		return nil
	}
	return fmt.Errorf("row %q: %w", clip(text), ErrNeverFires)
}

// parseColumns parses a row without asking whether it ever fires. Columns that
// are not in order stay open.
func parseColumns(text string, order []column, n Numbering) (row, error) {
	r := row{
		years: first(allYears), months: allMonths, week: allWeek, days: allDays,
		hours: allHours, minutes: allSixty, seconds: allSixty,
	}
	if len(text) > maxRow {
		return row{}, &SyntaxError{Row: text, Reason: fmt.Sprintf("%d bytes", len(text)), Allowed: fmt.Sprintf("at most %d", maxRow)}
	}
	rest, count := text, 0
	for ; ; count++ {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" {
			break
		}
		end := strings.IndexFunc(rest, unicode.IsSpace)
		if end < 0 {
			end = len(rest)
		}
		if count < len(order) {
			p := parser{row: text, offset: len(text) - len(rest), column: order[count], numbering: n}
			f, err := p.field(rest[:end])
			if err != nil {
				return row{}, err
			}
			r.set(order[count], f)
		}
		rest = rest[end:]
	}
	if count != len(order) {
		return row{}, countError(text, count, order)
	}
	return r, nil
}

func countError(text string, count int, order []column) error {
	names := make([]string, len(order))
	for i, c := range order {
		names[i] = c.String()
	}
	return &SyntaxError{
		Row:     text,
		Reason:  fmt.Sprintf("%d columns", count),
		Allowed: fmt.Sprintf("%d: %s", len(order), strings.Join(names, ", ")),
	}
}

// set makes f the column c of the row.
func (r *row) set(c column, f field) {
	switch c {
	case year:
		r.years = f.bits
	case month:
		r.months = uint16(f.bits[0])
	case weekday:
		r.week, r.nth, r.last, r.weekSteps = uint8(f.bits[0]), f.nth, f.last, f.steps
	case day:
		r.days, r.fromEnd, r.near, r.nearEnd = uint32(f.bits[0]), f.fromEnd, f.near, f.nearEnd
	case hour:
		r.hours, r.wildHours = uint32(f.bits[0]), f.wild
	case minute:
		r.minutes, r.wildMinutes = f.bits[0], f.wild
	case second:
		r.seconds, r.wildSeconds = f.bits[0], f.wild
	}
	r.unevenSteps = r.unevenSteps || f.uneven
}

// A field is what one column says.
type field struct {
	bits                   [4]uint64
	fromEnd, near, nearEnd uint32
	nth                    [5]uint8
	last                   uint8
	wild                   bool // a star, a range or a step
	steps                  bool // a step of more than 1
	uneven                 bool // a step over the whole column that does not divide it
}

// A parser reads one column.
type parser struct {
	row       string
	offset    int // of what is being read
	column    column
	numbering Numbering
}

func (p *parser) fail(text, reason string) error {
	return &SyntaxError{
		Row: p.row, Column: p.column.String(), Offset: p.offset, Text: text,
		Reason: reason, Allowed: p.column.allowed(p.numbering),
	}
}

func (p *parser) field(text string) (f field, err error) {
	if text == "?" {
		if p.column != weekday && p.column != day {
			return f, p.fail(text, "stands for a weekday or a day only")
		}
		text = "*"
	}
	for {
		item, rest, more := strings.Cut(text, ",")
		if err := p.item(&f, item); err != nil {
			return f, err
		}
		if !more {
			return f, nil
		}
		p.offset += len(item) + 1
		text = rest
	}
}

// item reads what stands between two commas.
func (p *parser) item(f *field, item string) error {
	if item == "" {
		return p.fail(item, "is empty")
	}
	switch last := item[len(item)-1]; {
	case p.column == day && !isDigit(last), p.column == day && !isDigit(item[0]):
		if item[0] != '*' {
			return p.movableDay(f, item)
		}
	case p.column == weekday && strings.Contains(item, "#"):
		return p.nthWeekday(f, item)
	case p.column == weekday && last|0x20 == 'l':
		return p.lastWeekday(f, item)
	}
	return p.steps(f, item)
}

// first returns a set of n bits.
func first(n int) (set [4]uint64) {
	for i := range set {
		set[i] = 1<<min(max(n-64*i, 0), 64) - 1
	}
	return set
}

// steps reads a value, a range or a star, and the step that may follow.
func (p *parser) steps(f *field, item string) error {
	s := p.column.scale(p.numbering)
	if item == "*" {
		f.bits, f.wild = first(s.size()), true
		return nil
	}
	from, step, stepped := strings.Cut(item, "/")
	by := 1
	if stepped {
		n, ok := number(step)
		if !ok || n < 1 || n >= s.size() {
			return p.fail(item, fmt.Sprintf("has a step that is not a number from 1 to %d", s.size()-1))
		}
		if p.column == year && from == "*" {
			return p.fail(item, "does not say which year to count from: write 2024/4")
		}
		by = n
	}
	from, to, ranged := strings.Cut(from, "-")
	a, b := s.first, s.last
	if from != "*" || ranged {
		var err error
		if a, err = p.value(s, from); err != nil {
			return err
		}
		switch {
		case ranged:
			if b, err = p.value(s, to); err != nil {
				return err
			}
		case stepped:
			b = max(a, s.last)
		default:
			b = a
		}
	}
	if a > b {
		if p.column == year {
			return p.fail(item, "ends before it begins")
		}
		b += s.size()
	}
	i := s.index(a)
	for n := a; n <= b; n += by {
		f.bits[i/64] |= 1 << (i % 64)
		if i += by; i >= s.size() {
			i -= s.size()
		}
	}
	f.wild = f.wild || ranged || stepped || from == "*"
	f.steps = f.steps || by > 1
	f.uneven = f.uneven || from == "*" && s.size()%by != 0 && p.column >= hour
	return nil
}

// value reads a number or a name.
func (p *parser) value(s scale, text string) (int, error) {
	if n, ok := number(text); ok {
		if n < s.lo || n > s.hi {
			return 0, p.fail(text, "is out of range")
		}
		return n, nil
	}
	name, n := "", -1
	switch p.column {
	case month:
		name = fold(text)
		n = monthOf(name)
	case weekday:
		name = fold(text)
		n = weekdayOf(name)
	}
	switch {
	case n >= 0:
		if n += s.origin; n > s.last {
			n -= s.size()
		}
		return n, nil
	case name == "jui":
		return 0, p.fail(text, "may be juin or juillet")
	case name == "l":
		return 0, p.fail(text, "does not say the last of which weekday")
	case text == "":
		return 0, p.fail(text, "is empty")
	}
	return 0, p.fail(text, "is not understood")
}

// nthWeekday reads "fri#2", the second Friday of the month.
func (p *parser) nthWeekday(f *field, item string) error {
	name, ordinal, _ := strings.Cut(item, "#")
	if len(ordinal) != 1 || ordinal[0] < '1' || ordinal[0] > '5' {
		return p.fail(item, "is not the first to fifth of a weekday")
	}
	s := p.column.scale(p.numbering)
	n, err := p.value(s, name)
	if err != nil {
		return err
	}
	f.nth[ordinal[0]-'1'] |= 1 << s.index(n)
	return nil
}

// lastWeekday reads "friL", the last Friday of the month.
func (p *parser) lastWeekday(f *field, item string) error {
	s := p.column.scale(p.numbering)
	name := item[:len(item)-1]
	if name == "" {
		name = item
	}
	n, err := p.value(s, name)
	if err != nil {
		return err
	}
	f.last |= 1 << s.index(n)
	return nil
}

// movableDay reads "L", "L-3", "15W", "LW" and "L-3W", in either case, and
// "dernier" or "last".
func (p *parser) movableDay(f *field, item string) error {
	name := strings.ToLower(item)
	if folded := fold(item); folded == "dernier" || folded == "last" {
		name = "l"
	}
	digits, nearest := strings.CutSuffix(name, "w")
	back, fromEnd := strings.CutPrefix(digits, "l")
	if fromEnd {
		var dash bool
		if digits, dash = strings.CutPrefix(back, "-"); back == "" {
			digits = "0"
		} else if !dash {
			digits = ""
		}
	}
	n, ok := number(digits)
	switch {
	case !ok, !fromEnd && !nearest:
		return p.fail(item, "is not understood")
	case fromEnd && n > 30, !fromEnd && (n < 1 || n > 31):
		return p.fail(item, "is out of range")
	case fromEnd && nearest:
		f.nearEnd |= 1 << n
	case fromEnd:
		f.fromEnd |= 1 << n
	default:
		f.near |= 1 << (n - 1)
	}
	return nil
}

// number reads one to four digits.
func number(text string) (int, bool) {
	if text == "" || len(text) > 4 {
		return 0, false
	}
	n := 0
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, true
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
