package scenario_test

import (
	"encoding/json"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
)

// Whatever the text, Load returns; a scenario without faults is written so that
// it reads the same, and its launchers are valid.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(one(`"label": "x"`, `"filter": "/(?!x).*/", "routes": [{}]`)))
	f.Add([]byte(`{"launchers": [{}, 1, null, {"name": "a", "source": []}]}`))
	f.Add([]byte("\ufeff{\"launchers\"\n:[\t]\r\n}"))
	e := env()
	e.Secret = func(scenario.Secret) (launcher.Secret, error) { return launcher.SecretText("x"), nil }
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := scenario.Load(text, e)
		if err != nil {
			for _, fault := range scenario.Faults(err) {
				if fault.Line < 1 {
					t.Errorf("a fault without a line: %v", fault)
				}
			}
			return
		}
		written, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := scenario.Load(written, e)
		if err != nil {
			t.Fatalf("%v in what was written of %q: %s", err, text, written)
		}
		twice, err := json.Marshal(again)
		if err != nil || string(twice) != string(written) {
			t.Errorf("written twice, %v: %s and %s", err, written, twice)
		}
		ls, err := scenario.Build(file, e)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range ls {
			if err := l.Validate(); err != nil {
				t.Errorf("of %q: %v", text, err)
			}
		}
	})
}
