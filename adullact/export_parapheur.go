package adullact

import (
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// A premis is what the PREMIS of a finished folder of i-Parapheur 5 says.
type premis struct {
	id, name, typ, subtype string
	files                  []premisFile
}

type premisFile struct {
	name, mime, sum string // sum: SHA-256, hexadecimal
	main            bool
}

// readPremis reads element <premis>.
func (dec *decoding) readPremis(m *member, s *xmlscan.Scanner) error {
	n, err := s.Tree(nil)
	if err != nil {
		return err
	}
	doc := &premis{}
	for _, o := range n.All("object") {
		props := make(map[string]string)
		for _, p := range o.All("significantProperties") {
			props[p.Child("significantPropertiesType").Text()] = p.Child("significantPropertiesValue").Text()
		}
		name := o.Child("originalName").Text()
		switch o.Attr("type") {
		case "intellectualEntity":
			doc.id, doc.name = o.Child("objectIdentifier", "objectIdentifierValue").Text(), name
			doc.typ, doc.subtype = props["i_Parapheur_reserved_type"], props["i_Parapheur_reserved_subtype"]
		case "file":
			c := o.Child("objectCharacteristics")
			f := premisFile{name: name, mime: c.Child("format", "formatDesignation", "formatName").Text(), main: props["i_Parapheur_reserved_mainDocument"] == "true"}
			if c.Child("fixity", "messageDigestAlgorithm").Text() == "SHA-256" {
				f.sum = strings.ToLower(c.Child("fixity", "messageDigest").Text())
			}
			doc.files = append(doc.files, f)
		}
	}
	m.doc = doc
	return nil
}

// parapheur makes an envelope of a finished folder of i-Parapheur. It is one of
// acts if its type says so.
func (a *assembly) parapheur() {
	for _, m := range a.members {
		doc, ok := m.doc.(*premis)
		if !ok {
			continue
		}
		e := a.envelope(KindUnknown, m)
		if strings.HasPrefix(strings.ToLower(doc.typ), "acte") {
			e.Kind, e.Reason = KindActes, "type of the signature folder "+doc.typ
			e.Actes = &Actes{AnnexesDeclared: -1, Subject: doc.name, Parapheur: Parapheur{Type: doc.typ, Subtype: doc.subtype, FolderID: doc.id}}
			e.Actes.Signature.Present = true
		}
		a.add(e, m, RoleHistory, m.root, 0)
		search := a.names.search()
		for i, f := range doc.files {
			a.premisFile(e, f, i, search)
		}
	}
}

func (a *assembly) premisFile(e *Envelope, p premisFile, i int, search *search) {
	found, match := search.find(p.name)
	if found == nil {
		e.warn(WarnMissing, "", "object", "%q is not there", p.name)
		return
	}
	role := RoleAnnex
	if p.main {
		role = RoleMain
	}
	f := a.add(e, found, role, "object", i)
	f.Match, f.MediaType = match, p.mime
	if p.sum != "" && p.sum != found.sum {
		e.warn(WarnDiffers, found.name, "messageDigest", "the folder says %s, the file has %s", p.sum, found.sum)
	}
	if e.Actes == nil {
		return
	}
	if p.main && e.Actes.Main == "" {
		e.Actes.Main = found.name
	} else if !p.main {
		e.Actes.Annexes = append(e.Actes.Annexes, Annex{Name: found.name, Present: true})
	}
}
