package main

import (
	"strings"
	"testing"
)

func TestQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds")
	}
	var out strings.Builder
	if err := run(&out, []string{t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"stored      F2026-001.pdf", "stored      F2026-002.pdf", "waiting     F2026-002.pdf",
		"stored      2026/lettre été.pdf", "stored      2026/relevés.csv", "rejected    scan.pdf", "unrouted    notes.txt",
		"in/courrier/Thumbs.db", "in/courrier/photo.tif.part", "in/courrier/notes.txt",
		"done/factures/F2026-002.xml", "rejected/courrier/scan.pdf", "stored 0", "mails      stored      INBOX uid 1", "mails      stored      INBOX uid 2", "/relevé.csv", "mailbox EZGED_OK: 2",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, out.String())
		}
	}
}
