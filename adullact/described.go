package adullact

import (
	"cmp"
	"strings"
)

// described makes the envelope of a deposit that metadata describes.
func (dec *decoding) described(name string, layer Layer, file *member, members []*member) *Envelope {
	meta := *file.doc.(*Metadata)
	e := &Envelope{Layer: layer, Name: name, Meta: meta}
	rest := dec.ownFiles(e, file, members)
	claims := dec.claims(meta)
	reconcile(claims, rest)
	e.Kind, e.Reason = dec.recognise(meta, name, rest)
	e.complete()
	dec.claimed(e, claims)
	dec.unclaimed(e, rest)
	e.typologies(rest)
	switch e.Kind {
	case KindActes:
		e.Actes.fromMetadata(meta)
		dec.mergeActes(e, rest)
	case KindHelios:
		e.Helios.fromMetadata(meta)
		dec.mergeHelios(e, rest)
	case KindChorus:
		e.Chorus.fromMetadata(meta)
		dec.mergeChorus(e, rest)
	}
	return e
}

// ownFiles adds the files that belong to the deposit itself, and returns the
// others.
func (dec *decoding) ownFiles(e *Envelope, file *member, members []*member) []*member {
	var rest []*member
	noise := 0
	for _, m := range members {
		switch {
		case m == file:
			e.add(m, RoleMetadata, "", 0)
		case dec.isMarker(m.name):
			e.add(m, RoleMarker, "", 0)
		case isNoise(m.path):
			e.add(m, RoleNoise, "", 0)
			noise++
		default:
			rest = append(rest, m)
		}
	}
	if noise > 0 {
		e.warn(WarnNoise, "", "", "%d files", noise)
	}
	return rest
}

// claims returns the files that metadata names.
func (dec *decoding) claims(meta Metadata) []*claim {
	var out []*claim
	for _, entry := range meta.Entries {
		for i, f := range entry.Files {
			out = append(out, &claim{field: entry.Key, index: i, name: f.Name, original: f.Original})
		}
	}
	return out
}

// withheld reports whether the files of a key are named but not deposited.
func (d *Decoder) withheld(key string) bool {
	for _, k := range d.Withheld {
		if k == key || k == unnumbered(key) {
			return true
		}
	}
	return false
}

// claimed adds the files that metadata names, in its order.
func (dec *decoding) claimed(e *Envelope, claims []*claim) {
	by := make(map[*member]*claim)
	for _, c := range claims {
		switch first := by[c.member]; {
		case c.member == nil && !dec.withheld(c.field):
			e.warn(WarnMissing, "", c.field, "%q, number %d, is not there", c.name, c.index+1)
		case c.member == nil:
		case first != nil:
			if !isPair(first.field, c.field) {
				e.warn(WarnDuplicate, c.member.name, c.field, "number %d has the same name as number %d of %q", c.index+1, first.index+1, first.field)
			}
		default:
			by[c.member] = c
			e.claim(dec, c)
		}
		switch c.match {
		case MatchUnaccented, MatchCase, MatchExtension:
			e.warn(WarnMatch, c.member.name, c.field, "%q is meant, by level %s", c.name, c.match)
		}
	}
}

// isPair reports whether two keys name one and the same file on purpose.
func isPair(a, b string) bool {
	a, b = unnumbered(a), unnumbered(b)
	isMain := func(k string) bool {
		return k == "facture_pj_01" || k == "facture_pj" || k == "fichier_facture_pdf"
	}
	return isMain(a) && isMain(b)
}

// claim adds one file that metadata names.
func (e *Envelope) claim(dec *decoding, c *claim) {
	f := e.add(c.member, dec.roleOfKey(c.field), c.field, c.index)
	f.Match = c.match
	original := cmp.Or(c.original, c.name)
	if internalName.MatchString(c.member.name) && original != c.member.name {
		f.Name = cleaned(original)
	}
	if original != f.Name {
		f.Original = original
	}
}

// unclaimed adds the files that metadata does not name.
func (dec *decoding) unclaimed(e *Envelope, members []*member) {
	listed := make(map[string]bool)
	for _, f := range e.Files {
		listed[f.Path] = true
	}
	for _, m := range members {
		if listed[m.path] {
			continue
		}
		f := e.add(m, dec.roleOfName(e.Kind, m.name), "", 0)
		if f.Role == RoleOther || f.Role == RoleVisual {
			f.Role = RoleOther
			e.warn(WarnUnlisted, m.name, "", "")
		}
	}
}

// typologies sets the types that a list of them gives the files of an act.
func (e *Envelope) typologies(members []*member) {
	for _, m := range members {
		list, ok := m.doc.(typologies)
		if !ok {
			continue
		}
		for _, t := range list {
			for i := range e.Files {
				f := &e.Files[i]
				if f.Original == t.File || f.Name == t.File {
					f.Typology = cmp.Or(inParentheses(t.Type), t.Type)
				}
			}
		}
	}
}

// inParentheses returns the code at the end of "Délibération (99_DE)".
func inParentheses(s string) string {
	i := strings.LastIndexByte(s, '(')
	if i < 0 || !strings.HasSuffix(s, ")") {
		return ""
	}
	return s[i+1 : len(s)-1]
}

// differs reports a key of the metadata whose value is not that of the content.
// The content counts.
func (e *Envelope) differs(key, content string) {
	if said := e.Meta.Value(key); said != "" && content != "" && said != content {
		e.warn(WarnDiffers, "", key, "metadata says %q, content %q", said, content)
	}
}
