package adullact

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
)

// helios makes an envelope of each PES among the files. An acknowledgement
// goes with its aller.
func (a *assembly) helios() {
	var flows, acks []*member
	for _, m := range a.members {
		if doc, ok := m.doc.(*pesFile); ok {
			if doc.helios.Flow == FlowAcquit {
				acks = append(acks, m)
			} else {
				flows = append(flows, m)
			}
		}
	}
	made := make(map[*member]*Envelope)
	for _, m := range flows {
		if first := signedTwin(m, flows); first != nil && made[first] != nil {
			a.pes(made[first], m, RoleSigned)
			continue
		}
		e := a.envelope(KindHelios, m)
		h := m.doc.(*pesFile).helios
		e.Helios = &h
		made[m] = e
		a.pes(e, m, RoleTransport)
	}
	for _, m := range acks {
		a.ack(m, flows, made)
	}
}

// pes adds a PES with what is inside it. What is there already, inside another
// PES or on its own, is not added again.
func (a *assembly) pes(e *Envelope, m *member, role Role) {
	a.add(e, m, role, m.root, 0)
	e.addInner(m, func(*member) Role { return RolePJ })
}

// addInner adds the files inside an XML file, except those whose content is in
// the envelope already.
func (e *Envelope) addInner(m *member, role func(*member) Role) {
	for i, inner := range m.inner {
		if inner.sum != "" && slices.ContainsFunc(e.Files, func(f File) bool { return f.SHA256 == inner.sum && f.Of != m.name }) {
			continue
		}
		e.add(inner, role(inner), inner.field, i)
	}
}

// signedName is the name of a PES to which a signature was added.
var signedName = regexp.MustCompile(`(?i)^(.+)_signe\.xml$`)

// signedTwin returns the flow that m is the signed form of; nil if it is none.
func signedTwin(m *member, flows []*member) *member {
	p := signedName.FindStringSubmatch(m.name)
	if p == nil {
		return nil
	}
	for _, f := range flows {
		if f != m && strings.EqualFold(stem(f.name), p[1]) && path.Dir(f.path) == path.Dir(m.path) {
			return f
		}
	}
	return nil
}

// ack puts an acknowledgement with its aller, or makes an envelope of it.
func (a *assembly) ack(m *member, flows []*member, made map[*member]*Envelope) {
	ack := &m.doc.(*pesFile).helios
	for _, linked := range []func(*member, *Helios, *member, *Helios) bool{byFileName, byName, byBordereau, byPJ} {
		for _, f := range flows {
			if e := made[f]; e != nil && linked(f, &f.doc.(*pesFile).helios, m, ack) {
				a.pes(e, m, RoleReceipt)
				e.Helios.Ack = cmp.Or(e.Helios.Ack, ack.Ack)
				return
			}
		}
	}
	e := a.envelope(KindHelios, m)
	h := *ack
	e.Helios = &h
	a.pes(e, m, RoleReceipt)
}

func byFileName(_ *member, h *Helios, _ *member, ack *Helios) bool {
	return ack.FileName != "" && ack.FileName == h.FileName && h.Flow != FlowAcquitRetour
}

// byName reports whether an acknowledgement is named after its aller:
// <aller>_ACK.xml, ACQUIT_<aller>.xml.
func byName(f *member, _ *Helios, m *member, _ *Helios) bool {
	name := strings.ToLower(stem(m.name))
	aller := strings.ToLower(stem(f.name))
	return name == aller+"_ack" || name == "acquit_"+aller
}

func byBordereau(_ *member, h *Helios, _ *member, ack *Helios) bool {
	if ack.Ack == nil || h.SIRET == "" || h.SIRET != ack.SIRET || h.CodCol != ack.CodCol || h.CodBud != ack.CodBud {
		return false
	}
	for _, e := range ack.Ack.Elements {
		for _, b := range h.Bordereaux {
			if e.Bordereau != "" && e.Bordereau == b.ID && e.Exercise == b.Exercise {
				return true
			}
		}
	}
	return false
}

func byPJ(_ *member, h *Helios, _ *member, ack *Helios) bool {
	if ack.Ack == nil {
		return false
	}
	for _, e := range ack.Ack.Elements {
		for _, pj := range h.Attachments {
			if e.PJ != "" && e.PJ == pj.ID {
				return true
			}
		}
	}
	return false
}

// fromMetadata takes over what a deposit says of a PES.
func (h *Helios) fromMetadata(meta Metadata) {
	h.SIRET, h.CodBud = meta.first("id_coll"), meta.first("cod_bud")
	h.Date = parseDate(meta.first("dte_str"))
	split := func(key string) []string {
		if v := meta.first(key); v != "" {
			return strings.Split(v, ",")
		}
		return nil
	}
	h.Exercises, h.Natures, h.Functions = split("exercice"), split("id_nature"), split("id_fonction")
	for _, id := range split("id_bordereau") {
		h.Bordereaux = append(h.Bordereaux, Bordereau{ID: id, Declared: -1})
	}
	for _, id := range split("id_pce") {
		h.Pieces = append(h.Pieces, Piece{ID: id})
	}
	switch meta.first("etat_ack", "pes_etat_ack") {
	case "1":
		h.Ack = &Ack{State: AckAccepted}
	case "2":
		h.Ack = &Ack{State: AckRefused}
	}
	h.Subject = meta.first("objet")
	h.TransactionID = meta.first("tedetis_transaction_id", "pes_tedetis_transaction_id")
	h.Parapheur = parapheurOf(meta)
	h.Archiving = archivingOf(meta)
}

// mergeHelios takes over what the flows in a deposit say. About orders they
// count, about their progress the metadata does.
func (dec *decoding) mergeHelios(e *Envelope, members []*member) {
	said := *e.Helios
	flow, ack := e.flows(members)
	if flow != nil {
		h := flow.doc.(*pesFile).helios
		e.differs("id_coll", h.SIRET)
		e.differs("cod_bud", h.CodBud)
		e.differs("dte_str", h.Date.String())
		h.Subject, h.TransactionID, h.Parapheur, h.Archiving = said.Subject, said.TransactionID, said.Parapheur, said.Archiving
		if h.Ack == nil {
			h.Ack = said.Ack
		}
		e.Helios = &h
	}
	if ack != nil {
		a := ack.doc.(*pesFile).helios.Ack
		if said.Ack != nil && said.Ack.State != a.State {
			e.warn(WarnDiffers, ack.name, "etat_ack", "metadata says %s, acknowledgement %s", said.Ack.State, a.State)
		}
		e.Helios.Ack = a
		if flow == nil {
			e.Helios.Flow, e.Helios.Root = FlowAcquit, ack.root
		}
	}
	for _, m := range members {
		if _, ok := m.doc.(*pesFile); ok {
			e.addInner(m, func(*member) Role { return RolePJ })
		}
	}
}

// flows returns the flow of a deposit and its acknowledgement, by their roles
// and otherwise by their content.
func (e *Envelope) flows(members []*member) (flow, ack *member) {
	roles := make(map[string]Role)
	for _, f := range e.Files {
		roles[f.Path] = f.Role
	}
	for _, m := range members {
		doc, ok := m.doc.(*pesFile)
		switch {
		case !ok:
		case doc.helios.Flow == FlowAcquit:
			if ack == nil || roles[m.path] == RoleReceipt && roles[ack.path] != RoleReceipt {
				ack = m
			}
		case flow == nil, roles[m.path] == RoleTransport && roles[flow.path] != RoleTransport:
			flow = m
		}
	}
	return flow, ack
}

// key returns what identifies a flow.
func (h *Helios) key(digest string) string {
	key := joinKey("helios", h.Root, h.SIRET, h.CodCol, h.CodBud, h.FileName)
	if key != "" && h.Flow == FlowAcquit {
		key += ":" + digest
	}
	return key
}
