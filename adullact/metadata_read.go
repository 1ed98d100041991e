package adullact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/ezged/coldlauncher/adullact/internal/flat"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// isMetadataName reports whether a file may be metadata by its name.
func (d *Decoder) isMetadataName(name string) bool {
	names := d.MetadataNames
	if names == nil {
		names = []string{"metadata", "manifest"}
	}
	switch ext(name) {
	case ".xml", ".json", ".txt", ".yml", ".yaml":
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, stem(name)) })
	}
	return false
}

// isMarker reports whether a file tells by its name that a deposit is complete.
func (d *Decoder) isMarker(name string) bool {
	names := d.Markers
	if names == nil {
		names = []string{"fichier_termine.txt", "transfert_termine.txt"}
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// readFlux reads metadata in XML: element <flux>.
func (dec *decoding) readFlux(m *member, s *xmlscan.Scanner) error {
	meta := &Metadata{File: m.name, Format: "xml", Type: s.Attr("type")}
	for {
		event, err := s.Next()
		if err == io.EOF {
			m.doc = meta
			return nil
		}
		if err != nil {
			return err
		}
		if s.Offset() > dec.limits.Metadata {
			return &LimitError{Limit: "Metadata", Max: dec.limits.Metadata}
		}
		if event == xmlscan.Start {
			if err := meta.element(s); err != nil {
				return err
			}
		}
	}
}

func (meta *Metadata) element(s *xmlscan.Scanner) error {
	switch name := s.Name(); name {
	case "data", "param":
		meta.Entries = append(meta.Entries, Entry{Key: s.Attr("name"), Value: s.Attr("value"), Param: name == "param"})
	case "files":
		n, err := s.Tree(nil)
		if err != nil {
			return err
		}
		e := Entry{Key: n.Attr("name"), Files: []FileRef{}}
		for _, f := range n.All("file") {
			e.Files = append(e.Files, FileRef{f.Attr("content"), f.Attr("name_original")})
		}
		meta.Entries = append(meta.Entries, e)
	}
	return nil
}

// readAll reads a file of metadata.
func (dec *decoding) readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, dec.limits.Metadata+1))
	if err == nil && int64(len(b)) > dec.limits.Metadata {
		err = &LimitError{Limit: "Metadata", Max: dec.limits.Metadata}
	}
	return b, err
}

// readJSON reads metadata, or one of the files that go with a deposit. A JSON
// file that is none of these is no fault.
func (dec *decoding) readJSON(m *member, r io.Reader) error {
	isMeta := dec.isMetadataName(m.name)
	if !isMeta && ext(m.name) != ".json" && !internalName.MatchString(m.name) {
		return nil
	}
	b, err := dec.readAll(r)
	var limit *LimitError
	if errors.As(err, &limit) && !isMeta {
		return nil
	}
	if err != nil {
		return err
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if b[0] == '[' {
		m.doc = readTypologies(b)
		return nil
	}
	meta, err := parseObject(b)
	if err != nil {
		return err
	}
	meta.File = m.name
	switch {
	case meta.Has("historiquesDesStatuts"):
		m.doc, err = readHistory(b)
	case isMeta || len(meta.kindKey()) > 0:
		m.doc = meta
	}
	return err
}

// parseObject reads a flat JSON object. Scalars keep the text that they were
// written with, strings apart; what is neither scalar nor list of files keeps
// its JSON.
func parseObject(b []byte) (*Metadata, error) {
	meta := &Metadata{Format: "json"}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return nil, jsonError(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, jsonError(err)
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("%w: key %v", ErrMalformed, key)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, jsonError(err)
		}
		meta.Entries = append(meta.Entries, jsonEntry(name, raw))
	}
	if _, err := d.Token(); err != nil {
		return nil, jsonError(err)
	}
	return meta, nil
}

func jsonEntry(key string, raw json.RawMessage) Entry {
	var names []string
	var text string
	switch {
	case len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &names) == nil:
		e := Entry{Key: key, Files: []FileRef{}}
		for _, n := range names {
			e.Files = append(e.Files, FileRef{Name: n})
		}
		return e
	case len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		return Entry{Key: key, Value: text}
	}
	return Entry{Key: key, Value: string(raw)}
}

func jsonError(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("JSON: %w", ErrTruncated)
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// readText reads metadata in YAML, or in what older senders took for it.
func (dec *decoding) readText(m *member, r io.Reader) error {
	if !dec.isMetadataName(m.name) {
		return nil
	}
	b, err := dec.readAll(r)
	if err != nil {
		return err
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	if !utf8.ValidString(text) {
		if text, err = charmap.Windows1252.NewDecoder().String(text); err != nil {
			return err
		}
	}
	pairs, ok := flat.Parse(text)
	if !ok {
		return nil
	}
	meta := &Metadata{File: m.name, Format: "yaml"}
	for _, p := range pairs {
		e := Entry{Key: p.Key, Value: p.Value}
		if p.IsList {
			e.Files = []FileRef{}
		}
		for _, name := range p.List {
			e.Files = append(e.Files, FileRef{Name: name})
		}
		meta.Entries = append(meta.Entries, e)
	}
	m.doc = meta
	return nil
}

// typologies are the types of the documents of an act, by file name.
type typologies []struct {
	File string `json:"filename"`
	Type string `json:"typologie"`
}

// readTypologies reads the list of types; nil if it is another list.
func readTypologies(b []byte) any {
	var list typologies
	if json.Unmarshal(b, &list) != nil || len(list) == 0 || list[0].File == "" || list[0].Type == "" {
		return nil
	}
	return list
}
