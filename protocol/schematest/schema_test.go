package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// full uses every key of the launchers and of two protocols; the seeds use
// others.
const full = `{"$schema": "x", "zone": "UTC", "launchers": [
{"name": "a", "description": "d", "paused": true,
 "source": {"protocol": "imap", "server": "s", "port": 993, "security": "starttls", "account": "a", "token": {"command": ["x", "y"]},
   "folder": "f", "subfolders": true, "after": "flag", "flag": "x", "only": {"unread": true, "from": "x", "since": "2026-01-31"},
   "message": true, "body": true, "keep_nested": true, "strict": true, "watch": true, "connections": 2, "compress": "auto",
   "max_size": "20 MB", "max_mails": 5, "max_bytes": 1000},
 "backup": {"path": "p", "keep": "90d"}, "open": ["adullact", "mail"],
 "filter": {"names": ["*.pdf", "!x"], "ignore_case": true, "extensions": "pdf", "folders": ["x"], "types": ["application/pdf"],
   "senders": ["@x.org"], "subject": "x", "min_size": 1, "max_size": "2 kB", "newer_than": "1d", "any": ["*.a", ["*.b"]], "not": {"names": "x"}},
 "routes": [{"job": "1", "groups": "pdf", "filter": "*.x", "split": true}, {"job": "2", "groups": ["a", "b"]}],
 "sink": "cold", "schedule": ["* * * * * * 0", {"hour": "3"}, {"cron": "* * * * *"}, {"every": "90s"}, {"seconds_first": "0 * * * * * *"}],
 "zone": "UTC", "at_start": true, "catch_up": 3600, "jitter": "1m", "parallel": 2, "attempts": -1,
 "retry": {"first": "1m", "most": "1h"}, "grace": "1m", "stall": 0, "overdue": "1h", "cooldown": 0, "retain": "1d"},
{"name": "b", "schedule": {"minute": "0"},
 "source": {"protocol": "directory", "path": "p", "done": "d", "rejected": "r", "collision": "equal", "max_size": 5, "limit": 3, "watch": true,
   "subfolders": true, "delay": 10, "companions": ["pdf", "xml"], "marker": "{name}.ok", "deadline": "1h", "partial": true}}
]}`

func env() scenario.Env {
	return scenario.Env{
		Protocols: protocol.Builtin(), Openers: protocol.Openers(), Sinks: map[string]launcher.Sink{"cold": nil},
		Secret: func(scenario.Secret) (launcher.Secret, error) { return launcher.SecretText("x"), nil },
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := scenario.Schema(env())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// structural are the faults that a schema can tell.
var structural = regexp.MustCompile(`: (unknown key|missing$|must not be empty|want (a|an|true|one)|.* is none of|.* is less than|.* is more than|.* is not a (whole number|time span|size|number of)|holds a control)`)

// The schema accepts what Load accepts, and refuses what Load refuses for its
// structure, for thousands of scenarios that differ in one place from a good
// one.
func TestSchemaAgreesWithLoad(t *testing.T) {
	schema := compile(t)
	texts := []string{full}
	for _, name := range []string{"gmail.json", "chorus.json"} {
		b, err := os.ReadFile("../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	tried, accepted, refused := 0, 0, 0
	for _, text := range texts {
		if _, err := scenario.Load([]byte(text), env()); err != nil {
			t.Fatal(err)
		}
		for _, m := range mutants(t, text) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(m))
			if err != nil {
				t.Fatal(err)
			}
			invalid := schema.Validate(doc)
			_, fault := scenario.Load([]byte(m), env())
			tried++
			if invalid == nil {
				accepted++
			} else {
				refused++
			}
			switch {
			case invalid != nil && fault == nil:
				t.Errorf("the schema refuses what Load accepts: %v\n%s", invalid, m)
			case invalid == nil && fault != nil && slices.ContainsFunc(strings.Split(fault.Error(), "\n"), structural.MatchString):
				t.Errorf("the schema accepts what Load refuses: %v\n%s", fault, m)
			}
		}
	}
	t.Logf("%d scenarios: %d accepted by the schema, %d refused", tried, accepted, refused)
	if accepted < 200 || refused < 1000 {
		t.Errorf("%d accepted and %d refused: too few to tell anything", accepted, refused)
	}
}

// others are what each value is replaced with.
var others = []any{nil, true, 0, 5, -5, 1.5, 1e20, "", "text", "1h", "a\nb", []any{}, []any{"x"}, []any{1}, map[string]any{}, map[string]any{"x": 1}, map[string]any{"env": "X"}}

// mutants returns scenarios that differ in one place from one.
func mutants(t *testing.T, text string) []string {
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var out []string
	keep := func() {
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	var visit func(v any, set func(any))
	visit = func(v any, set func(any)) {
		for _, o := range others {
			set(o)
			keep()
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			v["zzz"] = "x"
			keep()
			delete(v, "zzz")
			for _, k := range keys(v) {
				was := v[k]
				delete(v, k)
				keep()
				v[strings.ToUpper(k)] = was
				keep()
				delete(v, strings.ToUpper(k))
				v[k] = was
				visit(was, func(o any) { v[k] = o })
			}
		case []any:
			for i := range v {
				visit(v[i], func(o any) { v[i] = o })
			}
		}
	}
	visit(root, func(o any) { root = o })
	return out
}

func keys(m map[string]any) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// What is in the tree is what a program gets for the protocols of this module.
func TestSchemaFileIsASchema(t *testing.T) {
	f, err := os.Open("../scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compile("scenario.schema.json"); err != nil {
		t.Fatal(fmt.Errorf("scenario.schema.json: %w", err))
	}
}
