package backup_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/protocol/dir"
)

func Example() {
	tmp, err := os.MkdirTemp("", "cold")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(tmp)
	in, copies := filepath.Join(tmp, "in"), filepath.Join(tmp, "copies")
	os.Mkdir(in, 0o700)
	os.WriteFile(filepath.Join(in, "facture.pdf"), []byte("%PDF"), 0o600)

	src := &backup.Source{
		From:    &dir.Source{Path: in, Delete: true},
		Path:    copies,
		KeepFor: 90 * 24 * time.Hour,
	}
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		for _, d := range docs {
			fmt.Println("stored:", d.Name)
		}
		return err
	})
	fmt.Println(src.Poll(context.Background(), sink))

	today := filepath.Join(copies, time.Now().Format("2006/01/02"))
	files, _ := fs.Glob(os.DirFS(today), "*/*")
	for _, name := range files {
		fmt.Println("copied:", filepath.Base(name))
	}
	// Output:
	// stored: facture.pdf
	// <nil>
	// copied: copy.json
	// copied: facture.pdf
}
