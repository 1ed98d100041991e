package adullact

import (
	"cmp"
	"strings"
)

// Metadata is what a deposit says of itself: all of it, in its order, and as
// it was written. The zero value is that of an envelope that says nothing.
type Metadata struct {
	File    string  `json:"file,omitempty"`   // Name of its file
	Format  string  `json:"format,omitempty"` // "xml", "json" or "yaml"
	Type    string  `json:"type,omitempty"`   // flux@type: the type of document, in a manifest
	Entries []Entry `json:"entries,omitempty"`
}

// An Entry is a key of the metadata.
type Entry struct {
	Key   string    `json:"key"`
	Value string    `json:"value,omitempty"` // as it was written; that of a list of files is ""
	Files []FileRef `json:"files,omitzero"`  // not nil for a list of files, be it empty
	Param bool      `json:"param,omitempty"` // a <param> of a manifest
}

// A FileRef names a file in the metadata.
type FileRef struct {
	Name     string `json:"name,omitempty"`
	Original string `json:"original,omitempty"` // name_original; "" if it is not given
}

// Value returns the value of a key, or "" if it has none. A key that occurs
// only with "_" and a number after it, as the steps of a studio type give
// theirs, is found too.
func (m Metadata) Value(key string) string {
	if e := m.find(key); e != nil {
		return e.Value
	}
	return ""
}

// Files returns the files that a key names.
func (m Metadata) Files(key string) []FileRef {
	if e := m.find(key); e != nil {
		return e.Files
	}
	return nil
}

// Has reports whether there is a key.
func (m Metadata) Has(key string) bool { return m.find(key) != nil }

// Bool reports whether a key says yes. The ways to say no are "", "0", "no",
// "non", "off", "false" and "null", and not to be there.
func (m Metadata) Bool(key string) bool {
	switch strings.ToLower(strings.TrimSpace(m.Value(key))) {
	case "", "0", "no", "non", "off", "false", "null":
		return false
	}
	return true
}

func (m Metadata) find(key string) *Entry {
	var numbered *Entry
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Key == key {
			return e
		}
		if numbered == nil && unnumbered(e.Key) == key {
			numbered = e
		}
	}
	return numbered
}

// first returns the first value that is not empty. Pastell 2 left a backslash
// before apostrophes in its YAML: it goes.
func (m Metadata) first(keys ...string) string {
	for _, key := range keys {
		v := strings.TrimSpace(m.Value(key))
		if m.Format == "yaml" {
			v = strings.ReplaceAll(v, `\'`, "'")
		}
		if v != "" {
			return v
		}
	}
	return ""
}

// firstFile returns the name of the first file that a key names; "" if there is
// none.
func (m Metadata) firstFile(key string) string {
	for _, f := range m.Files(key) {
		return cmp.Or(f.Original, f.Name)
	}
	return ""
}

// unnumbered returns a key without "_" and a number at its end.
func unnumbered(key string) string {
	stem := strings.TrimRight(key, "0123456789")
	if len(stem) == len(key) || len(stem) < 2 || stem[len(stem)-1] != '_' {
		return key
	}
	return stem[:len(stem)-1]
}
