package dir_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dir"
)

func Example() {
	tmp, _ := os.MkdirTemp("", "cold")
	defer os.RemoveAll(tmp)
	in := filepath.Join(tmp, "in")
	os.Mkdir(in, 0o700)
	for i, name := range []string{"avis.pdf", "facture.pdf", "facture.xml", "notes.tmp"} {
		path, age := filepath.Join(in, name), time.Now().Add(time.Duration(i-10)*time.Minute)
		os.WriteFile(path, []byte("…"), 0o600)
		os.Chtimes(path, age, age)
	}

	src := &dir.Source{
		Path:  in,
		Done:  "../done",
		Group: dir.Stems("pdf", "xml"),
	}
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			fmt.Println("not yet:", err)
			return err
		}
		for _, d := range docs {
			fmt.Println("stored:", d.Name)
		}
		return nil
	})
	fmt.Println(src.Poll(context.Background(), sink))
	done, _ := filepath.Glob(filepath.Join(tmp, "done", "*"))
	for _, path := range done {
		fmt.Println("done:", filepath.Base(path))
	}
	// Output:
	// not yet: "avis.pdf" lacks its xml
	// stored: facture.pdf
	// stored: facture.xml
	// <nil>
	// done: facture.pdf
	// done: facture.xml
}
