package adullact

import (
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

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
