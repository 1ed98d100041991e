package mail

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// Every code that may be met is in the documented list, in its order.
func TestWarningsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("warning.go")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(source)) {
		if entry, ok := strings.CutPrefix(line, "//\t"); ok {
			listed = append(listed, strings.Fields(entry)[0])
		}
	}
	want := append(slices.Collect(mime.Defects(^mime.Defects(0)).Codes()), warnLimit, warnTNEF)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("documented are\n%q\nwant\n%q", listed, want)
	}
}
