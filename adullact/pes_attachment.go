package adullact

import (
	"errors"
	"fmt"
	"io"

	"github.com/ezged/coldlauncher/adullact/internal/payload"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

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
