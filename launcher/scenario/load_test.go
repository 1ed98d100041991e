package scenario_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// A drawer is a protocol for tests: it offers what the test puts into a Script.
type drawer struct {
	Label  string            `json:"label" required:"true"`
	Count  int               `json:"count,omitempty" least:"1" most:"9"`
	Mode   string            `json:"mode,omitempty" values:"fast slow"`
	Wait   scenario.Duration `json:"wait,omitzero"`
	Most   scenario.Size     `json:"most,omitempty"`
	Key    scenario.Secret   `json:"key,omitzero"`
	Inside *struct {
		Deep []string `json:"deep"`
	} `json:"inside,omitempty"`

	sources map[string]launcher.Source // by label
}

func (d *drawer) Origin(secret func(scenario.Secret) (launcher.Secret, error)) (scenario.Origin, error) {
	var faults []error
	if !d.Key.IsZero() {
		if _, err := secret(d.Key); err != nil {
			faults = append(faults, &scenario.KeyError{Key: "key", Err: err})
		}
	}
	if d.Label == "bad" {
		faults = append(faults, &scenario.KeyError{Key: "label", Err: errors.New("is bad")})
	}
	src := d.sources[d.Label]
	if src == nil {
		src = new(launchertest.Script)
	}
	return scenario.Origin{Source: src}, errors.Join(faults...)
}

func env() scenario.Env {
	return scenario.Env{
		Protocols: map[string]scenario.Protocol{"drawer": func() scenario.Form { return new(drawer) }},
		Openers:   protocol.Openers(),
		Sinks:     map[string]launcher.Sink{"cold": new(launchertest.Recorder)},
		Observe:   func(context.Context, launcher.Event) {},
	}
}

// one is a scenario of one launcher with that source and more keys.
func one(source, more string) string {
	if more != "" {
		more = ",\n" + more
	}
	return fmt.Sprintf(`{"launchers": [{
"name": "a",
"source": {"protocol": "drawer", %s},
"schedule": "* * * * * * 0"%s
}]}`, source, more)
}

// Whatever is wrong is told with the launcher, the key and the line.
func TestFaults(t *testing.T) {
	t.Setenv("COLD_EMPTY", "")
	label := `"label": "x"`
	for _, test := range []struct{ name, text, want string }{
		{"no JSON", "{\n\"launchers\": [,]}", "line 2: invalid character ','"},
		{"backslash", "{\"launchers\": [\n{\"name\": \"F:\\qui\"}]}", `line 2: invalid character 'q' in string escape code: a backslash is written twice`},
		{"cut", "{\n", "line 1: unexpected end"},
		{"no object", `[]`, "line 1: want an object {…}, not a list […]"},
		{"no launchers", `{}`, "line 1: launchers: missing"},
		{"twice", "{\"launchers\": [],\n\"launchers\": []}", "line 2: launchers: the key stands there twice"},
		{"unknown key", one(label, `"shedule": ""`), `line 5: launcher "a": shedule: unknown key: is "schedule" meant?`},
		{"unknown key, far off", one(label, `"Bahnhof": ""`), `launcher "a": Bahnhof: unknown key; known are at_start, `},
		{"unknown key of the protocol", one(`"labell": "x", `+label, ""), `line 3: launcher "a": source.labell: unknown key: is "label" meant?`},
		{"unknown key, deep", one(label+`, "inside": {"deap": []}`, ""), `line 3: launcher "a": source.inside.deap: unknown key: is "deep" meant?`},
		{"case", one(`"Label": "x", `+label, ""), `source.Label: unknown key: is "label" meant?`},
		{"missing key", one(`"count": 1`, ""), `line 3: launcher "a": source.label: missing`},
		{"empty", one(`"label": ""`, ""), `line 3: launcher "a": source.label: must not be empty`},
		{"wrong type", one(`"label": 5`, ""), `line 3: launcher "a": source.label: want a string, not a number`},
		{"null", one(`"label": null`, ""), `source.label: want a string, not null`},
		{"wrong type of many", one(label, `"routes": [{"job": "1"}, {"job": "2", "groups": ["pdf", 7]}]`), `line 5: launcher "a": routes[1].groups[1]: want a string, not a number`},
		{"boolean", one(label, `"paused": "yes"`), `line 5: launcher "a": paused: want true or false, not a string`},
		{"fraction", one(label+`, "count": 1.5`, ""), `source.count: 1.5 is not a whole number`},
		{"too little", one(label+`, "count": 0`, ""), `source.count: 0 is less than 1`},
		{"too much", one(label+`, "count": 10`, ""), `source.count: 10 is more than 9`},
		{"out of choice", one(label+`, "mode": "quick"`, ""), `source.mode: "quick" is none of fast, slow`},
		{"span", one(label+`, "wait": "10"`, ""), `source.wait: "10" is not a time span such as`},
		{"negative span", one(label+`, "wait": "-1s"`, ""), `source.wait: "-1s" is not a time span`},
		{"span of another type", one(label+`, "wait": []`, ""), `source.wait: want a string or a number, not a list`},
		{"span of too many days", one(label, `"retain": "999999d"`), `line 5: launcher "a": retain: "999999d" is more than 36500d`},
		{"span that would wrap", one(label, `"overdue": "213504d"`), `line 5: launcher "a": overdue: "213504d" is more than 36500d`},
		{"jitter that would wrap", one(label, `"jitter": "106752d"`), `line 5: launcher "a": jitter: "106752d" is more than 36500d`},
		{"span of copies", one(label, `"backup": {"path": "b", "keep": "213504d"}`), `line 5: launcher "a": backup.keep: "213504d" is more than 36500d`},
		{"days and more", one(label, `"retain": "36500d1ns"`), `line 5: launcher "a": retain: "36500d1ns" is more than 36500d`},
		{"hours", one(label, `"retain": "876001h"`), `line 5: launcher "a": retain: "876001h" is more than 36500d`},
		{"group of a route", one(label, `"routes": [{"job": "1"},
			{"job": "2", "groups": "."}]`), `line 6: launcher "a": routes[1]: `},
		{"size", one(label+`, "most": "20 Mo"`, ""), `source.most: "20 Mo" is not a size`},
		{"control character", one(`"label": "F:\nchp"`, ""), `line 3: launcher "a": source.label: holds a control character ('\n'): a backslash is written twice`},
		{"what the form says", one(`"label": "bad"`, ""), `line 3: launcher "a": source.label: is bad`},
		{"protocol", `{"launchers": [{"name": "a", "source": {"protocol": "drawr"}, "schedule": "* * * * * * 0"}]}`, `launcher "a": source.protocol: unknown protocol "drawr": is "drawer" meant?`},
		{"no protocol", `{"launchers": [{"name": "a", "source": {}, "schedule": "* * * * * * 0"}]}`, `launcher "a": source.protocol: missing`},
		{"sink", one(label, `"sink": "ged"`), `line 5: launcher "a": sink: unknown sink "ged"; known are cold`},
		{"opener", one(label, `"open": ["mail", "zip"]`), `line 5: launcher "a": open[1]: unknown opener "zip"; known are adullact, mail`},
		{"filter", one(label, `"filter": ["*.pdf", "/(/"]`), `line 5: launcher "a": filter.names: `},
		{"filter of a route", one(label, `"routes": [{"job": "1", "filter": {"not": {"subject": "/(/"}}}]`), `line 5: launcher "a": routes[0].filter.not.subject: `},
		{"schedule", `{"launchers": [{"name": "a", "source": {"protocol": "drawer", "label": "x"},
			"schedule": ["* * * * * * 0",
			"* * * * 25 0 0"]}]}`, `line 3: launcher "a": schedule[1]: `},
		{"row in two ways", `{"launchers": [{"name": "a", "source": {"protocol": "drawer", "label": "x"}, "schedule": {"cron": "* * * * *", "every": "5m"}}]}`, `launcher "a": schedule: a row is a string`},
		{"no rows", `{"launchers": [{"name": "a", "source": {"protocol": "drawer", "label": "x"}, "schedule": []}]}`, `launcher "a": schedule: must not be empty`},
		{"zone", one(label, `"zone": "Europe/Pairs"`), `line 5: launcher "a": zone: unknown time zone Europe/Pairs`},
		{"zone of the file", "{\n\"zone\": \"Mars\", \"launchers\": []}", `line 2: zone: unknown time zone Mars`},
		{"name", `{"launchers": [{"name": "a b", "source": {"protocol": "drawer", "label": "x"}, "schedule": "* * * * * * 0"}]}`, `launcher "a b": name: `},
		{"no name", `{"launchers": [{"source": {"protocol": "drawer", "label": "x"}, "schedule": "* * * * * * 0"}]}`, `line 1: launcher "#1": name: missing`},
		{"same name", `{"launchers": [{"name": "a", "source": {"protocol": "drawer", "label": "x"}, "schedule": "* * * * * * 0"},
			{"name": "a", "source": {"protocol": "drawer", "label": "x"}, "schedule": "* * * * * * 0"}]}`, `line 2: launcher "a": name: launcher 1 has this name, too`},
		{"secret in clear", one(label+`, "key": "hunter2"`, ""), `line 3: launcher "a": source.key: want an object that says where the secret is`},
		{"secret of two places", one(label+`, "key": {"env": "A", "file": "b"}`, ""), `source.key: want one of env, file, command, host, literal, not 2 of them`},
		{"secret of no place", one(label+`, "key": {}`, ""), `source.key: want one of`},
		{"secret of an empty name", one(label+`, "key": {"env": ""}`, ""), `source.key: env must not be empty`},
		{"literal secret", one(label+`, "key": {"literal": "hunter2"}`, ""), `line 3: launcher "a": source.key: a secret must not stand in a scenario`},
		{"variable that is not set", one(label+`, "key": {"env": "COLD_EMPTY"}`, ""), `line 3: launcher "a": source.key: environment variable "COLD_EMPTY" is not set`},
		{"file that is not there", one(label+`, "key": {"file": "none/secret"}`, ""), `line 3: launcher "a": source.key: secret: open none/secret`},
		{"program that is not there", one(label+`, "key": {"command": ["no-such-program"]}`, ""), `line 3: launcher "a": source.key: secret: exec: "no-such-program"`},
		{"secret of the host", one(label+`, "key": {"host": "m365"}`, ""), `line 3: launcher "a": source.key: this program has no secret "m365"`},
		{"hidden secret", one(label+`, "key": {"literal": "[secret]"}`, ""), `source.key: the secret was left out when this scenario was written`},
		{"depth", strings.Repeat("[", 50) + strings.Repeat("]", 50), "more than 32 values within one another"},
		{"length", `"` + strings.Repeat("x", 5<<20) + `"`, "more than 4194304 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := scenario.Load([]byte(test.text), env())
			faults := scenario.Faults(err)
			if len(faults) != 1 || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%d faults:\n%v\nwant one that says\n%s", len(faults), err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

// All faults are told at once, in the order of the file.
func TestAllFaultsAtOnce(t *testing.T) {
	const text = `{
  "launchers": [
    {
      "name": "first",
      "source": {"protocol": "drawer", "lable": "x"},
      "schedule": "every day",
      "parallel": "4"
    },
    {
      "name": "second",
      "source": {"protocol": "drawer", "label": "bad", "key": {"env": "COLD_NOT_SET"}},
      "filter": "/(/",
      "sink": 3,
      "shedule": "* * * * * * 0"
    }
  ]
}`
	_, err := scenario.Load([]byte(text), env())
	var got []string
	for _, f := range scenario.Faults(err) {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Launcher, f.Key))
	}
	want := []string{
		"5 first source.label", "5 first source.lable", "6 first schedule", "7 first parallel",
		"9 second schedule", "11 second source.label", "11 second source.key", "12 second filter.names", "13 second sink", "14 second shedule",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("faults\n%s\nwant\n%s\n%v", strings.Join(got, "\n"), strings.Join(want, "\n"), err)
	}
}

// full uses every key.
const full = `{
  "$schema": "scenario.schema.json", "zone": "Europe/Paris",
  "launchers": [{
    "name": "full", "description": "tout", "paused": true,
    "source": {"protocol": "drawer", "label": "é\\x", "count": 3, "mode": "fast", "wait": 10, "most": "20 MB", "key": {"command": ["echo", "x"]}, "inside": {"deep": ["a"]}},
    "backup": {"path": "b", "keep": "90d"}, "open": ["mail", "adullact"],
    "filter": {"names": ["*.pdf", "!x*"], "ignore_case": true, "extensions": "pdf", "folders": ["2026/**"], "types": ["application/pdf"],
      "senders": ["@example.org"], "subject": "/facture/i", "min_size": 1, "max_size": "1 MiB", "newer_than": "1d12h", "any": [["*.a"], "*.b"], "not": "c"},
    "routes": [{"job": "87", "groups": ["pdf", "tar.gz"], "filter": "*.pdf", "split": true}, {"job": "99"}],
    "sink": "cold",
    "schedule": ["* * * * * * */15", {"weekday": "mon-fri", "hour": "8-18"}, {"seconds_first": "0 * * * * * *"}, {"cron": "*/5 * * * *"}, {"every": "90s"}],
    "zone": "UTC", "at_start": true, "catch_up": "1h", "jitter": "30s", "parallel": 4, "attempts": -1,
    "retry": {"first": "3m", "most": "3m"}, "grace": "1m", "stall": 0, "overdue": "2h", "cooldown": 0, "retain": "365d"
  }]
}`

// A scenario that was read and written is the same, and so is one that goes by
// way of encoding/json.
func TestRoundTrip(t *testing.T) {
	f, err := scenario.Load([]byte(full), env())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	again, err := scenario.Load(text, env())
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	second, err := json.MarshalIndent(again, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(second) {
		t.Errorf("written twice:\n%s\nand\n%s", text, second)
	}
	var third scenario.File
	if err := json.Unmarshal(text, &third); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(third.Launchers[0].Schedule, f.Launchers[0].Schedule) || !reflect.DeepEqual(third.Launchers[0].Filter, f.Launchers[0].Filter) {
		t.Errorf("read back: %+v, want %+v", third.Launchers[0], f.Launchers[0])
	}
	for _, want := range []string{`"é\\x"`, `"20 MB"`, `"90d"`, `"1d12h0m0s"`, `"*/5 * * * *"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("what is written lacks %s:\n%s", want, text)
		}
	}
}

// Build fills in each field of the launcher.
func TestBuild(t *testing.T) {
	ledger := new(launcher.MemoryLedger)
	e := env()
	e.Ledger = ledger
	f, err := scenario.Load([]byte(full), e)
	if err != nil {
		t.Fatal(err)
	}
	ls, err := scenario.Build(f, e)
	if err != nil {
		t.Fatal(err)
	}
	l := ls[0]
	if err := l.Validate(); err != nil {
		t.Errorf("what was built has a fault: %v", err)
	}
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"name", l.Name, "full"}, {"ledger", l.Ledger, ledger}, {"sink", l.Sink, e.Sinks["cold"]},
		{"parallel", l.Parallel, 4}, {"attempts", l.MaxAttempts, -1}, {"catch-up", l.CatchUp, time.Hour}, {"jitter", l.Jitter, 30 * time.Second},
		{"grace", l.Grace, time.Minute}, {"stall", l.Stall, time.Duration(-1)}, {"retain", l.Retain, 365 * 24 * time.Hour}, {"overdue", l.Overdue, 2 * time.Hour}, {"cooldown", l.Cooldown, time.Duration(-1)},
		{"rest", l.Backoff(5), 3 * time.Minute}, {"routes", len(l.Routes), 2}, {"job", l.Routes[0].Job, "87"}, {"split", l.Routes[0].Split, true},
		{"groups", l.Routes[0].Groups, []string{"pdf", "tar.gz"}}, {"paused", l.Status().Paused, true},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	at := time.Date(2026, 11, 23, 10, 0, 1, 0, time.UTC)
	if got, want := l.Schedule.Next(at), at.Add(14*time.Second); !got.Equal(want) {
		t.Errorf("next run %v, want %v", got, want)
	}
	if l.Revision == "" || l.Explain == nil || l.Observe == nil {
		t.Errorf("revision %q, explain and observe set: %v, %v", l.Revision, l.Explain != nil, l.Observe != nil)
	}
	f.Launchers[0].Filter.Extensions = scenario.Strings{"xml"}
	other, err := scenario.Build(f, e)
	if err != nil {
		t.Fatal(err)
	}
	if other[0].Revision == l.Revision {
		t.Error("another filter, but the same revision: what was skipped would not be looked at again")
	}
}

// A scenario may be made in Go; faults then have no line.
func TestMadeInGo(t *testing.T) {
	f := scenario.File{Launchers: []scenario.Launcher{{
		Name: "a", Source: scenario.Source{Protocol: "drawer", Settings: json.RawMessage(`{"label": "x", "count": 20}`)},
		Schedule: scenario.Schedule{{Text: "* * * * * * 0"}},
	}}}
	_, err := scenario.Build(f, env())
	if want := `launcher "a": source.count: 20 is more than 9`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	f.Launchers[0].Source.Settings = json.RawMessage(`{"label": "x"}`)
	if ls, err := scenario.Build(f, env()); err != nil || len(ls) != 1 {
		t.Errorf("%v, %v", ls, err)
	}
}

// What a launcher refuses is told by the key, of a scenario made in Go, too.
func TestFaultsMadeInGo(t *testing.T) {
	negative := scenario.Duration(-time.Second)
	nothing := env()
	nothing.Openers = map[string]func(launcher.Source) launcher.Source{"none": func(launcher.Source) launcher.Source { return nil }}
	for key, spoil := range map[string]func(l *scenario.Launcher){
		"name":        func(l *scenario.Launcher) { l.Name = "a b" },
		"parallel":    func(l *scenario.Launcher) { l.Parallel = -1 },
		"attempts":    func(l *scenario.Launcher) { l.Attempts = -2 },
		"catch_up":    func(l *scenario.Launcher) { l.CatchUp = negative },
		"jitter":      func(l *scenario.Launcher) { l.Jitter = negative },
		"grace":       func(l *scenario.Launcher) { l.Grace = &negative },
		"stall":       func(l *scenario.Launcher) { l.Stall = &negative },
		"overdue":     func(l *scenario.Launcher) { l.Overdue = &negative },
		"cooldown":    func(l *scenario.Launcher) { l.Cooldown = &negative },
		"retain":      func(l *scenario.Launcher) { l.Retain = &negative },
		"retry.first": func(l *scenario.Launcher) { l.Retry = &scenario.Retry{First: negative} },
		"retry.most":  func(l *scenario.Launcher) { l.Retry = &scenario.Retry{Most: negative} },
		"backup.keep": func(l *scenario.Launcher) { l.Backup = &scenario.Backup{Path: "b", Keep: negative} },
		"routes[1]":   func(l *scenario.Launcher) { l.Routes = []scenario.Route{{}, {Groups: scenario.Strings{""}}} },
		"source":      func(l *scenario.Launcher) { l.Open = []string{"none"} },
	} {
		l := scenario.Launcher{
			Name: "a", Source: scenario.Source{Protocol: "drawer", Settings: json.RawMessage(`{"label": "x"}`)},
			Schedule: scenario.Schedule{{Text: "* * * * * * 0"}},
		}
		spoil(&l)
		_, err := scenario.Build(scenario.File{Launchers: []scenario.Launcher{l}}, nothing)
		faults := scenario.Faults(err)
		if len(faults) != 1 || faults[0].Key != key {
			t.Errorf("a fault of %s: %v, want one of that key", key, err)
		}
	}
}

// 0 turns off what can be turned off. What is not to be remembered is not
// remembered for ever, which is what a launcher makes of -1.
func TestNone(t *testing.T) {
	f, err := scenario.Load([]byte(one(`"label": "x"`, `"grace": 0, "stall": 0, "overdue": 0, "cooldown": 0, "retain": 0`)), env())
	if err != nil {
		t.Fatal(err)
	}
	ls, err := scenario.Build(f, env())
	if err != nil {
		t.Fatal(err)
	}
	l := ls[0]
	if l.Grace != -1 || l.Stall != -1 || l.Overdue != -1 || l.Cooldown != -1 {
		t.Errorf("grace %d, stall %d, overdue %d, cooldown %d; want -1 for none", l.Grace, l.Stall, l.Overdue, l.Cooldown)
	}
	if l.Retain <= 0 || l.Retain > time.Second {
		t.Errorf("retained for %d, want hardly at all", l.Retain)
	}
}

// The longest span that may be written is 100 years, and a rest that doubles
// stays within what it may be at most.
func TestLongestSpan(t *testing.T) {
	f, err := scenario.Load([]byte(one(`"label": "x"`, `"retain": "36500d", "retry": {"first": "20000d", "most": "36500d"}`)), env())
	if err != nil {
		t.Fatal(err)
	}
	ls, err := scenario.Build(f, env())
	if err != nil {
		t.Fatal(err)
	}
	const century = 36500 * 24 * time.Hour
	f.Launchers[0].Retry = &scenario.Retry{First: math.MaxInt64 - 1, Most: math.MaxInt64} // made in Go
	if ls, err := scenario.Build(f, env()); err != nil || ls[0].Backoff(2) != math.MaxInt64 {
		t.Errorf("%v, or a rest that doubles is not at most what it may be", err)
	}
	if ls[0].Retain != century || ls[0].Backoff(9) != century {
		t.Errorf("retained for %v, rests for %v, want %v", ls[0].Retain, ls[0].Backoff(9), century)
	}
}

// The zone of a launcher counts before that of the file, and that of a row
// before both.
func TestZones(t *testing.T) {
	at := time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct{ file, launcher, row, want string }{
		{"Europe/Paris", "", "* * * * 3 0 0", "02:00"},
		{"Europe/Paris", "UTC", "* * * * 3 0 0", "03:00"},
		{"Europe/Paris", "UTC", "TZ=America/New_York * * * * 3 0 0", "08:00"},
		{"Europe/Paris", "Asia/Tokyo", "* * * * 3 0 0", "18:00"},
	} {
		more := ""
		if test.launcher != "" {
			more = fmt.Sprintf(`, "zone": %q`, test.launcher)
		}
		text := fmt.Sprintf(`{"zone": %q, "launchers": [{"name": "a", "source": {"protocol": "drawer", "label": "x"}, "schedule": %q%s}]}`, test.file, test.row, more)
		f, err := scenario.Load([]byte(text), env())
		if err != nil {
			t.Fatal(err)
		}
		ls, err := scenario.Build(f, env())
		if err != nil {
			t.Fatal(err)
		}
		if got := ls[0].Schedule.Next(at).UTC().Format("15:04"); got != test.want {
			t.Errorf("%+v: next at %s UTC", test, got)
		}
	}
}

// Files of Windows editors are read.
func TestByteOrderMark(t *testing.T) {
	if _, err := scenario.Load([]byte("\ufeff"+one(`"label": "x"`, "")), env()); err != nil {
		t.Error(err)
	}
}

func TestSecrets(t *testing.T) {
	t.Setenv("COLD_SECRET", "from the environment")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from a file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		s          scenario.Secret
		want, fail string
	}{
		{scenario.Secret{Env: "COLD_SECRET"}, "from the environment", ""},
		{scenario.Secret{File: file}, "from a file", ""},
		{scenario.Secret{Command: []string{self, "print", "from a command\n"}}, "from a command", ""},
		{scenario.Secret{Command: []string{self, "print", ""}}, "", "printed nothing"},
		{scenario.Secret{Command: []string{self, "print", strings.Repeat("x", 70_000)}}, "", "more than 65536 bytes"},
		{scenario.Secret{Command: []string{self, "fail", "vault\x1b is sealed"}}, "", `"vault\x1b is sealed"`},
	} {
		t.Run(test.s.String()[:min(len(test.s.String()), 60)], func(t *testing.T) {
			secret, err := test.s.Resolve()
			if err != nil {
				t.Fatal(err)
			}
			got, err := secret(t.Context())
			if got != test.want || (err != nil) != (test.fail != "") || err != nil && !strings.Contains(err.Error(), test.fail) {
				t.Errorf("%q, %v; want %q, an error with %q", got, err, test.want, test.fail)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	secret, err := scenario.Secret{Command: []string{self, "print", "x"}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secret(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A literal secret is for hosts that allow it, and is not written back.
func TestLiteralSecret(t *testing.T) {
	e := env()
	var got string
	e.Secret = func(s scenario.Secret) (launcher.Secret, error) {
		if s.Literal != "" {
			got = s.Literal
			return launcher.SecretText(s.Literal), nil
		}
		return s.Resolve()
	}
	text := one(`"label": "x", "key": {"literal": "hunter2"}`, "")
	f, err := scenario.Load([]byte(text), e)
	if err != nil || got != "hunter2" {
		t.Fatalf("%v, the host was asked about %q", err, got)
	}
	written, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%s %v %+v %#v", written, f.Launchers[0].Name, scenario.Secret{Literal: "hunter2"}, scenario.Secret{Literal: "hunter2"})
	if strings.Contains(shown, "hunter2") {
		t.Errorf("the secret is shown: %s", shown)
	}
}

// TestMain is also the program that prints secrets.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "print" {
		fmt.Print(os.Args[2])
		os.Exit(0)
	}
	if len(os.Args) == 3 && os.Args[1] == "fail" {
		fmt.Fprint(os.Stderr, os.Args[2])
		os.Exit(1)
	}
	os.Exit(m.Run())
}
