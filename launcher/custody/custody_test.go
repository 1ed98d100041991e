package custody_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/custody"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// handed returns the ledger of a launcher that handed n parcels over, of one
// document for job 87 each, and refused one.
func handed(t testing.TB, n int) launcher.Ledger {
	t.Helper()
	ledger, source := new(launcher.MemoryLedger), new(launchertest.Script)
	for i := range n {
		source.Add(fmt.Sprint(i), launchertest.File(fmt.Sprintf("F-%d.pdf", i), fmt.Sprint("invoice ", i)))
	}
	source.Add("bad", launchertest.File("bad.pdf", "no"))
	l := &launcher.Launcher{
		Name: "invoices", Source: source, Ledger: ledger, Routes: []launcher.Route{{Job: "87"}},
		Observe: func(context.Context, launcher.Event) {},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			if strings.HasSuffix(p.Origin, "bad") {
				return launcher.Reject(errors.New("not a PDF"))
			}
			return new(launchertest.Recorder).Store(ctx, p)
		}),
	}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return ledger
}

func export(t testing.TB, ledger launcher.Ledger, prev string) ([]byte, custody.Chain) {
	t.Helper()
	var b bytes.Buffer
	chain, err := custody.Export(t.Context(), &b, ledger, prev, "invoices")
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), chain
}

func TestExportHoldsWhatWasHandedOver(t *testing.T) {
	b, chain := export(t, handed(t, 2), "")
	got, err := custody.Verify(bytes.NewReader(b), "")
	if err != nil || got != chain || chain.Entries != 6 {
		t.Fatalf("Verify: %+v, %v; want %+v with 6 entries, of 3 parcels and their parts", got, err, chain)
	}
	for _, want := range []string{
		fmt.Sprintf(`"Name":"F-1.pdf","Size":9,"SHA256":"%x"`, sha256.Sum256([]byte("invoice 1"))),
		`"Job":"87"`, `"Attempts":1`, `"Err":"not a PDF"`, time.Now().UTC().Format(`"Time":"2006-01-02T`),
	} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the export lacks %s:\n%s", want, b)
		}
	}
}

// Whatever byte of an export is changed, Verify names the line that it is in.
func TestEveryByteCounts(t *testing.T) {
	b, _ := export(t, handed(t, 3), "")
	for i := range b {
		for _, flip := range []byte{1, 0x80} {
			c := bytes.Clone(b)
			c[i] ^= flip
			wantAltered(t, fmt.Sprintf("byte %d of %q", i, b[i]), c, 1+bytes.Count(b[:i], []byte("\n")))
		}
	}
}

// So it does for lines that are removed, added, repeated or moved, and for an
// end that is cut off.
func TestEveryLineCounts(t *testing.T) {
	b, _ := export(t, handed(t, 3), "")
	lines := bytes.SplitAfter(b, []byte("\n"))
	lines = lines[:len(lines)-1]
	join := func(parts ...[][]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, bytes.Join(p, nil)...)
		}
		return all
	}
	for i := range lines {
		wantAltered(t, fmt.Sprintf("without line %d", i+1), join(lines[:i], lines[i+1:]), i+1)
		wantAltered(t, fmt.Sprintf("line %d twice", i+1), join(lines[:i+1], lines[i:]), i+2)
		if i > 0 {
			wantAltered(t, fmt.Sprintf("lines %d and %d changed places", i, i+1), join(lines[:i-1], lines[i:i+1], lines[i-1:i], lines[i+1:]), i)
		}
	}
	for n := range b {
		wantAltered(t, fmt.Sprintf("cut to %d bytes", n), b[:n], 1+bytes.Count(b[:n], []byte("\n")))
	}
	wantAltered(t, "with something behind", append(bytes.Clone(b), '\n'), len(lines)+1)
}

func wantAltered(t *testing.T, what string, b []byte, line int) {
	t.Helper()
	_, err := custody.Verify(bytes.NewReader(b), "")
	var altered *custody.AlteredError
	if !errors.As(err, &altered) || altered.Line != line {
		t.Errorf("%s: Verify: %v, want line %d named", what, err, line)
	}
}

// An altered record is named by its parcel, too.
func TestAlteredParcelIsNamed(t *testing.T) {
	b, _ := export(t, handed(t, 1), "")
	_, err := custody.Verify(bytes.NewReader(bytes.Replace(b, []byte("F-0.pdf"), []byte("F-9.pdf"), 1)), "")
	var altered *custody.AlteredError
	if !errors.As(err, &altered) || !strings.HasPrefix(altered.ID, "invoices/") {
		t.Errorf("Verify: %v, want the parcel named", err)
	}
}

// Exports follow one another: one that was left out, or written anew, shows.
func TestExportsAreChained(t *testing.T) {
	ledger := handed(t, 1)
	_, first := export(t, ledger, "")
	b, second := export(t, ledger, first.Head)
	if got, err := custody.Verify(bytes.NewReader(b), first.Head); err != nil || got.Head != second.Head {
		t.Errorf("Verify after its predecessor: %+v, %v", got, err)
	}
	if _, err := custody.Verify(bytes.NewReader(b), ""); err == nil {
		t.Error("Verify without its predecessor: nil")
	}
	if first.Head == second.Head {
		t.Error("two exports have the same head")
	}
}

type deaf struct{ launcher.Ledger }

var errDeaf = errors.New("ledger does not answer")

func (deaf) Walk(context.Context, string, func(launcher.Entry) error) error { return errDeaf }

func TestExportFails(t *testing.T) {
	if _, err := custody.Export(t.Context(), io.Discard, deaf{}, "", "invoices"); !errors.Is(err, errDeaf) {
		t.Errorf("of a ledger that does not answer: %v", err)
	}
	closed, err := os.Create(t.TempDir() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if _, err := custody.Export(t.Context(), closed, handed(t, 1), "", "invoices"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("to a file that cannot be written: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	b, _ := export(f, handed(f, 1), "")
	f.Add(b)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		chain, err := custody.Verify(bytes.NewReader(data), "")
		if err == nil && chain.Entries != bytes.Count(data, []byte("\n"))-2 {
			t.Errorf("verified %d entries in %d lines", chain.Entries, bytes.Count(data, []byte("\n")))
		}
	})
}
