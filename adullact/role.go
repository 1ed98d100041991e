package adullact

import (
	"regexp"
	"strings"
)

// Roles returns the roles of the files that the keys of metadata name, by key.
func Roles() map[string]Role {
	return map[string]Role{
		// acts
		"arrete":                     RoleMain,
		"autre_document_attache":     RoleAnnex,
		"type_piece_fichier":         RoleTypology,
		"iparapheur_historique":      RoleHistory,
		"iparapheur_annexe_sortie":   RoleAnnex,
		"iparapheur_metadata_sortie": RoleHistory,
		"bordereau":                  RoleProof,
		"bordereau_signature":        RoleProof,
		"aractes":                    RoleReceipt,
		"acte_tamponne":              RoleStamped,
		"annexes_tamponnees":         RoleStamped,
		"signature":                  RoleSignature,
		"document_signe":             RoleSigned,
		"echange_prefecture":         RoleExchange,
		"echange_prefecture_ar":      RoleExchangeReceipt,
		"aractes_annulation":         RoleReceipt,
		"reponse_prefecture_file":    RoleExchange,
		"reponse_prefecture":         RoleExchange,
		"reponse_prefecture_unzip":   RoleExchange,
		"reponse":                    RoleExchange,
		"acquittement_file":          RoleExchangeReceipt,

		// PES
		"fichier_pes":       RoleTransport,
		"pes_aller":         RoleTransport,
		"visuel_pdf":        RoleVisual,
		"fichier_pes_signe": RoleSigned,
		"fichier_reponse":   RoleReceipt,
		"pes_acquit":        RoleReceipt,

		// invoices
		"fichier_facture":     RoleTransport,
		"facture_pj_01":       RoleMain,
		"fichier_facture_pdf": RoleMain,
		"facture_pj_02":       RoleAnnex,
		"histo_statut_cpp":    RoleHistory,
		"fichier_original":    RoleTransport,
		"fichier_cr":          RoleReceipt,

		// all
		"journal":              RoleHistory,
		"ar_sae":               RoleArchive,
		"reply_sae":            RoleArchive,
		"ged_document_id_file": RoleArchive,
	}
}

// roleOfKey returns the role of the files that a key names.
func (d *Decoder) roleOfKey(key string) Role {
	for _, roles := range []map[string]Role{d.Roles, Roles()} {
		for _, k := range []string{key, unnumbered(key)} {
			if r, ok := roles[k]; ok {
				return r
			}
		}
	}
	if strings.HasPrefix(key, "sae_") {
		return RoleArchive
	}
	return RoleOther
}

// nameRoles tell the role of a file that nothing names.
var nameRoles = []struct {
	pattern *regexp.Regexp
	role    Role
	kind    Kind // "": any
}{
	{regexp.MustCompile(`(?i)-ar-actes\.xml$`), RoleReceipt, ""},
	{regexp.MustCompile(`(?i)-bordereau-tdt\.pdf$`), RoleProof, ""},
	{regexp.MustCompile(`(?i)_bordereau\.pdf$`), RoleProof, ""},
	{regexp.MustCompile(`(?i)-tampon\.[a-z]+$`), RoleStamped, ""},
	{regexp.MustCompile(`(?i)^type_piece\.json$`), RoleTypology, ""},
	{regexp.MustCompile(`(?i)^(iparapheur_historique\.xml|histo_statut_cpp\.json|journal\.json)$`), RoleHistory, ""},
	{regexp.MustCompile(`(?i)^(bordereau\.xml|ged_document_id\.json|A(CK|TR)_unknown?\.xml)$`), RoleArchive, ""},
	{regexp.MustCompile(`(?i)(^signature\.zip|\.p7s)$`), RoleSignature, ""},
	{regexp.MustCompile(`(?i)_signe\.xml$`), RoleSigned, ""},
	{regexp.MustCompile(`(?i)_ack\.xml$|-ACK-|^ACQUIT_`), RoleReceipt, ""},
	{regexp.MustCompile(`(?i)\.pdf$`), RoleVisual, KindHelios},
}

// roleOfName returns the role of a file that nothing names.
func (d *Decoder) roleOfName(kind Kind, name string) Role {
	switch {
	case d.isMarker(name):
		return RoleMarker
	case d.isMetadataName(name):
		return RoleMetadata
	}
	for _, r := range nameRoles {
		if (r.kind == "" || r.kind == kind) && r.pattern.MatchString(name) {
			return r.role
		}
	}
	return RoleOther
}

// prefer marks the file to show to a person.
func (e *Envelope) prefer() {
	best, bestRank := -1, 0
	for i := range e.Files {
		if r := e.rank(&e.Files[i]); r > bestRank {
			best, bestRank = i, r
		}
	}
	if best >= 0 {
		e.Files[best].Preferred = true
	}
}

// rank returns how fit a file is to be shown; 0: not at all.
func (e *Envelope) rank(f *File) int {
	pdf := f.Sniffed == typePDF || f.Sniffed == "" && ext(f.Name) == ".pdf"
	if f.Broken || f.Size == 0 {
		return 0
	}
	order := []Role{RoleExchange, RoleMain, RoleSigned, RoleStamped}
	switch e.Kind {
	case KindHelios:
		order = []Role{RolePJ, RoleTransport, RoleMain, RoleVisual}
	case KindChorus:
		order = []Role{RoleAnnex, RoleTransport, RoleMain}
	}
	for i, r := range order {
		if f.Role == r {
			rank := 10 * (i + 1)
			if r == RoleStamped && strings.HasPrefix(f.Field, "annexe") || r == RoleExchange && f.Sniffed == typeXML {
				return 0
			}
			if pdf && e.Kind == KindChorus {
				rank += 100
			}
			if f.Field == "fichier_facture_pdf" {
				rank += 1000
			}
			return rank
		}
	}
	return 0
}
