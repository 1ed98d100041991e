package adullact

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

const piecePart = `<PES_DepenseAller><Bordereau Id="B"><BlocBordereau><Exer V="2024"/><IdBord V="7"/><NbrPce V="1"/></BlocBordereau>
<Piece><BlocPiece><InfoPce><IdPce V="1"/><Obj V="o"/></InfoPce></BlocPiece>
<LigneDePiece><BlocLignePiece><InfoLignePce><IdLigne V="1"/><Nature V="60"/><MtHT V="1.10"/></InfoLignePce></BlocLignePiece></LigneDePiece></Piece></Bordereau></PES_DepenseAller>`

// Attachments are unwrapped whatever they are wrapped in; what is unusual is a
// warning, what cannot be unwrapped comes as it stands.
func TestPESAttachments(t *testing.T) {
	pdf := "%PDF-1.4 " + strings.Repeat("voucher ", 200)
	packed := base64Of(gzipOf(pdf))
	bad := packed[:40] + "*" + packed[41:]
	for _, test := range []struct {
		name, content, form, want string
		broken                    bool
		warnings                  string
	}{
		{"gzip", packed, "gzip", pdf, false, ""},
		{"wrapped and indented", "\r\n\t" + strings.ReplaceAll(packed, "A", "A\r\n\t "), "gzip", pdf, false, ""},
		{"line breaks by reference", strings.ReplaceAll(packed, "A", "A&#10;&#xD;"), "gzip", pdf, false, ""},
		{"in CDATA", "<![CDATA[" + packed + "]]>", "gzip", pdf, false, ""},
		{"with a comment that holds a tag", packed[:8] + "<!-- </Fichier> -->" + packed[8:], "gzip", pdf, false, ""},
		{"without padding", strings.TrimRight(packed, "="), "gzip", pdf, false, ""},
		{"base64 alone", base64Of(pdf), "base64", pdf, false, "unusual-wrapping"},
		{"plain text", "Ceci est un test", "text", "Ceci est un test", false, "unusual-wrapping"},
		{"bad base64", bad, "gzip", bad, true, "broken-attachment"},
		{"gzip cut off", base64Of(gzipOf(pdf)[:30]), "gzip", base64Of(gzipOf(pdf)[:30]), true, "broken-attachment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeOne(t, "p.xml", pesOf("p", `<PES_PJ>`+pjOf("ID1", "a.pdf", test.content)+`</PES_PJ>`))
			f := e.File(RolePJ)
			if f == nil || f.Form != test.form || f.Broken != test.broken || codes(e) != test.warnings {
				t.Fatalf("file %+v, warnings %q; want form %s, broken %v, warnings %q", f, codes(e), test.form, test.broken, test.warnings)
			}
			if got := body(t, f); got != test.want || int64(len(got)) != f.Size {
				t.Errorf("opened: %d bytes, announced %d, want %d", len(got), f.Size, len(test.want))
			}
			if a := e.Helios.Attachments[0]; a.ID != "ID1" || a.Name != "a.pdf" || a.Broken != test.broken || a.SHA256 != f.SHA256 || a.Size != f.Size {
				t.Errorf("attachment %+v, want that of the file", a)
			}
		})
	}
}

// Attachments without content, or where the format has none, are told of.
func TestPESOddAttachments(t *testing.T) {
	packed := base64Of(gzipOf("%PDF"))
	for _, test := range []struct{ name, part, warnings string }{
		{"no content", `<PES_PJ>` + pjOf("1", "a.pdf", "   \n ") + `</PES_PJ>`, "empty-attachment"},
		{"closed by its own tag", `<PES_PJ><PJ><Contenu><Fichier MIMEType="application/pdf"/></Contenu></PJ></PES_PJ>`, "empty-attachment"},
		{"outside PES_PJ", pjOf("1", "a.pdf", packed), "stray-attachment"},
		{"a prefix", strings.ReplaceAll(`<PES_PJ>`+pjOf("1", "a.pdf", packed)+`</PES_PJ>`, "Fichier", "n:Fichier"), ""},
		{"a number named PJ in a piece", strings.Replace(piecePart, `<IdPce V="1"/>`, `<IdPce V="1"/><PJ V="20160000000000010075"/>`, 1), ""},
		{"a number named PJ beside a piece", strings.Replace(piecePart, `</BlocPiece>`, `</BlocPiece><PJ V="2016"/>`, 1), ""},
		{"a header alone", `<PES_PJ><EnTetePES_PJ><IdVer V="1"/></EnTetePES_PJ></PES_PJ>`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := decodeOne(t, "p.xml", pesOf("p", test.part))
			if codes(e) != test.warnings {
				t.Errorf("warnings %q, want %q", codes(e), test.warnings)
			}
		})
	}
}

// An attachment without a name gets one.
func TestPESNameless(t *testing.T) {
	e := decodeOne(t, "p.xml", pesOf("p", `<PES_PJ><PJ><Contenu><Fichier>`+base64Of(gzipOf("%PDF-1.4"))+`</Fichier></Contenu></PJ></PES_PJ>`))
	if f := e.File(RolePJ); f == nil || f.Name != "pj-1.pdf" {
		t.Errorf("file %+v, want the name pj-1.pdf", f)
	}
}

// What a piece says may stand at several levels; amounts are added exactly.
func TestPESLevels(t *testing.T) {
	for _, test := range []struct{ name, part string }{
		{"expense", piecePart},
		{"expense without InfoPce", strings.NewReplacer("<InfoPce>", "", "</InfoPce>", "").Replace(piecePart)},
		{"revenue", strings.NewReplacer("<InfoPce>", "", "</InfoPce>", "", "Obj", "ObjPce", "InfoLignePce", "InfoLignePiece", "DepenseAller", "RecetteAller").Replace(piecePart)},
		{"mixed", strings.NewReplacer("InfoPce", "InfoPiece", "InfoLignePce", "InfoLignePiece").Replace(piecePart)},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := decodeOne(t, "p.xml", pesOf("p", test.part)).Helios
			if len(h.Pieces) != 1 || h.Pieces[0].ID != "1" || h.Pieces[0].Object != "o" || h.Pieces[0].Exercise != "2024" || h.Total != "1.10" || h.Natures[0] != "60" {
				t.Errorf("pieces %+v, total %s; want piece 1 of 1.10", h.Pieces, h.Total)
			}
		})
	}
}

func TestPESTotals(t *testing.T) {
	var lines strings.Builder
	for range 30 {
		lines.WriteString(`<LigneDePiece><BlocLignePiece><InfoLignePce><MtHT V="0.1"/></InfoLignePce></BlocLignePiece></LigneDePiece>`)
	}
	lines.WriteString(`<LigneDePiece><BlocLignePiece><InfoLignePce><MtHT V="-1e9"/></InfoLignePce></BlocLignePiece></LigneDePiece>`)
	part := strings.Replace(piecePart, "</Piece>", lines.String()+"</Piece>", 1)
	out, err := decode(t, &Decoder{Limits: Limits{Pieces: 10}}, "p.xml", []byte(pesOf("p", part)))
	if err != nil {
		t.Fatal(err)
	}
	h := out[0].Helios
	if h.Pieces[0].Amount != "4.10" {
		t.Errorf("amount of the piece is %s, want that of all its lines", h.Pieces[0].Amount)
	}
	if h.Total != "4.10" || h.LineCount != 32 || len(h.Pieces[0].Lines) != 10 || !h.Truncated || codes(out[0]) != "truncated" {
		t.Errorf("total %s of %d lines, %d kept, warnings %q; want 4.10 of 32, 10 kept and a warning", h.Total, h.LineCount, len(h.Pieces[0].Lines), codes(out[0]))
	}
}

// References to vouchers are resolved by their ids; those on paper need not be.
func TestPESReferences(t *testing.T) {
	refs := `<PJRef><Support V="01"/><IdUnique V="HERE"/></PJRef><PJRef><Support V="01"/><IdUnique V="ELSEWHERE"/></PJRef><PJRef><Support V="02"/><IdUnique V="PAPER"/></PJRef>`
	e := decodeOne(t, "p.xml", pesOf("p", strings.Replace(piecePart, `<Obj V="o"/>`, `<Obj V="o"/>`+refs, 1), `<PES_PJ>`+pjOf("HERE", "a.pdf", base64Of(gzipOf("x")))+`</PES_PJ>`))
	line := decodeOne(t, "p.xml", pesOf("p", strings.Replace(piecePart, `<IdLigne V="1"/>`, `<IdLigne V="1"/>`+refs, 1)))
	if u := line.Helios.Unresolved; len(u) != 2 || len(line.Helios.Pieces[0].Lines[0].PJs) != 3 {
		t.Errorf("references of a line: unresolved %+v, want HERE and ELSEWHERE", u)
	}
	if u := e.Helios.Unresolved; len(u) != 1 || u[0].ID != "ELSEWHERE" || codes(e) != "unresolved-pj" {
		t.Errorf("unresolved %+v, warnings %q; want the one that is elsewhere", u, codes(e))
	}
}

// What a PES is about decides what it is.
func TestPESFlows(t *testing.T) {
	packed := base64Of(gzipOf("%PDF"))
	for _, test := range []struct {
		name, doc string
		want      Flow
	}{
		{"orders", pesOf("p", piecePart), FlowAller},
		{"vouchers alone", pesOf("p", `<PES_PJ>`+pjOf("1", "a", packed)+`</PES_PJ>`), FlowPJ},
		{"contracts", pesOf("p", `<PES_Marche><Marches><Marche><Objet V="o"/></Marche></Marches></PES_Marche>`), FlowMarche},
		{"a retour", strings.NewReplacer("PES_Aller", "PES_Retour").Replace(pesOf("p")), FlowRetour},
		{"any prefix", strings.NewReplacer("n:PES", "zz:PES", "xmlns:n", "xmlns:zz").Replace(pesOf("p", piecePart)), FlowAller},
		{"no prefix", strings.NewReplacer("n:PES", "PES", "xmlns:n", "xmlns").Replace(pesOf("p", piecePart)), FlowAller},
		{"a byte order mark", "\xef\xbb\xbf" + strings.Replace(pesOf("p"), "ISO-8859-1", "UTF-8", 1), FlowAller},
	} {
		t.Run(test.name, func(t *testing.T) {
			if e := decodeOne(t, "p.xml", test.doc); e.Kind != KindHelios || e.Helios.Flow != test.want {
				t.Errorf("flow %q of kind %s, want %s", e.Helios.Flow, e.Kind, test.want)
			}
		})
	}
}

// Files inside a PES with a byte order mark, or in UTF-16, are found where they
// are.
func TestPESMarks(t *testing.T) {
	doc := strings.Replace(pesOf("p", `<PES_PJ>`+pjOf("1", "a.pdf", base64Of(gzipOf("%PDF voucher")))+`</PES_PJ>`), "ISO-8859-1", "UTF-8", 1)
	var wide strings.Builder
	wide.WriteString("\xff\xfe")
	for _, c := range []byte(doc) {
		wide.WriteByte(c)
		wide.WriteByte(0)
	}
	for name, in := range map[string]string{"mark": "\xef\xbb\xbf" + doc, "utf-16": wide.String()} {
		if got := body(t, decodeOne(t, "p.xml", in).File(RolePJ)); got != "%PDF voucher" {
			t.Errorf("%s: voucher %q", name, got)
		}
	}
}

const ackStart = `<n:PES_ACQUIT xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/retour/v2"><Enveloppe><Parametres><NomFic V="`

func ackOf(file, siret, elements string) string {
	return ackStart + file + `"/></Parametres></Enveloppe><EnTetePES><IdColl V="` + siret + `"/><CodCol V="123"/><CodBud V="00"/></EnTetePES><ACQUIT>` + elements + `</ACQUIT></n:PES_ACQUIT>`
}

const (
	accepted = `<ElementACQUIT><DomaineAck V="5"/><EtatAck V="1"/><NumBord V="7"/><ExerciceBord V="2024"/></ElementACQUIT>`
	refused  = `<ElementACQUIT><DomaineAck V="4"/><EtatAck V="0"/><IdUnique V="ID1"/><Erreur><NumAnoAck V="ERREUR_DOUBLON_PJ"/></Erreur></ElementACQUIT>`
)

// An acknowledgement refuses the whole if it refuses any part.
func TestAckState(t *testing.T) {
	for elements, want := range map[string]AckState{accepted: AckAccepted, accepted + refused: AckRefused, refused + accepted: AckRefused, "": AckNone} {
		if ack := decodeOne(t, "a.xml", ackOf("p", "1", elements)).Helios.Ack; ack == nil || ack.State != want {
			t.Errorf("%d elements: %+v, want %q", strings.Count(elements, "Etat"), ack, want)
		}
	}
}

// An acknowledgement goes with its aller: by NomFic, by its name, by the
// bordereau, by a voucher; and otherwise stands alone.
func TestAckLinks(t *testing.T) {
	aller := pesOf("p", piecePart, `<PES_PJ>`+pjOf("ID1", "a.pdf", base64Of(gzipOf("x")))+`</PES_PJ>`)
	for _, test := range []struct {
		name, file, ack string
		envelopes       int
	}{
		{"NomFic", "x.xml", ackOf("p", "", ""), 1},
		{"name", "p_ACK.xml", ackOf("", "", ""), 1},
		{"name of the gleaner", "ACQUIT_p.xml", ackOf("other", "", ""), 1},
		{"bordereau", "x.xml", ackOf("", "12345678900011", accepted), 1},
		{"voucher", "x.xml", ackOf("other", "", refused), 1},
		{"nothing", "x.xml", ackOf("other", "12345678900011", strings.Replace(accepted, `"7"`, `"8"`, 1)), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "p.xml", aller, test.file, test.ack))
			if err != nil || len(out) != test.envelopes {
				t.Fatalf("%d envelopes, %v; want %d", len(out), err, test.envelopes)
			}
			if test.envelopes == 1 && (out[0].Helios.Ack == nil || out[0].Helios.Ack.File != test.file || out[0].File(RoleReceipt) == nil) {
				t.Errorf("acknowledgement %+v, want that of %s", out[0].Helios.Ack, test.file)
			}
		})
	}
}

// Account numbers are left out unless they are asked for.
func TestPESBankData(t *testing.T) {
	part := strings.Replace(piecePart, "</LigneDePiece>", `<Tiers><InfoTiers><Nom V="N"/></InfoTiers><CpteBancaire><IBAN V="FR76"/><BIC V="B"/></CpteBancaire></Tiers></LigneDePiece>`, 1)
	for _, want := range []string{"", "FR76"} {
		out, err := decode(t, &Decoder{BankData: want != ""}, "p.xml", []byte(pesOf("p", part)))
		if err != nil {
			t.Fatal(err)
		}
		if third := out[0].Helios.Pieces[0].Lines[0].Third; third.IBAN != want || third.Name != "N" {
			t.Errorf("third party %+v, want IBAN %q", third, want)
		}
	}
}

// An account of before IBAN is kept in the order of a RIB, if it is asked for.
func TestPESRIB(t *testing.T) {
	part := strings.Replace(piecePart, "</LigneDePiece>", `<Tiers><CpteBancaire><CodeEtab V="30001"/><CodeGuic V="00866"/><IdCpte V="C785"/><CleRib V="67"/></CpteBancaire></Tiers></LigneDePiece>`, 1)
	out, err := decode(t, &Decoder{BankData: true}, "p.xml", []byte(pesOf("p", part)))
	if err != nil || out[0].Helios.Pieces[0].Lines[0].Third.IBAN != "30001 00866 C785 67" {
		t.Errorf("%v, third party %+v; want its RIB", err, out[0].Helios.Pieces[0].Lines[0].Third)
	}
	out, err = decode(t, &Decoder{BankData: true}, "p.xml", []byte(pesOf("p", piecePart)))
	if err != nil || out[0].Helios.Pieces[0].Lines[0].Third.IBAN != "" {
		t.Errorf("%v, third party %+v; want no account where there is none", err, out[0].Helios.Pieces[0].Lines[0].Third)
	}
}

// A signed copy of a PES, and the vouchers in it, are not another flow.
func TestSignedPES(t *testing.T) {
	aller := pesOf("p", `<PES_PJ>`+pjOf("1", "a.pdf", base64Of(gzipOf("%PDF")))+`</PES_PJ>`)
	signed := strings.Replace(aller, "</n:PES_Aller>", `<ds:Signature xmlns:ds="d"/></n:PES_Aller>`, 1)
	out, err := decode(t, &Decoder{}, "d.zip", zipOf(t, "p.xml", aller, "p_signe.xml", signed))
	if err != nil || len(out) != 1 {
		t.Fatalf("%d envelopes, %v; want one", len(out), err)
	}
	var roles []Role
	for _, f := range out[0].Files {
		roles = append(roles, f.Role)
	}
	if !slices.Equal(roles, []Role{RoleTransport, RolePJ, RoleSigned}) {
		t.Errorf("roles %q, want the voucher once", roles)
	}
}

// A visitor sees everything in the order of the flow, and may end the walk.
func TestWalkPES(t *testing.T) {
	doc := pesOf("p", piecePart, `<PES_PJ>`+pjOf("1", "a.pdf", base64Of(gzipOf("voucher")))+pjOf("2", "b.pdf", "*")+`</PES_PJ><ds:Signature xmlns:ds="d" Id="S"/>`)
	var seen []string
	note := func(s string) error { seen = append(seen, s); return nil }
	visitor := &PESVisitor{
		Header:    func(h *Helios) error { return note("header " + h.FileName) },
		Bordereau: func(b *Bordereau) error { return note("bordereau " + b.ID) },
		Piece:     func(p *Piece) error { return note("piece " + p.ID) },
		Line:      func(p *Piece, l *Line) error { return note("line " + p.ID + "/" + l.ID) },
		Content: func(a *PESAttachment, r io.Reader) error {
			b, err := io.ReadAll(r)
			if err != nil && !errors.Is(err, ErrMalformed) {
				return err
			}
			return note("content " + string(b))
		},
		Attachment: func(a *PESAttachment) error { return note("attachment " + a.ID) },
		Signature:  func(s *PESSignature) error { return note("signature " + s.ID) },
	}
	var d Decoder
	if err := d.WalkPES(t.Context(), strings.NewReader(doc), visitor); err != nil {
		t.Fatal(err)
	}
	want := "header p, bordereau 7, piece 1, line 1/1, content voucher, attachment 1, content *, attachment 2, signature S"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("seen %s; want %s", got, want)
	}
	stop := errors.New("stop")
	visitor.Piece = func(*Piece) error { return stop }
	if err := d.WalkPES(t.Context(), strings.NewReader(doc), visitor); !errors.Is(err, stop) {
		t.Errorf("error %v, want that of the visitor", err)
	}
	if err := d.WalkPES(t.Context(), strings.NewReader(doc), &PESVisitor{}); err != nil {
		t.Errorf("a visitor without functions: %v", err)
	}
	if err := d.WalkPES(t.Context(), strings.NewReader("<flux/>"), visitor); !errors.Is(err, ErrMalformed) {
		t.Errorf("another root: error %v, want ErrMalformed", err)
	}
	if err := d.WalkPES(t.Context(), strings.NewReader(doc[:len(doc)-30]), &PESVisitor{}); !errors.Is(err, ErrTruncated) {
		t.Errorf("cut off: error %v, want ErrTruncated", err)
	}
}
