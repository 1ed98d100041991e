package adullact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// file makes envelopes of a single file that was looked at.
func (dec *decoding) file(m *member) ([]*Envelope, error) {
	if m.err != nil && m.sniffed != typePDF {
		return nil, m.err
	}
	if _, ok := m.doc.(*Metadata); ok {
		return dec.deposit(m.name, LayerMessage, []*member{m})
	}
	a, ok := m.doc.(*archive)
	switch {
	case ok && a.zip:
		dec.warnings = append(dec.warnings, m.notes...)
		return dec.deposit(m.name, LayerZip, m.inner)
	case ok:
		dec.warnings = append(dec.warnings, m.notes...)
		return dec.finish(dec.assemble(m.name, LayerArchive, m.inner))
	case m.sniffed == typePDF:
		return dec.finish(dec.assemble(m.name, LayerPDF, []*member{m}))
	}
	return dec.finish(dec.assemble(m.name, LayerMessage, []*member{m}))
}

// deposit makes envelopes of the files of a deposit.
func (dec *decoding) deposit(name string, layer Layer, members []*member) ([]*Envelope, error) {
	if layer == LayerZip {
		if groups := foldersOf(members); len(groups) > 1 {
			return dec.finish(dec.eachFolder(name, layer, groups))
		}
	}
	if meta := dec.metadataOf(members); meta != nil {
		return dec.finish([]*Envelope{dec.described(name, layer, meta, members)})
	}
	return dec.finish(dec.assemble(name, layer, members))
}

// metadataOf returns the file that holds the metadata; nil if there is none.
func (dec *decoding) metadataOf(members []*member) *member {
	var found *member
	for _, m := range members {
		if _, ok := m.doc.(*Metadata); !ok {
			continue
		}
		switch {
		case found == nil:
			found = m
		case dec.isMetadataName(m.name) && !dec.isMetadataName(found.name):
			dec.warn(WarnDuplicate, found.name, "", "more than one file of metadata")
			found = m
		default:
			dec.warn(WarnDuplicate, m.name, "", "more than one file of metadata")
		}
	}
	return found
}

// foldersOf groups the files of a zip by their first folder; nil if one lies
// outside any.
func foldersOf(members []*member) [][]*member {
	var out [][]*member
	place := make(map[string]int)
	for _, m := range members {
		if isNoise(m.path) {
			continue
		}
		top, _, below := strings.Cut(strings.ReplaceAll(m.path, `\`, "/"), "/")
		if !below {
			return nil
		}
		i, ok := place[top]
		if !ok {
			i = len(out)
			place[top] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], m)
	}
	return out
}

// eachFolder makes the envelopes of a zip with one folder for each.
func (dec *decoding) eachFolder(name string, layer Layer, groups [][]*member) []*Envelope {
	var out []*Envelope
	for _, g := range groups {
		folder, _, _ := strings.Cut(strings.ReplaceAll(g[0].path, `\`, "/"), "/")
		if meta := dec.metadataOf(g); meta != nil {
			out = append(out, dec.described(folder, layer, meta, g))
			continue
		}
		for _, e := range dec.assemble(folder, layer, g) {
			if k := kindOfName(name); e.Kind == KindUnknown && k != "" {
				e.Kind, e.Reason = k, "file name "+name
				e.complete()
				e.byFolder(folder)
			}
			out = append(out, e)
		}
	}
	return out
}

// byFolder gives the files of an invoice in a folder of its own their roles:
// the invoice is named after the folder.
func (e *Envelope) byFolder(folder string) {
	for i := range e.Files {
		switch f := &e.Files[i]; {
		case f.Role != RoleOther:
		case stem(f.Name) == folder:
			f.Role = RoleMain
		default:
			f.Role = RoleAnnex
		}
	}
}

// An assembly makes envelopes of files that no metadata describes.
type assembly struct {
	dec     *decoding
	name    string
	layer   Layer
	members []*member
	names   *names           // of members
	used    map[*member]bool // files that are in an envelope
	out     []*Envelope
}

// assemble makes envelopes of files that no metadata describes. What belongs
// to none goes into the first, or becomes one of unknown kind.
func (dec *decoding) assemble(name string, layer Layer, members []*member) []*Envelope {
	a := &assembly{dec: dec, name: name, layer: layer, members: members, names: namesOf(members), used: map[*member]bool{}}
	a.webdelib()
	a.parapheur()
	a.actes()
	a.helios()
	a.chorus()
	a.history()
	a.nested()
	a.rest()
	return a.out
}

// envelope begins an envelope.
func (a *assembly) envelope(kind Kind, m *member) *Envelope {
	e := &Envelope{Kind: kind, Reason: "root element " + m.root, Layer: a.layer, Name: a.name}
	a.out = append(a.out, e)
	return e
}

// add puts a file into an envelope.
func (a *assembly) add(e *Envelope, m *member, role Role, field string, index int) *File {
	a.used[m] = true
	return e.add(m, role, field, index)
}

// add puts a file into an envelope, once. What is wrong with it becomes the
// envelope's warnings.
func (e *Envelope) add(m *member, role Role, field string, index int) *File {
	for i := range e.Files {
		if f := &e.Files[i]; f.Path == m.path && f.Of == m.of && f.SHA256 == m.sum && (m.of == "" || f.Index == index) {
			return f
		}
	}
	e.Warnings = append(e.Warnings, m.notes...)
	e.Files = append(e.Files, File{
		Name: m.name, Path: m.path, Role: role, Field: field, Index: index, MediaType: m.mime,
		Sniffed: m.sniffed, Size: m.size, SHA256: m.sum, Of: m.of, Form: m.form, Broken: m.broken, Open: m.open,
		origin: m.origin, Typology: typologyOf(m.name),
	})
	if m.size == 0 {
		e.warn(WarnEmpty, m.name, field, "")
	}
	return &e.Files[len(e.Files)-1]
}

func (e *Envelope) warn(code Code, file, field, format string, args ...any) {
	e.Warnings = append(e.Warnings, Warning{code, file, field, fmt.Sprintf(format, args...)})
}

// nested makes envelopes of what lies in archives inside.
func (a *assembly) nested() {
	for _, m := range a.members {
		inner, ok := m.doc.(*archive)
		if !ok || a.used[m] {
			continue
		}
		var found []*Envelope
		if inner.zip {
			found, _ = a.dec.deposit(m.name, LayerZip, m.inner)
		} else {
			found = a.dec.assemble(m.name, LayerArchive, m.inner)
		}
		if len(found) == 1 && found[0].Kind == KindUnknown {
			m.tooDeep(found[0].Warnings)
			continue // an archive of something else: one file like others
		}
		for _, e := range found {
			a.add(e, m, RoleTransport, "", 0)
		}
		a.out = append(a.out, found...)
	}
}

// tooDeep notes which containers inside an archive were not opened: what it is
// might be in these.
func (m *member) tooDeep(warnings []Warning) {
	for _, w := range warnings {
		if w.Code == WarnNested && len(m.notes) < maxNotes {
			m.notes = append(m.notes, w)
		}
	}
}

// rest deals with the files that are in no envelope yet.
func (a *assembly) rest() {
	noise := 0
	for _, m := range a.members {
		if a.used[m] {
			continue
		}
		if len(a.out) == 0 {
			kind, reason := a.dec.recognise(Metadata{}, a.name, a.members)
			a.out = append(a.out, &Envelope{Kind: kind, Reason: reason, Layer: a.layer, Name: a.name})
		}
		e := a.out[0]
		role := a.dec.roleOfName(e.Kind, m.name)
		if isNoise(m.path) {
			role = RoleNoise
			noise++
		}
		f := a.add(e, m, role, "", 0)
		if f.Role == RoleOther && e.Kind != KindUnknown {
			e.warn(WarnUnlisted, m.name, "", "")
		}
	}
	if noise > 0 {
		a.out[0].warn(WarnNoise, "", "", "%d files", noise)
	}
	for _, e := range a.out {
		e.complete()
	}
}

// complete makes sure that a known kind has its fields.
func (e *Envelope) complete() {
	switch {
	case e.Kind == KindActes && e.Actes == nil:
		e.Actes = &Actes{AnnexesDeclared: -1}
	case e.Kind == KindHelios && e.Helios == nil:
		e.Helios = &Helios{}
	case e.Kind == KindChorus && e.Chorus == nil:
		e.Chorus = &Chorus{}
	}
}

// finish sets what follows from the rest of each envelope.
func (dec *decoding) finish(out []*Envelope) ([]*Envelope, error) {
	if len(out) == 0 {
		out = []*Envelope{{Kind: KindUnknown, Reason: "no files"}}
	}
	out[0].Warnings = append(out[0].Warnings, dec.warnings...)
	dec.warnings = nil
	for _, e := range out {
		if e.finished {
			continue
		}
		e.finished = true
		if err := dec.checkSizes(e); err != nil {
			return nil, err
		}
		e.checkNames()
		e.Digest = digest(e.Files)
		e.setKey()
		e.prefer()
	}
	return out, nil
}

// checkSizes holds the files of an act to their limit.
func (dec *decoding) checkSizes(e *Envelope) error {
	for i := range e.Files {
		if e.Kind == KindActes && e.Files[i].Size > dec.limits.Actes {
			return fmt.Errorf("%q: %w", e.Files[i].Name, &LimitError{Limit: "Actes", Max: dec.limits.Actes})
		}
	}
	return nil
}

// checkNames reports files that are hard to tell apart.
func (e *Envelope) checkNames() {
	seen := make(map[string]bool)
	for i := range e.Files {
		f := &e.Files[i]
		key := f.Name
		if f.Form == "" {
			key = path.Dir(f.Path) + "/" + f.Name
		}
		if seen[key] {
			e.warn(WarnDuplicate, f.Name, f.Field, "another file has this name")
		}
		seen[key] = true
	}
}

// digest returns the Digest of an envelope. Files inside others are not
// counted: their holders are.
func digest(files []File) string {
	lines, about := []string{}, []string{}
	for _, f := range files {
		line := fmt.Sprintf("%s\x00%d\x00%s\n", f.Name, f.Size, f.SHA256)
		switch {
		case f.Form != "":
		case f.Role == RoleMetadata, f.Role == RoleMarker, f.Role == RoleNoise:
			about = append(about, line)
		default:
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		lines = about
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// setKey sets Key and Version.
func (e *Envelope) setKey() {
	switch {
	case e.Key != "":
	case e.Actes != nil:
		e.Key = e.Actes.key()
	case e.Helios != nil:
		e.Key = e.Helios.key(e.Digest)
	case e.Chorus != nil:
		e.Key, e.Version = e.Chorus.key(), e.Chorus.version()
	}
	if e.Key == "" {
		e.Key = "digest:" + e.Digest
	}
}

// joinKey joins the parts of a key; "" if one that counts is missing.
func joinKey(prefix string, parts ...string) string {
	for _, p := range parts {
		if p == "" {
			return ""
		}
	}
	return prefix + ":" + strings.Join(parts, ":")
}
