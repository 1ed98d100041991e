package adullact

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/pdf"
	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// readXML reads an XML file if its root element is one that is known here.
func (dec *decoding) readXML(m *member, r io.Reader) error {
	s := xmlscan.New(dec.limitPES(r), dec.limits.xml()) // no other has a reason to be longer
	if _, err := s.Next(); err != nil {
		return err
	}
	m.root = s.Name()
	read := dec.readerOf(m.root, s.Namespace())
	if read == nil {
		return nil
	}
	err := read(m, s)
	m.noteDefects(s.Defects())
	return err
}

type xmlReader func(m *member, s *xmlscan.Scanner) error

// readerOf returns the function that reads files with a root element; nil if
// the element means nothing here.
func (dec *decoding) readerOf(root, namespace string) xmlReader {
	switch {
	case isActes(root, namespace):
		return dec.readActes
	case flowOf(root) != "":
		return dec.readPES
	}
	switch root {
	case "CPPFacturePivot", "CPPFactureMixte":
		return dec.readPivot
	case "CPPStatut":
		return dec.readStatut
	case "Invoice", "CreditNote":
		if strings.HasPrefix(namespace, "urn:oasis:names:specification:ubl:schema:xsd:") {
			return dec.readUBL
		}
	case "CrossIndustryInvoice", "CrossIndustryDocument":
		return func(m *member, s *xmlscan.Scanner) error { return dec.readCII(m, s, FormatCII) }
	case "CrossDomainAcknowledgementAndResponse":
		return dec.readCDAR
	case "flux":
		return dec.readFlux
	case "depot":
		return dec.readWebDelib
	case "premis":
		return dec.readPremis
	}
	return nil
}

// noteDefects turns what was tolerated in an XML file into warnings.
func (m *member) noteDefects(d xmlscan.Defects) {
	for _, n := range []struct {
		defect xmlscan.Defects
		code   Code
		text   string
	}{
		{xmlscan.BadCharset, WarnCharset, "bytes that are no UTF-8 were read as windows-1252"},
		{xmlscan.BadRune, WarnCharacter, "characters that XML forbids"},
		{xmlscan.BadEntity, WarnEntity, "undefined entities were left as they are"},
		{xmlscan.OddEncoding, WarnEncoding, "an unknown charset is declared"},
	} {
		if d&n.defect != 0 {
			m.note(n.code, "", "%s", n.text)
		}
	}
}

// readPDF looks for an invoice inside a PDF: Factur-X, formerly ZUGFeRD.
func (dec *decoding) readPDF(m *member, r *bufio.Reader) error {
	f := pdf.NewFinder(r)
	for {
		at, err := f.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		body, err := f.Open(at)
		if err != nil {
			continue
		}
		found, err := dec.embedded(m, at, body)
		if found || err != nil {
			return err
		}
	}
}

// embedded reads a file inside a PDF, and reports whether it is an invoice.
func (dec *decoding) embedded(m *member, at pdf.Stream, body io.Reader) (bool, error) {
	over := &LimitError{Limit: "ChorusAttachment", Max: dec.limits.ChorusAttachment}
	body = &spender{dec, &limitReader{ctx: dec.ctx, r: body, left: over.Max, over: over}}
	inner := newMember("factur-x.xml")
	inner.of, inner.form, inner.field, inner.mime = m.name, "pdf", "EmbeddedFile", "text/xml"
	inner.open = openInPDF(m, at)
	err := dec.look(inner, body, false)
	var limit *LimitError
	switch {
	case errors.As(err, &limit) && limit.Limit == "Expanded", dec.ctx.Err() != nil:
		return false, err
	case limit != nil:
		m.note(WarnBroken, "EmbeddedFile", "%v", limit)
		return false, nil
	case err != nil:
		return false, nil
	}
	doc, ok := inner.doc.(*invoiceFile)
	if !ok || len(doc.invoices) != 1 || doc.invoices[0].chorus.Format != FormatCII {
		return false, nil
	}
	if inner.root == "CrossIndustryDocument" {
		inner.path, inner.name = "ZUGFeRD-invoice.xml", "ZUGFeRD-invoice.xml"
	}
	doc.invoices[0].chorus.Format = FormatFacturX
	doc.invoices[0].inner = append([]*member{inner}, doc.invoices[0].inner...)
	m.doc, m.root = doc, inner.root
	return true, nil
}

func openInPDF(m *member, at pdf.Stream) opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		outer, err := m.open(ctx)
		if err != nil {
			return nil, err
		}
		var r io.Reader = outer
		if any, ok := outer.(io.ReaderAt); ok {
			r = io.NewSectionReader(any, at.Offset, 1<<62)
		} else if _, err = io.CopyN(io.Discard, r, at.Offset); err != nil {
			outer.Close()
			return nil, err
		}
		body, err := pdf.OpenAt(r, at)
		if err != nil {
			outer.Close()
			return nil, err
		}
		return readCloser{body, outer}, nil
	}
}
