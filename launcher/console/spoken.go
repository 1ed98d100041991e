package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// grouped writes n with its thousands apart.
func grouped(lang string, n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	sep := ","
	if lang == french {
		sep = "\u202f"
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), sep)
}

// size writes a number of bytes.
func size(lang string, n int64) string {
	unit := say(lang, "unit.byte")
	if n < 1000 {
		return fmt.Sprintf("%d\u00a0%s", n, unit)
	}
	f := float64(n)
	prefix := ""
	for _, p := range []string{"k", "M", "G", "T", "P", "E"} {
		f, prefix = f/1000, p
		if f < 999.5 {
			break
		}
	}
	text := strconv.FormatFloat(f, 'f', 1, 64)
	if f >= 99.95 {
		text = strconv.FormatFloat(f, 'f', 0, 64)
	}
	if lang == french {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + "\u00a0" + prefix + unit
}

// span writes a duration by its largest unit. The script of the pages does the
// same.
func span(lang string, d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d\u00a0s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d\u00a0min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d\u00a0h", d/time.Hour)
	}
	return fmt.Sprintf("%d\u00a0%s", d/(24*time.Hour), say(lang, "day"))
}

// relative writes when t is, seen from now.
func relative(lang string, t, now time.Time) string {
	switch d := t.Sub(now); {
	case d.Abs() < time.Second:
		return say(lang, "now")
	case d > 0:
		return say(lang, "in", span(lang, d))
	default:
		return say(lang, "ago", span(lang, d))
	}
}

var (
	months   = strings.Fields("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.")
	weekdays = strings.Fields("dim. lun. mar. mer. jeu. ven. sam.")
)

// moment writes a date and time in full.
func moment(lang string, t time.Time) string {
	if lang != french {
		return t.Format("Mon 2 Jan 2006, 15:04:05")
	}
	return fmt.Sprintf("%s %d %s %d à %s", weekdays[t.Weekday()], t.Day(), months[t.Month()-1], t.Year(), t.Format("15:04:05"))
}
