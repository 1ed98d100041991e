package schedule

import (
	"fmt"
	"strings"
)

// A language holds the words of Describe. What is not a function is a word, or
// a format. Units are hour, minute, second; weekdays begin with Monday.
type language struct {
	semicolon, and, or, to string

	daily, at, during          string
	each, every, oneOf, someOf [3]string

	weekdays                             [7]string
	eachWeekday, weekdaySpan, oneWeekday string
	nthWeekday, last                     string
	ordinals                             [5]string

	dayOfMonth             func(n int) string
	ordinal                func(n int) string
	theDay, daySpan, dayIn string
	lastDay, beforeLast    string
	nearest, lastWork      string
	ifItIs                 string

	months                              [12]string
	monthSpan                           func(from, to string) string
	in, yearSpan, yearsFrom, everyYears string
}

func english() language {
	return language{
		semicolon: "; ", and: "and", or: "or", to: "to",

		daily:  "every day",
		at:     "at %s",
		during: "from %s to %s",
		each:   [3]string{"every hour", "every minute", "every second"},
		every:  [3]string{"every %d hours", "every %d minutes", "every %d seconds"},
		oneOf:  [3]string{"in hour %s", "at minute %s", "at second %s"},
		someOf: [3]string{"in hours %s", "at minutes %s", "at seconds %s"},

		weekdays:    [7]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
		eachWeekday: "%ss",
		weekdaySpan: "%s to %s",
		oneWeekday:  "a %s",
		nthWeekday:  "the %s %s of the month",
		ordinals:    [5]string{"first", "second", "third", "fourth", "fifth"},
		last:        "last",

		dayOfMonth: englishOrdinal,
		ordinal:    englishOrdinal,
		theDay:     "the %s",
		daySpan:    "the %s to the %s",
		dayIn:      "%s of %s",
		lastDay:    "last day of the month",
		lastWork:   "the last working day (Monday to Friday) of the month",
		beforeLast: "%s day before the last of the month",
		nearest:    "the working day (Monday to Friday) nearest to the %s",
		ifItIs:     "if it is %s",

		months: [12]string{"January", "February", "March", "April", "May", "June",
			"July", "August", "September", "October", "November", "December"},
		monthSpan:  func(from, to string) string { return "from " + from + " to " + to },
		in:         "in %s",
		yearSpan:   "from %d to %d",
		yearsFrom:  "from %d on",
		everyYears: "every %d years from %d to %d",
	}
}

func englishOrdinal(n int) string {
	suffix := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

func french() language {
	return language{
		semicolon: " ; ", and: "et", or: "ou", to: "à",

		daily:  "tous les jours",
		at:     "à %s",
		during: "de %s à %s",
		each:   [3]string{"toutes les heures", "toutes les minutes", "toutes les secondes"},
		every:  [3]string{"toutes les %d heures", "toutes les %d minutes", "toutes les %d secondes"},
		oneOf:  [3]string{"pendant l'heure %s", "à la minute %s", "à la seconde %s"},
		someOf: [3]string{"pendant les heures %s", "aux minutes %s", "aux secondes %s"},

		weekdays:    [7]string{"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"},
		eachWeekday: "le %s",
		weekdaySpan: "du %s au %s",
		oneWeekday:  "un %s",
		nthWeekday:  "le %s %s du mois",
		ordinals:    [5]string{"premier", "deuxième", "troisième", "quatrième", "cinquième"},
		last:        "dernier",

		dayOfMonth: frenchDay,
		ordinal:    frenchOrdinal,
		theDay:     "le %s",
		daySpan:    "du %s au %s",
		dayIn:      "%s %s",
		lastDay:    "dernier jour du mois",
		lastWork:   "le dernier jour ouvré (du lundi au vendredi) du mois",
		beforeLast: "%s jour avant le dernier du mois",
		nearest:    "le jour ouvré (du lundi au vendredi) le plus proche du %s",
		ifItIs:     "si c'est %s",

		months: [12]string{"janvier", "février", "mars", "avril", "mai", "juin",
			"juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		monthSpan:  frenchMonths,
		in:         "en %s",
		yearSpan:   "de %d à %d",
		yearsFrom:  "à partir de %d",
		everyYears: "tous les %d ans de %d à %d",
	}
}

func frenchDay(n int) string {
	if n == 1 {
		return "1er"
	}
	return fmt.Sprint(n)
}

func frenchOrdinal(n int) string {
	if n == 1 {
		return "1er"
	}
	return fmt.Sprint(n, "e")
}

// frenchMonths elides before a vowel: "d'avril à juin".
func frenchMonths(from, to string) string {
	of := "de "
	if strings.ContainsRune("ao", rune(from[0])) {
		of = "d'"
	}
	return of + from + " à " + to
}

// list joins items by commas, the last by a conjunction.
func (l language) list(items []string, conjunction string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " " + conjunction + " " + items[last]
}

// numbers names the members of a set, in ranges where there are three or more
// in a row.
func (l language) numbers(s set) []string {
	same := func(text string) string { return text }
	return items(s, s.value, same, func(from, to string) string { return from + " " + l.to + " " + to })
}

// items names the members of a set. Runs of three and more become spans, unless
// span is nil.
func items(s set, name func(int) string, one func(string) string, span func(from, to string) string) []string {
	var all []string
	for _, r := range s.runs(s.members()) {
		n := s.length(r)
		if n >= 3 && span != nil {
			all = append(all, span(name(r.from), name(r.to)))
			continue
		}
		for i := range n {
			all = append(all, one(name((r.from+i)%s.scale.size())))
		}
	}
	return all
}
