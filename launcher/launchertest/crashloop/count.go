package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fill has n documents wait in a place and returns their hashes by name.
func fill(p place, first, n int) (map[string]string, error) {
	hashes := make(map[string]string, n)
	for i := range n {
		name := fmt.Sprintf("f%06d.txt", first+i)
		body := []byte(strings.Repeat(name, 1+(first+i)%200))
		sum := sha256.Sum256(body)
		hashes[name] = hex.EncodeToString(sum[:])
		if err := p.put(name, body); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// finish lets a child end the work undisturbed and compares what the Sink and
// the origin hold with want.
func finish(ctx context.Context, p place, want map[string]string) (report, error) {
	survived, err := start(ctx, p, target{step: -1}, nil)
	if _, ok := p.(*getmail); ok { // it loses sight of a child of its own now and then
		for try := 0; try < 5 && (err != nil || !survived); try++ {
			survived, err = start(ctx, p, target{step: -1}, nil)
		}
	}
	if err != nil || !survived {
		return report{}, errors.Join(errors.New("the last pass did not end well"), err)
	}
	kept, err := p.kept()
	if err != nil {
		return report{}, err
	}
	r := report{handed: len(want)}
	for name, hash := range want {
		switch hashes := kept[name]; {
		case len(hashes) == 0:
			r.lost++
		case len(hashes) > 1:
			r.doubled++
		case hashes[0] != hash:
			r.altered++
		}
	}
	return r, p.settled(slices.Collect(maps.Keys(want)))
}

// keptIn returns the hashes of what a folder Sink holds by name.
func keptIn(out string) (map[string][]string, error) {
	kept := make(map[string][]string)
	return kept, filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && e.Name() == ".coldlauncher" {
			return fs.SkipDir
		}
		if e.IsDir() || e.Name() != "manifest.json" {
			return nil
		}
		return readManifest(path, kept)
	})
}

// readManifest adds the documents of one parcel, hashed anew, to kept.
func readManifest(path string, kept map[string][]string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m struct{ Files []struct{ Name string } }
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range m.Files {
		file, err := os.Open(filepath.Join(filepath.Dir(path), f.Name))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, file)
		file.Close()
		if err != nil {
			return err
		}
		kept[f.Name] = append(kept[f.Name], hex.EncodeToString(h.Sum(nil)))
	}
	return nil
}
