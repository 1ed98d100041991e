package protocol_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// scenario.schema.json is the schema of what Builtin and Openers have. To write
// it anew: COLD_UPDATE=1 go test ./protocol -run TestSchemaFile
func TestSchemaFile(t *testing.T) {
	want, err := scenario.Schema(scenario.Env{Protocols: protocol.Builtin(), Openers: protocol.Openers()})
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if os.Getenv("COLD_UPDATE") == "1" {
		if err := os.WriteFile("scenario.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
		t.Error("scenario.schema.json is not what scenario.Schema returns")
	}
}
