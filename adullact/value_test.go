package adullact

import (
	"encoding/json"
	"testing"
	"time"
)

// Dates are read in the forms that occur, and written in one; what is none
// keeps its text.
func TestDate(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		paris = time.FixedZone("CEST", 2*3600)
	}
	for text, want := range map[string]string{
		"2024-05-17": "2024-05-17", "20240517": "2024-05-17", "17/05/2024": "2024-05-17", "2024-05-17 10:36": "2024-05-17",
		"2024-05-17T10:36:00+02:00": "2024-05-17", "20240517103600": "2024-05-17", " 2024-05-17 ": "2024-05-17",
	} {
		d := parseDate(text)
		out, err := json.Marshal(d)
		if err != nil || !d.Valid() || string(out) != `"`+want+`"` || d.Time(paris).Format(time.RFC3339) != want+"T00:00:00+02:00" {
			t.Errorf("%q is %s, %v, %v; want %s", text, out, d.Time(paris), err, want)
		}
		var again Date
		if err := json.Unmarshal(out, &again); err != nil || again.Year != d.Year || again.Month != d.Month || again.Day != d.Day {
			t.Errorf("%q was read back as %+v, %v", text, again, err)
		}
	}
	for _, text := range []string{"$DteStr", "2018-15-18T16:51:55", "31/02/2024", "0", "2024"} {
		if d := parseDate(text); d.Valid() || d.IsZero() || d.String() != text || !d.Time(time.UTC).IsZero() {
			t.Errorf("%q is %+v at %v, want no day and the text kept", text, d, d.Time(time.UTC))
		}
	}
	if !parseDate("").IsZero() {
		t.Error("an empty text is a date")
	}
}

// Numbers are exact, or none.
func TestDecimal(t *testing.T) {
	for text, want := range map[Decimal]string{"1200.00": "1200.00", "-20.00": "-20.00", "3245.681450": "3245.68", "12,5": "12.50", "+3": "3.00", ".5": "0.50", " 7 ": "7.00"} {
		if r, ok := text.Rat(); !ok || r.FloatString(2) != want {
			t.Errorf("%q is %v, %v; want %s", text, r, ok, want)
		}
	}
	for _, text := range []Decimal{"", "1e9", "1/3", "0x1F", "--1", "1.2.3", "NaN", ".", "1 200"} {
		if r, ok := text.Rat(); ok {
			t.Errorf("%q is %v, want no number", text, r)
		}
	}
}
