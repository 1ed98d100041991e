package tnef

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestSamples(t *testing.T) {
	root := launchertest.Samples(t)
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

func TestRead(t *testing.T) {
	embedded := newWriter()
	embedded.file("inner.txt", []byte("inner"))
	id := make([]byte, 16)

	w := newWriter()
	w.attribute(1, attOemCodepage, []byte{0xe4, 4, 0, 0, 0, 0, 0, 0}) // 1252
	w.file("RELEV~1.PDF", []byte("%PDF"), number(0x0E20, 4), named("some", 7), wide(propAttachLongFilename, "relevé.pdf"), narrow(propAttachMIMETag, "Application/PDF"))
	w.file("\xe9t\xe9.txt", []byte("text"))
	w.file("item", nil, prop(typeObject, propAttachData, append(slices.Clone(id), embedded.Bytes()...)), wide(propDisplayName, "ignored"))
	w.file("ole", nil, prop(typeObject, propAttachData, append(slices.Clone(id), "object"...)), narrow(propAttachContentID, "logo@x"))
	w.file("", []byte("nameless"), wide(propDisplayName, "shown.bin"))
	raw := w.Bytes()

	item, err := Read(bytes.NewReader(raw), int64(len(raw)), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ name, mediaType, cid, body string }{
		{"relevé.pdf", "application/pdf", "", "%PDF"}, {"été.txt", "", "", "text"},
		{"item", "", "", embedded.String()}, {"ole", "", "logo@x", "object"}, {"shown.bin", "", "", "nameless"},
	}
	if len(item.Files) != len(want) {
		t.Fatalf("found %+v, want %d files", item.Files, len(want))
	}
	for i, f := range item.Files {
		w := want[i]
		if f.Name != w.name || f.MediaType != w.mediaType || f.ContentID != w.cid || string(raw[f.Off:f.Off+f.Size]) != w.body || f.Nested != (f.Name == "item") {
			t.Errorf("file %d is %+v, want %+v", i, f, w)
		}
	}
	if _, err := Read(bytes.NewReader(raw), int64(len(raw)), 5); err != nil {
		t.Errorf("with exactly as many files as wanted: %v", err)
	}
	if _, err := Read(bytes.NewReader(raw), int64(len(raw)), 4); !errors.Is(err, ErrMany) {
		t.Errorf("with one file more than wanted: %v, want ErrMany", err)
	}
}

// What was found before a stream breaks off is kept.
func TestReadOfWhatIsCutShort(t *testing.T) {
	w := newWriter()
	w.file("a.txt", []byte("aaaa"))
	first := w.Len()
	w.file("b.txt", []byte("bbbb"))
	for n := range w.Len() {
		item, err := Read(bytes.NewReader(w.Bytes()), int64(n), 10)
		if err != nil && !errors.Is(err, ErrBroken) {
			t.Errorf("cut to %d bytes: %v, want none or one that wraps ErrBroken", n, err)
		}
		if n >= first && (len(item.Files) == 0 || item.Files[0].Name != "a.txt" || item.Files[0].Size != 4) {
			t.Errorf("cut to %d bytes: found %+v, want the first file", n, item.Files)
		}
	}
	if _, err := Read(strings.NewReader("no TNEF at all"), 14, 10); !errors.Is(err, ErrBroken) {
		t.Errorf("without signature: %v, want ErrBroken", err)
	}
}

// A small list of properties must not make much work by what it claims.
func TestReadOfLyingCounts(t *testing.T) {
	w := newWriter()
	for range 20_000 {
		w.attribute(1, attMAPIProps, binary.LittleEndian.AppendUint32(nil, maxValues))
	}
	if _, err := Read(bytes.NewReader(w.Bytes()), int64(w.Len()), 10); !errors.Is(err, ErrBroken) {
		t.Errorf("lists that claim more than they hold: %v, want ErrBroken", err)
	}
}

func FuzzRead(f *testing.F) {
	w := newWriter()
	w.attribute(1, attMAPIProps, list(prop(typeBinary, propRTFCompressed, []byte("0123456789abcdefLZFu")), number(3, 4), named("x", 1)))
	w.file("a", []byte("b"), wide(propAttachLongFilename, "c"), prop(typeObject, propAttachData, append(make([]byte, 16), newWriter().Bytes()...)))
	f.Add(w.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		item, err := Read(bytes.NewReader(raw), int64(len(raw)), 10)
		if err != nil && !errors.Is(err, ErrBroken) && !errors.Is(err, ErrMany) {
			t.Errorf("reading failed: %v", err)
		}
		if len(item.Files) > 10 {
			t.Errorf("%d files, limit 10", len(item.Files))
		}
		for _, file := range item.Files {
			if file.Off < 0 || file.Size < 0 || file.Off+file.Size > int64(len(raw)) {
				t.Errorf("file %+v in %d bytes", file, len(raw))
			}
		}
		if rtf := item.RTF; rtf.Size > 0 {
			DecompressRTF(raw[rtf.Off:rtf.Off+rtf.Size], 1000)
		}
		if text, _ := DecompressRTF(raw, 1000); len(text) > 1000 {
			t.Errorf("%d bytes of text, limit 1000", len(text))
		}
	})
}
