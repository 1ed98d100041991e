package folder_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func Example() {
	dir, err := os.MkdirTemp("", "incoming")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	source := new(launchertest.Script)
	source.Add("deposit 1", launchertest.File("facture.pdf", "%PDF"), launchertest.File("facture.xml", "<xml/>"))
	l := &launcher.Launcher{Name: "factures", Source: source, Sink: &folder.Sink{Path: dir}}
	if _, err := l.Poll(context.Background()); err != nil {
		fmt.Println(err)
	}

	parcels, _ := filepath.Glob(filepath.Join(dir, "factures-*"))
	for _, parcel := range parcels {
		text, err := os.ReadFile(filepath.Join(parcel, "manifest.json"))
		if err != nil {
			fmt.Println(err)
		}
		var m folder.Manifest
		if err := json.Unmarshal(text, &m); err != nil {
			fmt.Println(err)
		}
		for _, f := range m.Files {
			fmt.Println(f.Name, f.Size, f.SHA256[:8])
		}
	}
	// Output:
	// facture.pdf 4 315d429b
	// facture.xml 6 6eb820e0
}

func ExampleSink() {
	dir, err := os.MkdirTemp("", "incoming")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	parcel := &launcher.Parcel{
		ID: "factures/4cf1", // Launchers make these
		Documents: func(context.Context) ([]*launcher.Document, error) {
			return []*launcher.Document{
				{Name: "facture.pdf", Size: 4, Open: text("%PDF")},
				{Name: "Facture.pdf", Dir: "copies", Size: 4, Open: text("%PDF")},
			}, nil
		},
	}
	sink := &folder.Sink{Path: dir}
	for range 2 { // as after a crash: the second is recognised
		if err := sink.Store(context.Background(), parcel); err != nil {
			fmt.Println(err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "[^.]*", "*"))
	for _, f := range files {
		path, _ := filepath.Rel(dir, f)
		fmt.Println(filepath.ToSlash(path))
	}
	// Output:
	// factures-c28d2613f798e45c11b4e49ca1775b5b/Facture (2).pdf
	// factures-c28d2613f798e45c11b4e49ca1775b5b/facture.pdf
	// factures-c28d2613f798e45c11b4e49ca1775b5b/manifest.json
}

func ExampleSink_loose() {
	dir, err := os.MkdirTemp("", "wait")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	sink := &folder.Sink{Path: dir, ByJob: true, Loose: true}
	for _, id := range []string{"factures/1", "factures/2", "factures/1"} {
		err := sink.Store(context.Background(), &launcher.Parcel{
			ID:  id,
			Job: "87",
			Documents: func(context.Context) ([]*launcher.Document, error) {
				return []*launcher.Document{{Name: "scan.pdf", Size: -1, Open: text("%PDF")}}, nil
			},
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	waiting, _ := fs.Glob(os.DirFS(dir), "87/*")
	fmt.Println(waiting)
	// Output:
	// [87/scan (2).pdf 87/scan.pdf]
}

func text(s string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(s)), nil
	}
}
