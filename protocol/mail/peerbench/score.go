package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/ezged/coldlauncher/launcher"
)

// A corpus is mails of a folder, and what is in them.
type corpus struct {
	mails    map[string][]byte
	expected map[string]expectation
}

// An expectation is what another parser, Python's, finds in a mail.
type expectation struct {
	Attachments []struct{ Filename, SHA256 string }
	Doubtful    []string // what it was not sure of
}

// readCorpus reads dir/oracle.json and the mails that it names in dir/eml.
func readCorpus(dir string) (corpus, error) {
	var oracle struct{ Mails map[string]expectation }
	b, err := os.ReadFile(filepath.Join(dir, "oracle.json"))
	if err == nil {
		err = json.Unmarshal(b, &oracle)
	}
	c := corpus{map[string][]byte{}, oracle.Mails}
	for name := range oracle.Mails {
		if err == nil {
			c.mails[name], err = os.ReadFile(filepath.Join(dir, "eml", name))
		}
	}
	return c, err
}

// A score is how a parser did.
type score struct {
	name         string
	found, of    int // attachments with the right name and bytes
	sure, ofSure int // of these, in mails that Python is sure of
	failed       int // mails that ended in an error
	panics       int
}

// rate gives a parser every mail of the corpus.
func (c corpus) rate(p parser) score {
	s := score{name: p.name}
	for name, raw := range c.mails {
		want := c.expected[name]
		files, err := collect(p, raw)
		if errors.Is(err, errPanic) {
			s.panics++
		}
		if err != nil {
			s.failed++
		}
		for _, a := range want.Attachments {
			found := 0
			i := slices.IndexFunc(files, func(f file) bool {
				return f.sum == a.SHA256 && (a.Filename == "" || clean(f.name) == clean(a.Filename))
			})
			if i >= 0 {
				found = 1
				files = slices.Delete(files, i, i+1) // each is found once
			}
			s.found, s.of = s.found+found, s.of+1
			if len(want.Doubtful) == 0 {
				s.sure, s.ofSure = s.sure+found, s.ofSure+1
			}
		}
	}
	return s
}

type file struct{ name, sum string }

var errPanic = errors.New("panic")

// collect returns the files of a mail, also those found before an error.
func collect(p parser, raw []byte) (files []file, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	err = p.parse([][]byte{raw}, func(name string, body io.Reader) error {
		h := sha256.New()
		_, err := io.Copy(h, body)
		if err == nil {
			files = append(files, file{name, hex.EncodeToString(h.Sum(nil))})
		}
		return err
	})
	return files, err
}

// clean makes names comparable: parsers differ in how much they clean.
func clean(name string) string { return launcher.CleanName(norm.NFC.String(name)) }

// print writes a line of the table.
func (s score) print(w io.Writer) {
	fmt.Fprintf(w, "%-24s %3d of %3d %5.1f %%   %3d of %3d %5.1f %%   %3d errors %d panics\n", s.name,
		s.found, s.of, 100*float64(s.found)/float64(s.of), s.sure, s.ofSure, 100*float64(s.sure)/float64(s.ofSure), s.failed, s.panics)
}
