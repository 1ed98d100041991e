package schedule_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/schedule"
)

// A vectorFile holds answers of other schedulers, each checked against a
// brute-force oracle.
type vectorFile struct {
	Vectors []struct {
		ID       string      `json:"id"`
		Rows     []string    `json:"rows"`
		TZ       string      `json:"tz"`
		After    time.Time   `json:"after"`
		Next     []time.Time `json:"next"`
		Nth      int         `json:"nth"`
		ThenNone bool        `json:"then_none"`
		Policy   string      `json:"policy"`
	} `json:"vectors"`
	Fires []struct {
		ID    string    `json:"id"`
		Rows  []string  `json:"rows"`
		TZ    string    `json:"tz"`
		At    time.Time `json:"at"`
		Fires bool      `json:"fires"`
	} `json:"fires"`
	Invalid []struct {
		Row  string `json:"row"`
		Kind string `json:"kind"`
	} `json:"invalid"`
}

func readVectors(t *testing.T) map[string]vectorFile {
	t.Helper()
	root := launchertest.Samples(t)
	paths, err := filepath.Glob(filepath.Join(root, "schedule", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no schedule vectors in %q: %v", root, err)
	}
	files := make(map[string]vectorFile)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f vectorFile
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatalf("%s: %v", filepath.Base(path), err)
		}
		files[filepath.Base(path)] = f
	}
	return files
}

// policies returns the policies under which an answer holds.
func policies(name string) []schedule.ClockChange {
	switch name {
	case "keep":
		return []schedule.ClockChange{schedule.Keep}
	case "match":
		return []schedule.ClockChange{schedule.Match}
	}
	return []schedule.ClockChange{schedule.Keep, schedule.Match}
}

func TestVectors(t *testing.T) {
	records := 0
	for name, f := range readVectors(t) {
		for _, v := range f.Vectors {
			records++
			s, err := schedule.Rows(v.Rows...)
			if errors.Is(err, schedule.ErrNeverFires) && len(v.Next) == 0 && v.ThenNone {
				continue // no instant at all: other schedulers accept such a row
			}
			if err != nil {
				t.Errorf("%s: %v", v.ID, err)
				continue
			}
			n := max(v.Nth, len(v.Next))
			if v.ThenNone {
				n++
			}
			for _, policy := range policies(v.Policy) {
				s := s.In(location(t, v.TZ)).On(policy)
				got := s.NextN(v.After, n)
				if v.Nth > 0 {
					got = got[min(v.Nth-1, len(got)):]
				}
				if !slices.EqualFunc(got, v.Next, time.Time.Equal) {
					t.Errorf("%s: %q in %s after %v under %v:\n got %v\nwant %v", v.ID, v.Rows, v.TZ, v.After, policy, got, v.Next)
				}
			}
		}
		for _, v := range f.Fires {
			records++
			s := schedule.Must(schedule.Rows(v.Rows...)).In(location(t, v.TZ))
			if got := s.Next(v.At.Add(-time.Second)).Equal(v.At); got != v.Fires {
				t.Errorf("%s: %q fires at %v: %v, want %v", v.ID, v.Rows, v.At, got, v.Fires)
			}
		}
		for _, v := range f.Invalid {
			records++
			_, err := schedule.Row(v.Row)
			var syntax *schedule.SyntaxError
			if v.Kind == "never" && !errors.Is(err, schedule.ErrNeverFires) || v.Kind == "syntax" && !errors.As(err, &syntax) {
				t.Errorf("%s: row %q: %v, want a refusal of the kind %q", name, v.Row, err, v.Kind)
			}
		}
	}
	t.Logf("%d records", records)
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("the tests need time zone data: %v", err)
	}
	return loc
}
