package schedule

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold takes case, accents and one final dot off a name.
func fold(name string) string {
	for i := range len(name) {
		if name[i] >= 0x80 {
			name = strings.Map(base, norm.NFD.String(name))
			break
		}
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// base drops the marks that stand on letters once a text is decomposed.
func base(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

// weekdayOf returns the weekday of a folded name, counted from Monday, or -1.
func weekdayOf(name string) int {
	switch name {
	case "mon", "monday", "lun", "lundi":
		return 0
	case "tue", "tues", "tuesday", "mar", "mardi":
		return 1
	case "wed", "wednesday", "mer", "mercredi":
		return 2
	case "thu", "thur", "thurs", "thursday", "jeu", "jeudi":
		return 3
	case "fri", "friday", "ven", "vendredi":
		return 4
	case "sat", "saturday", "sam", "samedi":
		return 5
	case "sun", "sunday", "dim", "dimanche":
		return 6
	}
	return -1
}

// monthOf returns the month of a folded name, counted from January, or -1.
func monthOf(name string) int {
	switch name {
	case "jan", "january", "janv", "janvier":
		return 0
	case "feb", "february", "fev", "fevr", "fevrier":
		return 1
	case "mar", "march", "mars":
		return 2
	case "apr", "april", "avr", "avril":
		return 3
	case "may", "mai":
		return 4
	case "jun", "june", "juin":
		return 5
	case "jul", "july", "juil", "juillet":
		return 6
	case "aug", "august", "aou", "aout":
		return 7
	case "sep", "sept", "september", "septembre":
		return 8
	case "oct", "october", "octobre":
		return 9
	case "nov", "november", "novembre":
		return 10
	case "dec", "december", "decembre":
		return 11
	}
	return -1
}
