package adullact

import (
	"regexp"
	"strings"
)

// kindType tells the kind by the type of document in a manifest.
func (m Metadata) kindType() Kind {
	t := strings.ToLower(m.Type)
	for _, rule := range []struct {
		stem string
		kind Kind
	}{
		{"actes", KindActes}, {"ls-actes", KindActes}, {"helios", KindHelios}, {"ls-helios", KindHelios},
		{"pes", KindHelios}, {"facture", KindChorus}, {"statut-facture", KindChorus},
	} {
		if strings.HasPrefix(t, rule.stem) {
			return rule.kind
		}
	}
	return ""
}

// kindKeys are the keys of metadata by which kinds are told.
func kindKeys() []struct {
	kind Kind
	keys []string
} {
	return []struct {
		kind Kind
		keys []string
	}{
		{KindActes, []string{"acte_nature", "numero_de_lacte", "aractes"}},
		{KindHelios, []string{"fichier_pes", "pes_aller", "etat_ack", "pes_etat_ack"}},
		{KindChorus, []string{"id_facture_cpp", "identifiant_facture_cpp", "fichier_facture", "statut_cpp", "facture_pj_01"}},
	}
}

// kindKey returns the key that tells the kind; "" if there is none.
func (m Metadata) kindKey() string {
	for _, rule := range kindKeys() {
		for _, key := range rule.keys {
			if m.Has(key) {
				return key
			}
		}
	}
	if m.Has("id_coll") && m.Has("cod_bud") {
		return "id_coll"
	}
	return ""
}

func kindOfKey(key string) Kind {
	for _, rule := range kindKeys() {
		for _, k := range rule.keys {
			if k == key {
				return rule.kind
			}
		}
	}
	return KindHelios // id_coll
}

// kindOfDoc tells the kind by the content of a file; "" if it has none.
func kindOfDoc(m *member) Kind {
	switch m.doc.(type) {
	case *actesMessage, *actesEnvelope:
		return KindActes
	case *pesFile:
		return KindHelios
	case *invoiceFile:
		return KindChorus
	}
	return ""
}

// namePatterns tell the kind by the name of a file.
var namePatterns = []struct {
	pattern *regexp.Regexp
	kind    Kind
}{
	{regexp.MustCompile(`(?i)(^|-)[FQETD]ACT--?.*\.(tar\.gz|tgz|xml)$`), KindActes},
	{regexp.MustCompile(`(?i)^([0-9]{2}_[A-Z]{2}-|[A-Z]{2}_[A-Z]{2}-)?[0-9][0-9AB][0-9]-[0-9]{9}-[0-9]{8}-.+-(DE|AR|AI|CC|BF|AU)-[1-7]-[1-5](_[0-9]+)?\.[a-z]+$`), KindActes},
	{regexp.MustCompile(`(?i)^(PESALR|PES2R|ACQUIT_PES|HELIOS_SIMU_)`), KindHelios},
	{regexp.MustCompile(`(?i)^[0-9]{6}_[0-9]{12}-ACK-|_ACK\.xml$|\.ocre$`), KindHelios},
	{regexp.MustCompile(`(?i)^(FSO[0-9]{4}A_|FEN[0-9]{4}A_|telecharger_groupe_)`), KindChorus},
}

// kindOfName tells the kind by the name of a file; "" if it does not tell.
func kindOfName(name string) Kind {
	for _, p := range namePatterns {
		if p.pattern.MatchString(name) {
			return p.kind
		}
	}
	return ""
}

// recognise tells the kind of a deposit, by the first rule that fires, and
// which rule that was. Where metadata and content disagree, the content
// counts.
func (dec *decoding) recognise(meta Metadata, name string, members []*member) (Kind, string) {
	kind, reason := Kind(""), ""
	if k := meta.kindType(); k != "" {
		kind, reason = k, "manifest type "+meta.Type
	} else if key := meta.kindKey(); key != "" {
		kind, reason = kindOfKey(key), "metadata key "+key
	}
	content, root := dominant(members, kind != "")
	switch {
	case kind != "" && content != "" && kind != content:
		dec.warn(WarnConflict, meta.File, "", "metadata speaks of %s (%s), content of %s (%s)", kind, reason, content, root)
		return content, "root element " + root
	case kind != "":
		return kind, reason
	case content != "":
		return content, "root element " + root
	}
	for _, m := range members {
		if k := kindOfName(m.name); k != "" {
			return k, "file name " + m.name
		}
	}
	if k := kindOfName(name); k != "" {
		return k, "file name " + name
	}
	return KindUnknown, "nothing tells"
}

// dominant returns the kind that the files speak of, if it is only one. With
// strong, formats that anything may have attached do not count.
func dominant(members []*member, strong bool) (Kind, string) {
	kind, root := Kind(""), ""
	for _, m := range members {
		if f, ok := m.doc.(*invoiceFile); ok && strong && !f.own {
			continue
		}
		switch k := kindOfDoc(m); {
		case k == "", k == kind:
		case kind != "":
			return "", ""
		default:
			kind, root = k, m.root
		}
	}
	return kind, root
}
