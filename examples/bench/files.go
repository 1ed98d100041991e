package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyTree does what cp -a does, and an fsync for each file.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if e.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	if err := w.Sync(); err != nil {
		return err
	}
	info, err := r.Stat()
	if err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// lookAt lists a tree, looks at each file and does nothing else.
func lookAt(root string) (files int, err error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		path := root + "/" + e.Name()
		if e.IsDir() {
			n, err := lookAt(path)
			if err != nil {
				return files, err
			}
			files += n
			continue
		}
		if _, err := os.Lstat(path); err != nil {
			return files, err
		}
		files++
	}
	return files, nil
}
