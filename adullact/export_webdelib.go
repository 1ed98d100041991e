package adullact

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// A webdelib is what the XML of an export of WebDelib says: acts of a session,
// with the names of their files in the same zip.
type webdelib struct {
	id   string
	acts []webdelibAct
}

type webdelibAct struct {
	id   string
	act  Actes
	docs []webdelibDoc
}

type webdelibDoc struct {
	id, refers, name, kind, mime string
}

// readWebDelib reads element <depot> of an export of WebDelib.
func (dec *decoding) readWebDelib(m *member, s *xmlscan.Scanner) error {
	doc := &webdelib{id: s.Attr("idDepot")}
	for {
		event, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if event != xmlscan.Start || s.Name() != "dossierActe" {
			continue
		}
		n, err := s.Tree(nil)
		if err != nil {
			return err
		}
		if dec.entries++; dec.entries > dec.limits.Entries {
			return fmt.Errorf("act %d: %w", len(doc.acts)+1, &LimitError{Limit: "Entries", Max: int64(dec.limits.Entries)})
		}
		doc.acts = append(doc.acts, readDossier(m, n))
	}
	m.doc = doc
	return nil
}

func readDossier(m *member, n *xmlscan.Node) webdelibAct {
	text := func(name string) string { return n.Child(name).Text() }
	a := webdelibAct{id: n.Attr("idActe"), act: Actes{AnnexesDeclared: -1, Direction: ToState}}
	a.act.Number = text("numeroACTE")
	a.act.Subject = cmp.Or(text("libelle"), text("description"))
	a.act.Date = date(m, "dateACTE", text("dateACTE"))
	a.act.Nature = natureNamed(text("natureACTE"))
	a.act.Classification.Label = text("themeACTE")
	a.act.Message, _ = messageOf("Acte")
	for _, d := range n.All("document") {
		a.docs = append(a.docs, webdelibDoc{d.Attr("idDocument"), d.Attr("refDocument"), d.Attr("nom"), d.Attr("type"), d.Child("mimetype").Text()})
		if d.Child("signature").Text() == "true" {
			a.act.Signature.Present = true
			a.act.Signature.Detached = d.Child("signature").Attr("formatSignature") == "p7s"
		}
	}
	return a
}

// natureNamed returns the nature of an act by the word that WebDelib uses.
func natureNamed(name string) Term {
	folded := strings.ToLower(unaccented(name))
	for prefix, code := range map[string]string{"deliberation": "1", "arrete reglementaire": "2", "arrete individuel": "3", "contrat": "4", "convention": "4"} {
		if strings.HasPrefix(folded, prefix) {
			return Natures().Term(code)
		}
	}
	return Term{Label: name}
}

// webdelibRole returns the role of a document by its type in WebDelib.
func webdelibRole(kind string) Role {
	switch strings.ToLower(kind) {
	case "texteacte":
		return RoleMain
	case "actetampon":
		return RoleStamped
	case "rapport":
		return RoleReport
	case "annexe":
		return RoleAnnex
	case "signature":
		return RoleSignature
	case "aracte":
		return RoleReceipt
	case "courriersimple", "piececomplementaire", "lettreobservation", "defereta":
		return RoleExchange
	}
	return RoleOther
}

// webdelib makes an envelope of each act in an export of WebDelib. Documents of
// a session as a whole, and files that nothing names, go with the first.
func (a *assembly) webdelib() {
	for _, m := range a.members {
		doc, ok := m.doc.(*webdelib)
		if !ok {
			continue
		}
		for i := range doc.acts {
			w := &doc.acts[i]
			e := a.envelope(KindActes, m)
			act := w.act
			e.Actes, e.Key = &act, joinKey("webdelib", doc.id, w.id)
			a.add(e, m, RoleMetadata, m.root, 0)
			a.dossier(e, w)
		}
	}
}

// dossier adds the files of an act. Exports name files that are not in them,
// and name several alike.
func (a *assembly) dossier(e *Envelope, w *webdelibAct) {
	names := make(map[string]string) // by id
	for i, d := range w.docs {
		names[d.id] = d.name
		found, match := a.names.search().find(d.name)
		if found == nil {
			e.warn(WarnMissing, "", "document", "%q, of type %q, is not there", d.name, d.kind)
			continue
		}
		before := len(e.Files)
		f := a.add(e, found, webdelibRole(d.kind), "document", i)
		if len(e.Files) == before {
			e.warn(WarnDuplicate, d.name, "document", "number %d has the same name as another", i+1)
			continue
		}
		f.Match, f.MediaType, f.Of = match, d.mime, names[d.refers]
		if f.Role == RoleMain {
			e.Actes.Main = found.name
		}
		if f.Role == RoleAnnex {
			e.Actes.Annexes = append(e.Actes.Annexes, Annex{Name: found.name, Present: true})
		}
	}
}
