package scenario_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// A scenario with one launcher, and a pass of it.
func Example() {
	root, err := os.MkdirTemp("", "scenario-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	in := filepath.Join(root, "in")
	os.Mkdir(in, 0o755)
	os.WriteFile(filepath.Join(in, "facture.pdf"), []byte("%PDF-1.7"), 0o644)

	text := fmt.Sprintf(`{
	  "zone": "Europe/Paris",
	  "launchers": [{
	    "name": "invoices",
	    "source": {"protocol": "directory", "path": %q, "done": "../done"},
	    "routes": [{"job": "87", "groups": ["pdf"]}],
	    "schedule": "* * mon-fri * 7-19 */5 0"
	  }]
	}`, in)

	env := scenario.Env{
		Protocols: protocol.Builtin(),
		Sinks: map[string]launcher.Sink{"cold": launcher.SinkFunc(func(_ context.Context, p *launcher.Parcel) error {
			fmt.Println("job", p.Job, "gets", p.Origin)
			return nil
		})},
		Observe: func(context.Context, launcher.Event) {},
	}
	f, err := scenario.Load([]byte(text), env)
	if err != nil {
		fmt.Println(err)
		return
	}
	ls, err := scenario.Build(f, env)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := ls[0].Poll(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: job 87 gets facture.pdf
}

// Everything that is wrong is told at once.
func ExampleLoad() {
	_, err := scenario.Load([]byte(`{
  "launchers": [{
    "name": "gmail",
    "source": {
      "protocol": "imap", "server": "imap.gmail.com", "port": "993",
      "account": "cold@example.org", "password": "hunter2"
    },
    "shedule": "* * * * * */5 0",
    "sink": "ged"
  }]
}`), scenario.Env{
		Protocols: protocol.Builtin(),
		Sinks:     map[string]launcher.Sink{"cold": nil, "archive": nil},
	})
	fmt.Println(err)
	// Output:
	// line 2: launcher "gmail": schedule: missing
	// line 5: launcher "gmail": source.port: want a number, not a string
	// line 6: launcher "gmail": source.password: want an object that says where the secret is, such as {"file": "/run/secrets/imap"} or {"env": "COLD_PASSWORD"}
	// line 8: launcher "gmail": shedule: unknown key: is "schedule" meant?
	// line 9: launcher "gmail": sink: unknown sink "ged"; known are archive, cold
}
