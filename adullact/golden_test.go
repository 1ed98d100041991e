package adullact

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the summaries in testdata/golden")

// samples returns the folder of samples; the test is skipped without.
func samples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("COLD_SAMPLES")
	if dir == "" {
		t.Skip("COLD_SAMPLES names no folder of samples")
	}
	return dir
}

// isDeposit reports whether a folder of the samples is one deposit.
func isDeposit(path string) bool {
	for _, glob := range []string{
		"actes/transactions/*", "pastell/actes/*", "pastell/chorus/*", "pastell/helios/*", "pastell/glaneur/*", "pastell/legacy/*",
	} {
		if ok, _ := filepath.Match(glob, path); ok {
			return true
		}
	}
	return false
}

// sampleInputs returns the deposits and files among the samples.
func sampleInputs(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		top, _, _ := strings.Cut(path, "/")
		switch {
		case path == ".":
		case !slices.Contains([]string{"actes", "helios", "chorus", "pastell"}, top):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.IsDir() && isDeposit(path):
			out = append(out, path)
			return fs.SkipDir
		case !e.IsDir() && e.Name() != "SOURCES.md":
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// decodeSample decodes a deposit or a file.
func decodeSample(t *testing.T, d *Decoder, root, path string) ([]*Envelope, error) {
	t.Helper()
	full := filepath.Join(root, filepath.FromSlash(path))
	info, err := os.Stat(full)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		return d.DecodeFS(t.Context(), os.DirFS(root), path)
	}
	f, err := os.Open(full)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return d.Decode(t.Context(), filepath.Base(full), f, info.Size())
}

// Every sample decodes to the summary that was reviewed.
func TestSamples(t *testing.T) {
	root := samples(t)
	var d Decoder
	for _, path := range sampleInputs(t, root) {
		t.Run(path, func(t *testing.T) {
			envelopes, err := decodeSample(t, &d, root, path)
			got := summarize(envelopes)
			if err != nil {
				got = fmt.Sprintf("error: %v\n", err)
			}
			golden := filepath.Join("testdata", "golden", strings.NewReplacer("/", "~", " ", "_").Replace(path)+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("summary is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// summarize returns all that is set in envelopes, in lines.
func summarize(envelopes []*Envelope) string {
	var b strings.Builder
	for i, e := range envelopes {
		if i > 0 {
			b.WriteString("\n")
		}
		dump(&b, "", "Envelope", reflect.ValueOf(*e))
	}
	return b.String()
}

func dump(b *strings.Builder, indent, name string, v reflect.Value) {
	if v.Kind() == reflect.Func || v.IsZero() {
		return
	}
	switch x := v.Interface().(type) {
	case Date:
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, dateText(x))
		return
	case Term:
		fmt.Fprintf(b, "%s%s: %s %s %s\n", indent, name, x.Code, x.Short, x.Label)
		return
	case time.Time:
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, x.UTC().Format(time.RFC3339))
		return
	case Warning:
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, x)
		return
	case File:
		fmt.Fprintf(b, "%sFile: %s %q %d %s\n", indent, x.Role, x.Name, x.Size, x.SHA256[:min(16, len(x.SHA256))])
		if x.Path == x.Name {
			x.Path = ""
		}
		x.Role, x.Name, x.Size, x.SHA256 = "", "", 0, ""
		dumpFields(b, indent+"  ", reflect.ValueOf(x))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		dump(b, indent, name, v.Elem())
	case reflect.Struct:
		fmt.Fprintf(b, "%s%s\n", indent, name)
		dumpFields(b, indent+"  ", v)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String {
			fmt.Fprintf(b, "%s%s: %q\n", indent, name, v.Interface())
			return
		}
		for i := range v.Len() {
			dump(b, indent, name, v.Index(i))
		}
	case reflect.String:
		fmt.Fprintf(b, "%s%s: %q\n", indent, name, v.String())
	default:
		fmt.Fprintf(b, "%s%s: %v\n", indent, name, v.Interface())
	}
}

func dateText(d Date) string {
	if d.Valid() && d.String() == d.Text {
		return d.Text
	}
	return fmt.Sprintf("%s (%q)", d, d.Text)
}

func dumpFields(b *strings.Builder, indent string, v reflect.Value) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			dump(b, indent, f.Name, v.Field(i))
		}
	}
}
