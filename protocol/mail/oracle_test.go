package mail

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/ezged/coldlauncher/launcher"
)

type oracleMail struct {
	Attachments []struct {
		Filename *string
		Size     int64
		SHA256   string
		Type     string
		Path     string
	}
	Doubtful []string
}

func samples(t testing.TB, parts ...string) string {
	root := os.Getenv("COLD_SAMPLES")
	if root == "" {
		t.Skip("COLD_SAMPLES is not set: it names the folder of sample files")
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

func TestOracle(t *testing.T) {
	b, err := os.ReadFile(samples(t, "mail", "oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct{ Mails map[string]oracleMail }
	if err := json.Unmarshal(b, &oracle); err != nil {
		t.Fatal(err)
	}
	bad, total := 0, 0
	for name, want := range oracle.Mails {
		raw, err := os.ReadFile(samples(t, "mail", "eml", name))
		if err != nil {
			t.Fatal(err)
		}
		docs, err := takeApart(t, &Source{Pictures: Pictures{-1, -1}}, name, raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		type key struct{ name, sum string }
		got := map[key]int{}
		sums := map[string][]string{}
		for _, d := range docs {
			sum := d.sum
			got[key{d.Name, sum}]++
			sums[sum] = append(sums[sum], d.Name)
		}
		for _, a := range want.Attachments {
			total++
			if a.Filename != nil && *a.Filename != "" {
				k := key{launcher.CleanName(norm.NFC.String(*a.Filename)), a.SHA256}
				if got[k] > 0 {
					got[k]--
					continue
				}
			} else if len(sums[a.SHA256]) > 0 {
				continue
			}
			bad++
			fn := "<nil>"
			if a.Filename != nil {
				fn = *a.Filename
			}
			t.Logf("%s: part %s %q %s (%d bytes): same bytes under %q; doubtful %q", name, a.Path, fn, a.Type, a.Size, sums[a.SHA256], want.Doubtful)
			for _, d := range docs {
				t.Logf("      have %q %s %d %v %v", d.Name, d.MediaType, d.Size, d.Meta, d.Unit.Meta["mail.warnings"])
			}
		}
	}
	t.Logf("%d of %d", total-bad, total)
}
