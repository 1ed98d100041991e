package protocol_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// Fax is what the protocol "fax" asks for in a scenario: a protocol from
// elsewhere.
type Fax struct {
	Line  string            `json:"line" required:"true" doc:"the telephone number"`
	Wait  scenario.Duration `json:"wait,omitzero" doc:"how long to wait for the last page"`
	Login scenario.Secret   `json:"login,omitzero"`
}

// Origin implements scenario.Form. What it returns would be a Source of the
// fax's own; here it is one in memory.
func (f *Fax) Origin(secret func(scenario.Secret) (launcher.Secret, error)) (scenario.Origin, error) {
	src := new(launchertest.Script)
	src.Add("1", launchertest.File("page 1 for "+f.Line+".tif", "II*"))
	return scenario.Origin{Source: src}, nil
}

// A protocol from elsewhere is one line.
func ExampleBuiltin() {
	protocols := protocol.Builtin()
	protocols["fax"] = func() scenario.Form { return new(Fax) }

	fmt.Println(slices.Sorted(maps.Keys(protocols)))

	env := scenario.Env{Protocols: protocols, Sinks: map[string]launcher.Sink{
		"cold": launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			for _, d := range docs {
				fmt.Println(d.Name)
			}
			return err
		}),
	}, Observe: func(context.Context, launcher.Event) {}}
	f, err := scenario.Load([]byte(`{"launchers": [{
	  "name": "fax", "source": {"protocol": "fax", "line": "0467000000"}, "schedule": {"every": "1m"}
	}]}`), env)
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
	// Output:
	// [adullact directory fax imap pop3]
	// page 1 for 0467000000.tif
}
