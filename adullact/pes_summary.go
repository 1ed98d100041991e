package adullact

import (
	"fmt"
	"io"
	"slices"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// A pesFile is what a PES says. Its attachments are member.inner.
type pesFile struct{ helios Helios }

// A summary makes Helios of a PES.
type summary struct {
	*decoding
	file *member
	h    *Helios
	keep int

	offset func() int64 // in the file
	at     int64        // offset at the last call
	text   int64        // bytes of what is kept, about
	over   error        // the limit that kept something from being kept; nil: none

	total     sum
	amount    sum             // of the piece at hand
	distinct  map[string]bool // kind and value
	ids       map[string]bool // of attachments
	refs      []PJRef
	bordereau int // index of the one at hand; -1: not kept
	piece     int // likewise
	found     int // pieces of the bordereau at hand
	content   *enclosed
}

// readPES reads a PES.
func (dec *decoding) readPES(m *member, s *xmlscan.Scanner) error {
	doc := &pesFile{}
	x := &summary{
		decoding: dec, file: m, h: &doc.helios, keep: dec.limits.Pieces, offset: s.Offset,
		distinct: map[string]bool{}, ids: map[string]bool{}, bordereau: -1, piece: -1,
	}
	err := dec.walkPES(s, &PESVisitor{
		Header: x.header, Bordereau: x.addBordereau, Piece: x.addPiece, Line: x.addLine,
		Content: x.readContent, Attachment: x.addAttachment,
		Signature: func(s *PESSignature) error { x.h.Signatures = keepSome(x, x.h.Signatures, *s); return nil },
		RetourAck: func(r *RetourAck) error { x.h.Retours = keepSome(x, x.h.Retours, *r); return nil },
		Contract:  func(c *Contract) error { x.h.Contracts = keepSome(x, x.h.Contracts, *c); return nil },
		Ack:       x.addAck,
	})
	if err != nil {
		return err
	}
	x.end()
	m.doc = doc
	return nil
}

// keepSome appends to a list as long as the limits allow.
func keepSome[T any](x *summary, list []T, v T) []T {
	if x.isFull(len(list)) {
		return list
	}
	return append(list, v)
}

// isFull counts what was read since the last call as kept, and reports whether
// that, or one more than n of a kind, is too much.
func (x *summary) isFull(n int) bool {
	x.text += x.offset() - x.at
	x.at = x.offset()
	switch {
	case n >= x.keep:
		x.over = &LimitError{Limit: "Pieces", Max: int64(x.keep)}
	case x.text > int64(x.limits.Memory):
		x.over = &LimitError{Limit: "Memory", Max: int64(x.limits.Memory)}
	default:
		return false
	}
	x.h.Truncated = true
	return true
}

func (x *summary) header(h *Helios) error {
	*x.h = *h
	if h.Flow == FlowAcquit {
		x.h.Ack = &Ack{FileName: h.FileName, Date: h.Date, File: x.file.name}
	}
	if !h.Date.IsZero() && !h.Date.Valid() {
		x.file.note(WarnValue, "DteStr", "%q is no date", h.Date.Text)
	}
	return nil
}

// once reports whether a value of a kind is seen for the first time. So many
// are told apart, and no more.
func (x *summary) once(kind, value string) bool {
	key := kind + "\x00" + value
	if value == "" || len(value) > 255 || x.distinct[key] || len(x.distinct) > 100_000 {
		return false
	}
	x.distinct[key] = true
	return true
}

func (x *summary) addBordereau(b *Bordereau) error {
	x.endBordereau()
	x.h.BordereauCount++
	if x.once("exercise", b.Exercise) {
		x.h.Exercises = append(x.h.Exercises, b.Exercise)
	}
	x.domain(b.Domain)
	before := len(x.h.Bordereaux)
	x.h.Bordereaux = keepSome(x, x.h.Bordereaux, *b)
	x.bordereau = -1
	if len(x.h.Bordereaux) > before {
		x.bordereau = before
	}
	return nil
}

func (x *summary) endBordereau() {
	found := x.found
	x.found = 0
	if x.bordereau < 0 {
		return
	}
	b := &x.h.Bordereaux[x.bordereau]
	b.Found = found
	if b.Declared >= 0 && b.Declared != b.Found {
		x.file.note(WarnCount, "NbrPce", "bordereau %q: %d pieces declared, %d found", b.ID, b.Declared, b.Found)
	}
}

func (x *summary) domain(d string) {
	if x.once("domain", d) {
		x.h.Domains = append(x.h.Domains, d)
	}
}

func (x *summary) addPiece(p *Piece) error {
	x.endPiece()
	x.h.PieceCount++
	x.found++
	x.reference(p.PJs)
	before := len(x.h.Pieces)
	x.h.Pieces = keepSome(x, x.h.Pieces, *p)
	x.piece = -1
	if len(x.h.Pieces) > before {
		x.piece = before
	}
	return nil
}

func (x *summary) endPiece() {
	if x.piece >= 0 {
		x.h.Pieces[x.piece].Amount = x.amount.decimal()
	}
	x.amount = sum{}
}

func (x *summary) addLine(_ *Piece, l *Line) error {
	x.h.LineCount++
	x.total.add(l.Amount)
	x.amount.add(l.Amount)
	if x.once("nature", l.Nature) {
		x.h.Natures = append(x.h.Natures, l.Nature)
	}
	if x.once("function", l.Function) {
		x.h.Functions = append(x.h.Functions, l.Function)
	}
	x.reference(l.PJs)
	if x.piece < 0 {
		return nil
	}
	if x.isFull(x.h.LineCount - 1) {
		return nil
	}
	p := &x.h.Pieces[x.piece]
	p.Lines = append(p.Lines, *l)
	return nil
}

// reference keeps electronic references, to be resolved at the end.
func (x *summary) reference(refs []PJRef) {
	for _, r := range refs {
		if (r.Support == "01" || r.Support == "") && x.once("pj", r.ID) {
			x.refs = keepSome(x, x.refs, r)
		}
	}
}

func (x *summary) readContent(a *PESAttachment, content io.Reader) error {
	x.content = &enclosed{form: a.Form}
	return x.content.read(x.decoding, content)
}

func (x *summary) addAttachment(a *PESAttachment) error {
	if x.entries++; x.entries > x.limits.Entries {
		return fmt.Errorf("attachment %d: %w", a.Index+1, &LimitError{Limit: "Entries", Max: int64(x.limits.Entries)})
	}
	x.at = x.offset() // its content is not kept
	x.h.AttachmentCount++
	x.domain("pj")
	c := x.content
	x.content = nil
	if c == nil {
		c = &enclosed{form: string(payload.Empty)}
	} else {
		c.from, c.to = a.from, a.to
	}
	x.ids[a.ID] = true
	label := a.Name
	if label == "" {
		label = a.ID
	}
	m, err := x.enclosedMember(x.file, c, enclosedName(a.Name, "pj", a.Index, c.sniffed))
	if err != nil {
		return err
	}
	m.field, m.mime = "PJ", a.MediaType
	a.Form, a.Size, a.SHA256, a.Broken = c.form, m.size, m.sum, m.broken
	x.noteAttachment(a, m, c, label)
	x.h.Attachments = keepSome(x, x.h.Attachments, *a)
	if a.Form != string(payload.Empty) {
		x.file.inner = append(x.file.inner, m)
	}
	return nil
}

func (x *summary) noteAttachment(a *PESAttachment, m *member, c *enclosed, label string) {
	switch {
	case m.broken:
		m.note(WarnBroken, "PJ", "%v", c.broken)
	case a.Form == string(payload.Empty):
		x.file.note(WarnNoContent, "PJ", "number %d, %q", a.Index+1, label)
	case a.Form != string(payload.Gzip):
		m.note(WarnNotGzip, "PJ", "%s, not gzip", a.Form)
	}
	if a.Stray {
		x.file.note(WarnStray, "PJ", "number %d, %q, is not in PES_PJ", a.Index+1, label)
	}
}

func (x *summary) addAck(e *AckElement) error {
	if x.h.Ack == nil {
		return nil
	}
	if e.State == AckRefused {
		x.h.Ack.State = AckRefused
	} else if x.h.Ack.State == AckNone {
		x.h.Ack.State = e.State
	}
	x.h.Ack.Elements = keepSome(x, x.h.Ack.Elements, *e)
	return nil
}

// end sets what follows from all.
func (x *summary) end() {
	x.endPiece()
	x.endBordereau()
	h := x.h
	h.Total = x.total.decimal()
	for _, r := range x.refs {
		if !x.ids[r.ID] {
			h.Unresolved = append(h.Unresolved, r)
		}
	}
	if len(h.Unresolved) > 0 && h.Flow == FlowAller {
		x.file.note(WarnUnresolved, "PJRef", "%d references, the first to %q", len(h.Unresolved), h.Unresolved[0].ID)
	}
	if h.Truncated {
		x.file.note(WarnTruncated, "", "pieces, lines or elements are left out: %v", x.over)
	}
	if len(h.Contracts) > 0 {
		x.domain("marche")
	}
	if h.Flow == FlowAller {
		switch {
		case slices.Equal(h.Domains, []string{"pj"}):
			h.Flow = FlowPJ
		case slices.Equal(h.Domains, []string{"marche"}):
			h.Flow = FlowMarche
		case slices.Contains(h.Domains, "facture") && !slices.Contains(h.Domains, "depense"):
			h.Flow = FlowFacture
		}
	}
}
