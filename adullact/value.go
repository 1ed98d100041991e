package adullact

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// A Decimal is a number as it was written, such as "-20.00" or "3245.681450".
// "" means that there is none. It is exact: nothing is rounded.
type Decimal string

// maxDigits bounds what Rat computes with.
const maxDigits = 100

// Rat returns the number; false if the text is none. A comma counts as a point.
func (d Decimal) Rat() (*big.Rat, bool) {
	s := strings.Replace(strings.TrimSpace(string(d)), ",", ".", 1)
	unsigned := strings.TrimLeft(s, "+-")
	if len(s) > maxDigits || len(s)-len(unsigned) > 1 || strings.Count(unsigned, ".") > 1 ||
		strings.Trim(unsigned, "0123456789.") != "" || strings.Trim(unsigned, ".") == "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// scale returns how many digits follow the point.
func (d Decimal) scale() int {
	_, after, _ := strings.Cut(strings.Replace(strings.TrimSpace(string(d)), ",", ".", 1), ".")
	return len(after)
}

// A sum adds decimals up exactly.
type sum struct {
	total big.Rat
	scale int
	any   bool
}

func (s *sum) add(d Decimal) {
	if r, ok := d.Rat(); ok {
		s.total.Add(&s.total, r)
		s.scale = max(s.scale, d.scale())
		s.any = true
	}
}

// decimal returns the sum with as many digits as the most exact number had.
func (s *sum) decimal() Decimal {
	if !s.any {
		return ""
	}
	return Decimal(s.total.FloatString(s.scale))
}

// A Date is a day of the calendar, without time or zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
	Text  string // as it was written, with what followed the day
}

// IsZero reports whether there is no date at all.
func (d Date) IsZero() bool { return d.Text == "" }

// Valid reports whether the text told a day.
func (d Date) Valid() bool { return d.Day > 0 }

// String returns the date as "2024-05-17", or as it was written if it is not
// valid.
func (d Date) String() string {
	if !d.Valid() {
		return d.Text
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Time returns the start of the day in a place; the zero Time if the date is not
// valid.
func (d Date) Time(loc *time.Location) time.Time {
	if !d.Valid() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// MarshalText returns String: dates are plain strings in JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText returned.
func (d *Date) UnmarshalText(text []byte) error {
	*d = parseDate(string(text))
	return nil
}

// parseDate reads "2024-05-17", "20240517" and "17/05/2024", each with anything
// after a blank or a T.
func parseDate(text string) Date {
	text = strings.TrimSpace(text)
	day := text
	if i := strings.IndexAny(day, " T"); i > 0 {
		day = day[:i]
	}
	if len(day) > 8 && strings.Trim(day, "0123456789") == "" {
		day = day[:8] // digits of a time follow those of the day
	}
	for _, layout := range []string{"2006-01-02", "20060102", "02/01/2006", "2006-01-02Z07:00"} {
		if t, err := time.Parse(layout, day); err == nil {
			return Date{t.Year(), t.Month(), t.Day(), text}
		}
	}
	return Date{Text: text}
}
