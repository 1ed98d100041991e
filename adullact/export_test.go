package adullact

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// An export of WebDelib is an envelope for each act, with its own files; names
// that are absent or repeated are warnings.
func TestWebDelib(t *testing.T) {
	xml := `<?xml version="1.0" encoding="UTF-8"?><depot idDepot="3"><seance idSeance="12"><document nom="pv.pdf" type="pv_sommaire"/></seance>
<dossierActe idActe="38" refSeance="12"><libelle>Horaires</libelle>// informations<natureACTE>Délibération</natureACTE><dateACTE>2013-02-07 14:00:00</dateACTE><numeroACTE/>
<document idDocument="1" nom="a.pdf" type="TexteActe"><signature formatSignature="p7s">true</signature><mimetype>application/pdf</mimetype></document>
<document idDocument="2" nom="a.pdf" type="ActeTampon"/><document idDocument="3" nom="gone.pdf" type="Annexe"/><document idDocument="4" nom="s.zip" type="signature" refDocument="1"/></dossierActe>
<dossierActe idActe="39"><numeroACTE>D_2</numeroACTE><natureACTE>Arrete</natureACTE><document idDocument="1" nom="b.pdf" type="TexteActe"/></dossierActe></depot>`
	out, err := decode(t, &Decoder{}, "export.zip", zipOf(t, "export.xml", xml, "a.pdf", "%PDF a", "b.pdf", "%PDF b", "s.zip", "PK", "pv.pdf", "%PDF pv", "__MACOSX/._a.pdf", "x"))
	if err != nil || len(out) != 2 {
		t.Fatalf("%d envelopes, %v; want 2", len(out), err)
	}
	first, second := out[0], out[1]
	if first.Key != "webdelib:3:38" || first.Actes.Number != "" || first.Actes.Subject != "Horaires" || first.Actes.Nature.Short != "DE" || !first.Actes.Signature.Detached {
		t.Errorf("first act %+v, key %q; want that of the XML", first.Actes, first.Key)
	}
	if got := codes(first); got != "same-name missing-file unlisted-file noise" {
		t.Errorf("warnings %q", got)
	}
	if f := first.File(RoleSignature); f == nil || f.Of != "a.pdf" {
		t.Errorf("signature %+v, want that of a.pdf", f)
	}
	if second.Actes.Number != "D_2" || second.Actes.Nature.Label != "Arrete" || body(t, second.File(RoleMain)) != "%PDF b" {
		t.Errorf("second act %+v, want D_2 with b.pdf", second.Actes)
	}
}

// A finished folder of i-Parapheur tells its main document, and the hash of
// each.
func TestParapheur(t *testing.T) {
	object := func(name, body string, main bool) string {
		return fmt.Sprintf(`<object xsi:type="file"><significantProperties><significantPropertiesType>i_Parapheur_reserved_mainDocument</significantPropertiesType><significantPropertiesValue>%v</significantPropertiesValue></significantProperties>
<objectCharacteristics><fixity><messageDigestAlgorithm>SHA-256</messageDigestAlgorithm><messageDigest>%X</messageDigest></fixity></objectCharacteristics><originalName>%s</originalName></object>`, main, sha256.Sum256([]byte(body)), name)
	}
	xml := `<premis xmlns="http://www.loc.gov/premis/v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><object xsi:type="intellectualEntity"><objectIdentifier><objectIdentifierValue>ID</objectIdentifierValue></objectIdentifier>
<significantProperties><significantPropertiesType>i_Parapheur_reserved_type</significantPropertiesType><significantPropertiesValue>TYPE</significantPropertiesValue></significantProperties><originalName>Dossier</originalName></object>` +
		object("a.pdf", "%PDF a", true) + object("b.pdf", "%PDF b", false) + object("c.pdf", "", false) + `</premis>`
	for typ, kind := range map[string]Kind{"Actes": KindActes, "Courrier": KindUnknown} {
		out, err := decode(t, &Decoder{}, "response.zip", zipOf(t, "i_Parapheur_internal_premis.xml", strings.Replace(xml, "TYPE", typ, 1),
			"Documents principaux/a.pdf", "%PDF a", "Annexes/b.pdf", "%PDF changed", "Dossier_bordereau.pdf", "%PDF"))
		if err != nil || len(out) != 1 || out[0].Kind != kind {
			t.Fatalf("%s: %d envelopes, %v; want one of kind %s", typ, len(out), err, kind)
		}
		e := out[0]
		if f := e.File(RoleMain); f == nil || f.Name != "a.pdf" || e.File(RoleAnnex) == nil || e.File(RoleProof) == nil || codes(e) != "metadata-differs missing-file" {
			t.Errorf("%s: files %+v, warnings %q; want the main document, an annex that changed, the slip", typ, e.Files, codes(e))
		}
		if kind == KindActes && (e.Actes.Subject != "Dossier" || e.Actes.Parapheur.FolderID != "ID") {
			t.Errorf("act %+v, want that of the folder", e.Actes)
		}
	}
}
