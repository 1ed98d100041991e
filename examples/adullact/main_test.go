package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/adullact"
)

func TestScenario(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	var out strings.Builder
	if err := show(&out, t.TempDir()); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	text := out.String()
	for _, want := range []string{
		"chorus_fact  -> 87 - cold facturesfournisseurs",
		`en attente   987654322 : "F2026-002.pdf" of facture_pj_01 is missing`,
		"nouveau      987654321 -> 87 - cold facturesfournisseurs",
		"nouveau      987654322 -> 87 - cold facturesfournisseurs",
		"mise à jour  987654321_20260601101500_7.zip -> 87 - cold facturesfournisseurs",
		"doublon      987654321_20260601101501_8.zip -> 87 - cold facturesfournisseurs",
		"nouveau      2026_017 -> 12 - cold actes", "nouveau      Bordereau 12 -> 40 - cold comptabilite",
		"main       F2026-001.pdf  <- à afficher", "délibération 17-2026-tampon.pdf  <- à afficher", "visuel.pdf  <- à afficher",
		"engagement ENG2026001 : Mandatée", "87 - cold facturesfournisseurs : 4 dossier(s)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the output does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "rejected") || strings.Contains(text, "failed") {
		t.Errorf("something was refused:\n%s", text)
	}
}

// Folders and files print as JSON that is read back as what it was.
func TestPrint(t *testing.T) {
	var out strings.Builder
	if err := run(&out, []string{"deposits/2026_017", filepath.Join("deposits", "987654321", "987654321.xml")}); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(out.String()))
	for _, want := range []string{"actes:034-123456789-20260517-2026_017-DE:1-1", "chorus:987654321"} {
		var envelopes []adullact.Envelope
		if err := dec.Decode(&envelopes); err != nil || len(envelopes) != 1 || envelopes[0].Key != want {
			t.Fatalf("%v: %+v, want the envelope %s", err, envelopes, want)
		}
		if envelopes[0].Warnings != nil {
			t.Errorf("%s: warnings %v, want none", want, envelopes[0].Warnings)
		}
	}
	if err := run(&out, []string{"gone"}); err == nil || !strings.Contains(err.Error(), `"gone"`) {
		t.Errorf("error %v, want that there is no %q", err, "gone")
	}
}

// The guide names keys that there are.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("LISEZMOI.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../adullact/meta.go")
	if err != nil {
		t.Fatal(err)
	}
	keys := regexp.MustCompile("`((?:actes|helios|chorus|adullact)\\.[a-z.]+)`").FindAllSubmatch(guide, -1)
	if len(keys) < 20 {
		t.Fatalf("the guide names %d keys, want more than 20", len(keys))
	}
	for _, k := range keys {
		if !strings.Contains(string(source), `"`+string(k[1])+`"`) {
			t.Errorf("the guide names %s, which is no key", k[1])
		}
	}
}
