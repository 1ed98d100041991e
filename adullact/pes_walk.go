package adullact

import (
	"context"
	"fmt"
	"io"
	"strings"

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
