// Package xmlscan reads XML from outside in bounded memory. It looks at bytes,
// not at documents: text is held only where somebody asks for it, and a text
// node of any length can be read as a stream.
//
//	s := xmlscan.New(r, xmlscan.Limits{})
//	for {
//		event, err := s.Next()
//		if err == io.EOF {
//			break // the root element is closed
//		}
//		if err != nil {
//			return err
//		}
//		if event == xmlscan.Start && s.Name() == "Fichier" {
//			_, err = io.Copy(w, s.Content())
//		}
//	}
//
// Elements and attributes are known by their local names. A document type
// declaration is refused, so there are no entities but the five of XML. What
// producers get wrong in text is tolerated and noted in [Defects]; what is
// wrong with tags is an error.
package xmlscan
