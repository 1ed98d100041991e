package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/adullact"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/schedule"
)

// The deposits of this example are made up: an act with its receipt, a PES with
// its acknowledgement, and two invoices.
//
//go:embed deposits
var deposits embed.FS

// routes is the table « Scénarios de Cold affiliés » of EzGED: « Regroupement
// par extension », « Travail de référence ». The last row takes what the others
// do not, so that nothing is left unseen.
var routes = []launcher.Route{
	{Job: "87 - cold facturesfournisseurs", Groups: []string{string(adullact.KindChorus)}}, // chorus_fact
	{Job: "12 - cold actes", Groups: []string{string(adullact.KindActes)}},                 // acte_nature
	{Job: "40 - cold comptabilite", Groups: []string{string(adullact.KindHelios)}},         // helios
	{Job: "99 - cold divers"},
}

// newLauncher returns the launcher of the example: root/var is its source path.
func newLauncher(root string, sink launcher.Sink, observe func(context.Context, launcher.Event)) (*launcher.Launcher, error) {
	src := adullact.Deposits(filepath.Join(root, "var"))
	src.Quiet = time.Second // 30 seconds unless said otherwise
	drop := src.Directory()
	drop.Done, drop.Rejected = "../traites", "../rejetes"

	rows, err := schedule.Row("* * * * * * *") // every second; that of EzGED's own example is "* * * * * * */15"
	if err != nil {
		return nil, err
	}
	return &launcher.Launcher{
		Name: "adullact", Source: src, Routes: routes, Sink: sink, Schedule: rows, Observe: observe,
	}, nil
}

// A step is what arrives at some moment.
type step func(drop string) error

// steps are what a Pastell server writes while the launcher runs.
func steps() []step {
	const first, second = "987654321", "987654322"
	return []step{
		func(drop string) error { // three deposits are complete; the PDF of the second invoice is not there yet
			return errors.Join(write(drop, "2026_017"), write(drop, "Bordereau 12"), write(drop, first), write(drop, second, "F2026-002.pdf"))
		},
		func(drop string) error { return write(drop, second) },
		func(drop string) error { // sent again when the invoice was paid, and once more by mistake
			paid, err := packed(first, "MISE_A_DISPOSITION", "MANDATEE")
			if err != nil {
				return err
			}
			return errors.Join(
				os.WriteFile(filepath.Join(drop, first+"_20260601101500_7.zip"), paid, 0o644),
				os.WriteFile(filepath.Join(drop, first+"_20260601101501_8.zip"), paid, 0o644))
		},
	}
}

// write writes the files of a deposit, metadata and end marker last as Pastell
// does, but for one.
func write(drop, name string, but ...string) error {
	files, err := fs.ReadDir(deposits, path.Join("deposits", name))
	if err != nil {
		return err
	}
	last := func(name string) int {
		return slices.IndexFunc([]string{"metadata.", "fichier_termine."}, func(p string) bool { return strings.HasPrefix(name, p) })
	}
	slices.SortStableFunc(files, func(a, b fs.DirEntry) int { return cmp.Compare(last(a.Name()), last(b.Name())) })
	if err := os.MkdirAll(filepath.Join(drop, name), 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if slices.Contains(but, f.Name()) {
			continue
		}
		body, err := deposits.ReadFile(path.Join("deposits", name, f.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(drop, name, f.Name()), body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// packed returns a deposit as a zip, with another text in its metadata and
// history.
func packed(name, old, now string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	err := fs.WalkDir(deposits, path.Join("deposits", name), func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := deposits.ReadFile(p)
		if err != nil {
			return err
		}
		w, err := z.Create(path.Base(p))
		if err != nil {
			return err
		}
		_, err = w.Write(bytes.ReplaceAll(body, []byte(old), []byte(now)))
		return err
	})
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// A desk is the Sink of the example. It tells what each envelope is, and whether
// it was seen before, and keeps it in a folder by job. A host would remember in
// its database, in the transaction that stores the documents.
type desk struct {
	out  io.Writer
	next launcher.Sink

	mu     sync.Mutex
	seen   map[string]string // key of an envelope: its last version and digest
	stored int
	told   map[string]bool // what waits, and was said
}

// Store implements launcher.Sink.
func (d *desk) Store(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	if err := d.next.Store(ctx, p); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stored++
	m := p.Meta
	state := m[adullact.MetaVersion] + " " + m[adullact.MetaDigest]
	verdict := "nouveau"
	switch before, known := d.seen[m[adullact.MetaKey]]; {
	case known && before == state:
		verdict = "doublon"
	case known:
		verdict = "mise à jour"
	}
	d.seen[m[adullact.MetaKey]] = state
	fmt.Fprintf(d.out, "%-11s  %s -> %s\n%13s%s\n", verdict, p.Origin, p.Job, "", subject(m))
	for _, doc := range docs {
		shown := ""
		if doc.Meta[adullact.MetaPreferred] == "true" {
			shown = "  <- à afficher"
		}
		fmt.Fprintf(d.out, "%13s%-10s %s%s\n", "", doc.Role, doc.Name, shown)
	}
	return nil
}

// subject says in a line what an envelope is about: from the fields that a COLD
// would index.
func subject(m map[string]string) string {
	switch adullact.Kind(m[adullact.MetaKind]) {
	case adullact.KindActes:
		return fmt.Sprintf("%s %s du %s : %s ; reçu le %s", m[adullact.MetaActesNatureLabel], m[adullact.MetaActesNumber], m[adullact.MetaActesDate],
			m[adullact.MetaActesSubject], m[adullact.MetaActesReceived])
	case adullact.KindHelios:
		return fmt.Sprintf("PES %s, bordereau %s, exercice %s, %s EUR HT ; acquit : %s", m[adullact.MetaHeliosFlow], m[adullact.MetaHeliosBordereaux],
			m[adullact.MetaHeliosExercises], m[adullact.MetaHeliosTotal], m[adullact.MetaHeliosAck])
	case adullact.KindChorus:
		return fmt.Sprintf("%s %s du %s, %s, %s %s TTC, engagement %s : %s", m[adullact.MetaChorusTypeLabel], m[adullact.MetaChorusNumber], m[adullact.MetaChorusIssued],
			m[adullact.MetaChorusSupplier], m[adullact.MetaChorusTTC], m[adullact.MetaChorusCurrency], m[adullact.MetaChorusEngagement], m[adullact.MetaChorusStatusLabel])
	}
	return "enveloppe inconnue"
}

// observe tells what waits, and what is set aside, and why.
func (d *desk) observe(_ context.Context, e launcher.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case launcher.EventWaiting:
		if !d.told[e.Origin] {
			d.told[e.Origin] = true
			fmt.Fprintf(d.out, "%-11s  %s : %v\n", "en attente", e.Origin, e.Err)
		}
	case launcher.EventRejected, launcher.EventFailed, launcher.EventWarning:
		fmt.Fprintf(d.out, "%-11s  %s : %v\n", e.Kind, e.Origin, e.Err)
	}
}

// count returns how many envelopes were stored, and how many wait.
func (d *desk) count() (stored, waiting int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stored, len(d.told)
}

// show runs the scenario in a folder of its own.
func show(out io.Writer, root string) error {
	drop := filepath.Join(root, "var")
	for _, f := range []string{drop, filepath.Join(root, "cold")} {
		if err := os.Mkdir(f, 0o755); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "Protocole Adullact, chemin source %s\n", drop)
	for _, r := range routes {
		fmt.Fprintf(out, "  %-12s -> %s\n", cmp.Or(strings.Join(r.Groups, ", "), "(le reste)"), r.Job)
	}
	fmt.Fprintln(out)

	d := &desk{out: out, next: &folder.Sink{Path: filepath.Join(root, "cold"), ByJob: true}, seen: map[string]string{}, told: map[string]bool{}}
	l, err := newLauncher(root, d, d.observe)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	err = play(ctx, drop, d)
	stop()
	if e := <-ended; err == nil && !errors.Is(e, context.Canceled) {
		err = e
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nRangé par travail sous %s :\n", filepath.Join(root, "cold"))
	return tree(out, filepath.Join(root, "cold"))
}

// play has each step happen once what was written before is stored, or waits.
func play(ctx context.Context, drop string, d *desk) error {
	wanted := []struct{ stored, waiting int }{{3, 1}, {4, 1}, {6, 1}}
	for i, s := range steps() {
		if err := s(drop); err != nil {
			return err
		}
		for {
			if stored, waiting := d.count(); stored >= wanted[i].stored && waiting >= wanted[i].waiting {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("step %d: %w", i+1, context.Cause(ctx))
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

// tree counts the folders of parcels of each job.
func tree(out io.Writer, root string) error {
	jobs, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if strings.HasPrefix(job.Name(), ".") {
			continue
		}
		parcels, err := os.ReadDir(filepath.Join(root, job.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s : %d dossier(s), chacun avec son manifest.json\n", job.Name(), len(parcels))
	}
	return nil
}
