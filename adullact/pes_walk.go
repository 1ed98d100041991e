package adullact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// A PESVisitor is what WalkPES calls, in the order of the flow. A function that
// is nil is not called, and costs nothing. What is passed to one may be kept,
// readers apart. An error ends the walk, and WalkPES returns it.
type PESVisitor struct {
	// Header is called once, before all others, with what the flow says of
	// itself.
	Header func(h *Helios) error

	// Bordereau is called with what a bordereau says before its pieces. Found
	// is not known yet.
	Bordereau func(b *Bordereau) error

	// Piece is called before the lines of a piece, and Line for each of them.
	Piece func(p *Piece) error
	Line  func(p *Piece, l *Line) error

	// Content is called with the content of an attachment, unwrapped, while it
	// is read. Of a, what stands before the content is known: MediaType, often
	// no more. A read fails with an error for which errors.Is tells ErrMalformed
	// if the content cannot be unwrapped, and with a *LimitError if it is too
	// large; the walk goes on all the same unless Content returns an error.
	Content func(a *PESAttachment, content io.Reader) error

	// Attachment is called with all that is known of an attachment, after
	// Content and with the same a.
	Attachment func(a *PESAttachment) error

	Signature func(s *PESSignature) error
	Ack       func(e *AckElement) error
	RetourAck func(r *RetourAck) error
	Contract  func(c *Contract) error
}

// WalkPES reads a PES of any size, holding little more than one piece in
// memory: texts of attachments are passed on as they are read. It calls the
// functions of v from this goroutine.
//
// The error is ErrTruncated, ErrDoctype, a *SyntaxError, a *LimitError,
// ErrMalformed if the root element is not that of a PES, or one of r or v.
func (d *Decoder) WalkPES(ctx context.Context, r io.Reader, v *PESVisitor) error {
	dec := d.begin(ctx)
	s := xmlscan.New(dec.limitPES(r), dec.limits.xml())
	if _, err := s.Next(); err != nil {
		return fmt.Errorf("walk PES: %w", err)
	}
	if flowOf(s.Name()) == "" {
		return fmt.Errorf("walk PES: %w: root element %q", ErrMalformed, s.Name())
	}
	if err := dec.walkPES(s, v); err != nil {
		return fmt.Errorf("walk PES: %w", err)
	}
	return nil
}

// flowOf returns what a PES with a root element is; "" if it is none.
func flowOf(root string) Flow {
	switch root {
	case "PES_Aller":
		return FlowAller
	case "PES_Retour":
		return FlowRetour
	case "PES_ACQUIT", "PES_Acquit", "PES_NonAcquit":
		return FlowAcquit
	case "PES_ACQUIT_RETOUR":
		return FlowAcquitRetour
	}
	return ""
}

// limitPES fails reading beyond Limits.PES, and when ctx is done.
func (dec *decoding) limitPES(r io.Reader) io.Reader {
	return &limitReader{ctx: dec.ctx, r: r, left: dec.limits.PES, over: &LimitError{Limit: "PES", Max: dec.limits.PES}}
}

// A limitReader fails when there is more to read than a limit allows.
type limitReader struct {
	ctx  context.Context
	r    io.Reader
	left int64
	over error
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, l.over
	}
	return n, err
}

// A walk is one walk through a PES.
type walk struct {
	*decoding
	s *xmlscan.Scanner
	v *PESVisitor

	header      Helios
	headerDone  bool
	domain      string
	bordereau   *Bordereau
	piece       *Piece
	told        bool // Piece was called
	attachments int
}

func (dec *decoding) walkPES(s *xmlscan.Scanner, v *PESVisitor) error {
	w := &walk{decoding: dec, s: s, v: v}
	w.header.Root, w.header.Flow = s.Name(), flowOf(s.Name())
	for {
		event, err := s.Next()
		if err == io.EOF {
			return w.tellHeader()
		}
		if err != nil {
			return err
		}
		if event == xmlscan.Start {
			err = w.start(s.Name())
		} else {
			err = w.end(s.Name())
		}
		if err != nil {
			return err
		}
	}
}

// start deals with an element, which it may read as a whole.
func (w *walk) start(name string) error {
	switch name {
	case "Enveloppe":
		return w.tree(w.enveloppe)
	case "EnTetePES":
		return w.tree(w.enTete)
	}
	if err := w.tellHeader(); err != nil {
		return err
	}
	switch name {
	case "Bordereau":
		w.bordereau = &Bordereau{Domain: w.domain, XMLID: w.s.Attr("Id"), Declared: -1}
	case "BlocBordereau":
		return w.treeIf(w.v.Bordereau != nil || w.v.Piece != nil || w.v.Line != nil, w.blocBordereau)
	case "Piece":
		w.piece, w.told = &Piece{Domain: w.domain}, false
		if w.bordereau != nil {
			w.piece.Bordereau, w.piece.Exercise = w.bordereau.ID, w.bordereau.Exercise
		}
	case "BlocPiece", "InfoPiece":
		return w.treeIf(w.v.Piece != nil || w.v.Line != nil, w.blocPiece)
	case "LigneDePiece":
		return w.treeIf(w.v.Piece != nil || w.v.Line != nil, w.line)
	case "PJ":
		return w.pj()
	case "Signature":
		return w.treeIf(w.v.Signature != nil, w.signature)
	case "ElementACQUIT":
		return w.treeIf(w.v.Ack != nil, w.ack)
	case "ElementACQUIT_RETOUR":
		return w.treeIf(w.v.RetourAck != nil, w.retourAck)
	case "Acquit", "NonAcquit":
		return w.treeIf(w.v.Ack != nil, w.oldAck)
	case "Marche":
		return w.treeIf(w.v.Contract != nil, w.contract)
	default:
		if strings.HasPrefix(name, "PES_") {
			w.domain = domainOf(name)
		}
	}
	return nil
}

// domainOf returns what a part of a PES is about: "PES_DepenseAller" is
// "depense".
func domainOf(name string) string {
	name = strings.TrimPrefix(name, "PES_")
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Aller"), "Retour")
	return strings.ToLower(name)
}

func (w *walk) end(name string) error {
	switch name {
	case "Piece":
		err := w.tellPiece()
		w.piece = nil
		return err
	case "Bordereau":
		w.bordereau = nil
	default:
		if strings.HasPrefix(name, "PES_") {
			w.domain = ""
		}
	}
	return nil
}

// tree reads the element that just started as a whole.
func (w *walk) tree(fn func(n *xmlscan.Node) error) error {
	n, err := w.s.Tree(nil)
	if err != nil {
		return err
	}
	return fn(n)
}

// treeIf does so if somebody wants it, and passes over the element otherwise.
func (w *walk) treeIf(wanted bool, fn func(n *xmlscan.Node) error) error {
	if !wanted {
		return w.s.Skip()
	}
	return w.tree(fn)
}

// val returns the value of an element at a path: its attribute V, or its text.
func val(n *xmlscan.Node, path ...string) string {
	n = n.Child(path...)
	if s := n.Attr("V"); s != "" {
		return s
	}
	return n.Text()
}

func (w *walk) enveloppe(n *xmlscan.Node) error {
	h, p := &w.header, n.Child("Parametres")
	h.Version, h.Type, h.FileName = val(p, "Version"), val(p, "TypFic"), val(p, "NomFic")
	h.Emitter = Correspondent{val(n, "Emetteur", "Sigle"), val(n, "Emetteur", "Adresse")}
	h.Receiver = Correspondent{val(n, "Recepteur", "Sigle"), val(n, "Recepteur", "Adresse")}
	return nil
}

func (w *walk) enTete(n *xmlscan.Node) error {
	h := &w.header
	h.Date = parseDate(val(n, "DteStr"))
	h.Post, h.PostLabel = val(n, "IdPost"), strings.TrimSpace(val(n, "LibellePoste"))
	h.SIRET, h.CodBud, h.BudgetLabel = val(n, "IdColl"), val(n, "CodBud"), val(n, "LibelleColBud")
	h.CodCol = val(n, "CodCol")
	if h.CodCol == "" {
		h.CodCol = val(n, "CodColl")
	}
	return nil
}

// tellHeader calls Header before anything else.
func (w *walk) tellHeader() error {
	if w.headerDone {
		return nil
	}
	w.headerDone = true
	if w.v.Header == nil {
		return nil
	}
	h := w.header
	return w.v.Header(&h)
}

func (w *walk) blocBordereau(n *xmlscan.Node) error {
	b := w.bordereau
	if b == nil {
		return nil
	}
	b.ID, b.Exercise, b.Type = val(n, "IdBord"), val(n, "Exer"), val(n, "TypBord")
	b.Date = parseDate(val(n, "DteBordEm"))
	b.Declared = countOf(val(n, "NbrPce"))
	b.Cumulative = Decimal(val(n, "MtCumulAnnuel"))
	b.Amount = Decimal(val(n, "MtBordHT"))
	if b.Amount == "" {
		b.Amount = Decimal(val(n, "MtBordHt"))
	}
	if w.v.Bordereau == nil {
		return nil
	}
	return w.v.Bordereau(b)
}

// countOf reads a small number; -1 if it is none.
func countOf(text string) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' || n > 1<<24 {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	if text == "" {
		return -1
	}
	return n
}

// blocPiece reads what a piece says of itself: in an expense inside InfoPce, in
// a revenue directly, and in a retour without a BlocPiece.
func (w *walk) blocPiece(n *xmlscan.Node) error {
	p := w.piece
	if p == nil {
		return nil
	}
	for _, in := range []*xmlscan.Node{n, n.Child("InfoPce"), n.Child("InfoPiece")} {
		if in == nil {
			continue
		}
		set(&p.ID, val(in, "IdPce"))
		set(&p.Type, val(in, "TypPce"))
		set(&p.Nature, val(in, "NatPce"))
		set(&p.Object, val(in, "Obj"))
		set(&p.Object, val(in, "ObjPce"))
		set(&p.State, val(in, "EtatPce"))
		if d := val(in, "DtePcePec"); d != "" {
			p.TakenOn = parseDate(d)
		}
		p.PJs = append(p.PJs, pjRefs(in)...)
	}
	return nil
}

// set gives a field a value, unless it has one.
func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func pjRefs(n *xmlscan.Node) []PJRef {
	var out []PJRef
	for _, r := range n.All("PJRef") {
		out = append(out, PJRef{val(r, "Support"), val(r, "IdUnique"), val(r, "NomPJ")})
	}
	return out
}

// tellPiece calls Piece, before the first of its lines.
func (w *walk) tellPiece() error {
	if w.piece == nil || w.told || w.v.Piece == nil {
		return nil
	}
	w.told = true
	return w.v.Piece(w.piece)
}

func (w *walk) line(n *xmlscan.Node) error {
	if err := w.tellPiece(); err != nil || w.piece == nil || w.v.Line == nil {
		return err
	}
	return w.v.Line(w.piece, w.readLine(n))
}

func (w *walk) readLine(n *xmlscan.Node) *Line {
	l := &Line{}
	bloc := n.Child("BlocLignePiece")
	var labels [2]string
	for _, in := range []*xmlscan.Node{bloc.Child("InfoLignePce"), bloc.Child("InfoLignePiece"), bloc, n.Child("InfoLignePce"), n.Child("InfoLignePiece")} {
		if in == nil {
			continue
		}
		set(&l.ID, val(in, "IdLigne"))
		set(&l.Nature, val(in, "Nature"))
		set(&l.Function, val(in, "Fonction"))
		set(&labels[0], val(in, "LibVir1"))
		set(&labels[1], val(in, "LibVir2"))
		set(&l.State, val(in, "EtatLigPce"))
		if l.Amount == "" {
			l.Amount = Decimal(val(in, "MtHT"))
		}
		l.PJs = append(l.PJs, pjRefs(in)...)
	}
	l.Label = strings.TrimSpace(labels[0] + " " + labels[1])
	l.Third = w.third(n.Child("Tiers"))
	return l
}

func (w *walk) third(n *xmlscan.Node) ThirdParty {
	info, bank := n.Child("InfoTiers"), n.Child("CpteBancaire")
	t := ThirdParty{
		ID: val(info, "IdTiers"), IDNature: val(info, "NatIdTiers"), Ref: val(info, "RefTiers"), Name: val(info, "Nom"),
		Complement: val(info, "ComplNom"), Category: val(info, "CatTiers"), Legal: val(info, "NatJur"),
	}
	if w.BankData {
		t.IBAN, t.BIC = val(bank, "IBAN"), val(bank, "BIC")
		if t.IBAN == "" && val(bank, "IdCpte") != "" {
			t.IBAN = strings.Join([]string{val(bank, "CodeEtab"), val(bank, "CodeGuic"), val(bank, "IdCpte"), val(bank, "CleRib")}, " ")
		}
	}
	return t
}

// pj reads an attachment. <PJ V="…"/> in a piece is a number, and no
// attachment.
func (w *walk) pj() error {
	if w.s.Attr("V") != "" {
		return w.s.Skip()
	}
	a := &PESAttachment{Index: w.attachments, Stray: w.domain != "pj", Form: string(payload.Empty)}
	w.attachments++
	depth := w.s.Depth()
	for {
		event, err := w.s.Next()
		if err != nil {
			return err
		}
		if event == xmlscan.End {
			if w.s.Depth() < depth {
				break
			}
			continue
		}
		if err := w.pjPart(a, w.s.Name()); err != nil {
			return err
		}
	}
	if w.v.Attachment == nil {
		return nil
	}
	return w.v.Attachment(a)
}

func (w *walk) pjPart(a *PESAttachment, name string) error {
	switch name {
	case "Contenu":
		return nil
	case "Fichier":
		return w.content(a)
	case "RefCompta":
		return w.tree(func(n *xmlscan.Node) error {
			a.RefCompta = append(a.RefCompta, RefCompta{
				val(n, "Domaine"), val(n, "Exercice"), val(n, "TypeObjet"), val(n, "Identifiant"), val(n, "ComplementIdentifiant"), val(n, "IdTiers"),
			})
			return nil
		})
	}
	return w.tree(func(n *xmlscan.Node) error {
		switch name {
		case "IdUnique":
			a.ID = val(n)
		case "ServeurId":
			a.ServerID = val(n)
		case "NomPJ":
			a.Name = val(n)
		case "TypePJ":
			a.Type = val(n)
		case "Description":
			a.Description = val(n)
		}
		return nil
	})
}

// content passes on the content of an attachment.
func (w *walk) content(a *PESAttachment) error {
	a.MediaType = w.s.Attr("MIMEType")
	c := w.s.Content()
	a.from, a.Form = c.From, ""
	if w.v.Content == nil {
		return nil
	}
	r, form := w.unwrap(c, w.limits.PESAttachment, "PESAttachment")
	a.Form = string(form)
	if err := w.v.Content(a, r); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		return err
	}
	a.to = c.To
	return nil
}

// unwrap returns what the characters of an element stand for, within limits.
// What is wrong shows when it is read.
func (dec *decoding) unwrap(content io.Reader, limit int64, name string) (io.Reader, payload.Form) {
	in := &counter{r: content}
	p, err := payload.Open(in)
	if err != nil {
		return &failing{err}, ""
	}
	r := &limitReader{ctx: dec.ctx, r: p, left: limit, over: &LimitError{Limit: name, Max: limit}}
	return &unwrapped{&ratioReader{r: r, in: in, max: dec.limits.Ratio}}, p.Form
}

// An unwrapped reader marks errors of unwrapping.
type unwrapped struct{ r io.Reader }

func (u *unwrapped) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && err != io.EOF && isCorrupt(err) {
		err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return n, err
}

// A failing reader fails.
type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) {
	if isCorrupt(f.err) {
		return 0, fmt.Errorf("%w: %w", ErrMalformed, f.err)
	}
	return 0, f.err
}

// isOwn reports whether an error is of one attachment alone: it cannot be
// unwrapped, or is too large.
func isOwn(err error) bool {
	var limit *LimitError
	return errors.Is(err, ErrMalformed) || isCorrupt(err) || errors.As(err, &limit) && limit.Limit != "PES" && limit.Limit != "Expanded"
}
