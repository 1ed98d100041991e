package main

import (
	"archive/zip"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestZipSink(t *testing.T) {
	launchertest.TestSink(t, func(t *testing.T) launchertest.Store {
		dir := t.TempDir()
		return launchertest.Store{
			Sink:   ZipSink{dir},
			Kept:   func() ([]string, error) { return bodies(dir) },
			Reopen: func() (launcher.Sink, error) { return ZipSink{dir}, nil },
		}
	})
}

// bodies returns the bodies of all documents in the archives of dir.
func bodies(dir string) (found []string, err error) {
	archives, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	if err != nil {
		return nil, err
	}
	for _, name := range archives {
		z, err := zip.OpenReader(name)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				return nil, err
			}
			found = append(found, string(b))
		}
	}
	return found, nil
}
