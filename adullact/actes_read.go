package adullact

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/adullact/internal/xmlscan"
)

// actesNamespace begins the namespace of ACTES messages.
const actesNamespace = "http://www.interieur.gouv.fr/ACTES"

// An actesMessage is what a message of ACTES says.
type actesMessage struct {
	act   Actes
	role  Role
	names []actesName
}

// An actesName is a file that a message names.
type actesName struct {
	name, element, typology string
	signed                  bool
}

// An actesEnvelope is what the envelope file of an archive says.
type actesEnvelope struct {
	act   Actes    // what it says of each act
	forms []string // names of the messages
}

// readActes reads a message or envelope file of ACTES.
func (dec *decoding) readActes(m *member, s *xmlscan.Scanner) error {
	n, err := s.Tree(nil)
	if err != nil {
		return err
	}
	if t, ok := messageOf(m.root); ok {
		m.doc = readMessage(m, n, t)
		return nil
	}
	m.doc = readEnvelope(m, n)
	return nil
}

// isActes reports whether a root element is one of ACTES.
func isActes(root, namespace string) bool {
	if !strings.HasPrefix(namespace, actesNamespace) {
		return false
	}
	_, message := messageOf(root)
	return message || root == "EnveloppeCLMISILL" || root == "EnveloppeMISILLCL" || root == "AnomalieEnveloppe"
}

func readMessage(m *member, n *xmlscan.Node, t MessageType) *actesMessage {
	msg := &actesMessage{role: messageRole(t.Code)}
	a := &msg.act
	a.Message, a.Direction, a.AnnexesDeclared = t, direction(t.Code), -1
	a.ID = n.Attr("IDActe")
	letter := n
	if info := n.Child("InfosCourrierPref"); info != nil {
		letter = info
		a.ID = cmp.Or(a.ID, info.Attr("IDActe"))
	}
	a.LetterDate = date(m, "DateCourrierPref", letter.Attr("DateCourrierPref"))
	a.LetterReason = cmp.Or(n.Child("Motif").Text(), n.Child("DescriptionPieces").Text(), n.Child("NatureIllegalite").Text())
	a.DepositedInCourt = date(m, "DateDepot", n.Child("DateDepot").Text())
	received := date(m, "DateReception", n.Attr("DateReception"))
	switch t.Code {
	case "1-1":
		readAct(m, msg, n)
	case "1-2":
		readAct(m, msg, acknowledged(m, n, a.ID))
		a.Receipt = &Receipt{
			ID: a.ID, Date: received, File: m.name,
			ClassificationInForce: date(m, "ClassificationDateVersionEnCours", n.Child("ClassificationDateVersionEnCours").Text()),
		}
	case "1-3":
		readAct(m, msg, acknowledged(m, n, a.ID))
		a.Anomaly = readAnomaly(m, n)
	case "6-1":
		a.Cancelled = true
	case "6-2":
		a.Cancelled = true
		a.Cancellation = &Receipt{ID: a.ID, Date: received, File: m.name}
	case "7-2":
		a.ClassificationVersion = date(m, "DateClassification", n.Child("DateClassification").Text())
	default:
		if a.LetterDate.IsZero() {
			a.LetterDate = received
		}
	}
	readNames(msg, n)
	fillFromID(a)
	fillFromName(a, m.name)
	return msg
}

// acknowledged returns the act that an answer of the State repeats. Where it
// repeats several, it is the one that it is about.
func acknowledged(m *member, n *xmlscan.Node, id string) *xmlscan.Node {
	acts := append(n.All("ActeRecu"), n.All("Acte")...)
	if len(acts) == 0 {
		return nil
	}
	if len(acts) > 1 {
		m.note(WarnCount, "ActeRecu", "%d acts in one answer", len(acts))
	}
	for _, act := range acts {
		if number := act.Attr("NumeroInterne"); number != "" && strings.Contains(id, "-"+number+"-") {
			return act
		}
	}
	return acts[0]
}

// readAct reads what describes an act.
func readAct(m *member, msg *actesMessage, n *xmlscan.Node) {
	if n == nil {
		return
	}
	a := &msg.act
	a.Number = n.Attr("NumeroInterne")
	a.Date = date(m, "Date", n.Attr("Date"))
	a.Nature = natureOf(n.Attr("CodeNatureActe"))
	a.Subject = n.Child("Objet").Text()
	a.Classification = readClassification(n)
	a.ClassificationVersion = date(m, "ClassificationDateVersion", n.Child("ClassificationDateVersion").Text())
	a.Previous = n.Child("PrecedentIdentifiantActe").Attr("IDActe")
	a.PaperComplement = paper(m, n.Child("DocumentPapier").Text())
	if d := n.Child("Document"); d != nil {
		name := namedFile(d, "Document")
		msg.names = append(msg.names, name)
		a.Main, a.ActType = name.name, name.typology
	}
	annexes := n.Child("Annexes")
	if declared := annexes.Attr("Nombre"); declared != "" {
		count, err := strconv.Atoi(declared)
		if err != nil {
			m.note(WarnValue, "Annexes", "Nombre is %q", declared)
		} else {
			a.AnnexesDeclared = count
		}
	}
	for _, annex := range annexes.All("Annexe") {
		name := namedFile(annex, "Annexe")
		msg.names = append(msg.names, name)
		a.Annexes = append(a.Annexes, Annex{Name: name.name, Typology: name.typology, Signed: name.signed})
	}
	if a.AnnexesDeclared >= 0 && len(a.Annexes) > 0 && a.AnnexesDeclared != len(a.Annexes) {
		m.note(WarnCount, "Annexes", "%d declared, %d named", a.AnnexesDeclared, len(a.Annexes))
	}
}

// natureOf returns the nature of an act by its code or its abbreviation.
func natureOf(code string) Term {
	code = strings.TrimSpace(code)
	for _, t := range Natures() {
		if t.Code == code || t.Short != "" && t.Short == code {
			return t
		}
	}
	return Term{Code: code}
}

// readClassification reads CodeMatiere1 to CodeMatiere5. Levels may be skipped.
func readClassification(n *xmlscan.Node) Classification {
	var c Classification
	for i := 1; i <= 5; i++ {
		c.Levels = append(c.Levels, strings.TrimSpace(n.Child("CodeMatiere"+strconv.Itoa(i)).Attr("CodeMatiere")))
	}
	for len(c.Levels) > 0 && c.Levels[len(c.Levels)-1] == "" {
		c.Levels = c.Levels[:len(c.Levels)-1]
	}
	c.Code = strings.Join(slices.DeleteFunc(slices.Clone(c.Levels), func(s string) bool { return s == "" }), ".")
	return c
}

// paper reads DocumentPapier. Only O and N mean something: a zero may be an O.
func paper(m *member, text string) Answer {
	switch strings.ToUpper(text) {
	case "O":
		return Yes
	case "N":
		return No
	case "":
	default:
		m.note(WarnValue, "DocumentPapier", "%q is neither O nor N", text)
	}
	return NoAnswer
}

func readAnomaly(m *member, n *xmlscan.Node) *Anomaly {
	return &Anomaly{date(m, "Date", n.Child("Date").Text()), n.Child("Nature").Text(), n.Child("Detail").Text()}
}

// readNames reads the files of a letter or answer.
func readNames(msg *actesMessage, n *xmlscan.Node) {
	if msg.act.Message.Code[0] == '1' {
		return
	}
	for _, d := range n.All("Document") {
		msg.names = append(msg.names, namedFile(d, "Document"))
	}
	for _, d := range n.Child("Documents").All("Document") {
		msg.names = append(msg.names, namedFile(d, "Document"))
	}
	for _, d := range n.Child("PiecesJointes").All("PieceJointe") {
		msg.names = append(msg.names, namedFile(d, "PieceJointe"))
	}
}

func namedFile(n *xmlscan.Node, element string) actesName {
	name := n.Child("NomFichier").Text()
	typology := cmp.Or(n.Attr("CodeTypePJ"), n.Child("CodeTypePJ").Text())
	if name != "" {
		name = baseName(name)
	}
	return actesName{name, element, cmp.Or(typology, typologyOf(name)), n.Child("Signature") != nil}
}

var typologyPrefix = regexp.MustCompile(`^([0-9]{2}_[A-Z]{2}|[A-Z]{2}_[A-Z]{2})-`)

// typologyOf returns the typology that a file name begins with.
func typologyOf(name string) string {
	if p := typologyPrefix.FindStringSubmatch(name); p != nil {
		return p[1]
	}
	return ""
}

// messageRole is the part that the file of a message plays.
func messageRole(code string) Role {
	switch code {
	case "1-2", "1-3", "6-2":
		return RoleReceipt
	case "6-1":
		return RoleCancellation
	case "3-2", "3-5", "4-2", "4-5":
		return RoleExchangeReceipt
	case "1-1", "7-1", "7-2", "7-3":
		return RoleTransport
	}
	return RoleExchange
}

func readEnvelope(m *member, n *xmlscan.Node) *actesEnvelope {
	env := &actesEnvelope{}
	a := &env.act
	a.AnnexesDeclared = -1
	a.Direction = FromState
	if m.root == "EnveloppeCLMISILL" {
		a.Direction = ToState
	}
	if m.root == "AnomalieEnveloppe" {
		a.Anomaly = readAnomaly(m, n)
		n = n.Child("EnveloppeRecue")
	}
	from := n.Child("Emetteur")
	for _, name := range []string{"IDCL", "IDSousPref", "IDPref", "IDSGAR"} {
		if id := from.Child(name); id != nil {
			a.SIREN, a.Department = id.Attr("SIREN"), id.Attr("Departement")
			a.Arrondissement, a.AuthorityCode = id.Attr("Arrondissement"), id.Attr("Nature")
			break
		}
	}
	a.SIREN = cmp.Or(a.SIREN, n.Child("Destinataire").Attr("SIREN"))
	r := from.Child("Referent")
	a.Referent = Referent{r.Child("Nom").Text(), r.Child("Telephone").Text(), r.Child("Email").Text()}
	for _, mail := range n.Child("AdressesRetour").All("Email") {
		a.ReturnMails = append(a.ReturnMails, mail.Text())
	}
	for _, form := range n.Child("FormulairesEnvoyes").All("Formulaire") {
		if name := form.Child("NomFichier").Text(); name != "" {
			env.forms = append(env.forms, baseName(name))
		}
	}
	a.Envelope = m.name
	readEnvelopeName(a, m.name)
	return env
}

// envelopeName is the name of an archive or envelope file:
// [TTT-]xACT-INFO-FROM-TO-YYYYMMDD-n, where slots may be empty.
var envelopeName = regexp.MustCompile(`^(?:([A-Za-z0-9]{3})-|ANO_)?([FQETD]ACT)-([^-]*)-([^-]*)-([^-]*)-([0-9]{8})-([0-9]+)\.`)

func readEnvelopeName(a *Actes, name string) {
	p := envelopeName.FindStringSubmatch(name)
	if p == nil {
		return
	}
	a.Transmitter = cmp.Or(a.Transmitter, p[1])
	a.Sequence = cmp.Or(a.Sequence, p[7])
	a.Test = a.Test || p[2][0] == 'T'
}

// splitID splits the identifier of an act. The number may hold dashes: it is
// what lies between the first three slots and the last.
func splitID(id string) (department, siren, day, number, nature string, ok bool) {
	s := strings.Split(id, "-")
	if len(s) < 5 {
		return "", "", "", "", "", false
	}
	n := len(s) - 1
	return s[0], s[1], s[2], strings.Join(s[3:n], "-"), s[n], true
}

// fillFromID takes from the identifier what the message does not say.
func fillFromID(a *Actes) {
	department, siren, day, number, nature, ok := splitID(a.ID)
	if !ok {
		return
	}
	a.Department, a.SIREN = cmp.Or(a.Department, department), cmp.Or(a.SIREN, siren)
	a.Number = cmp.Or(a.Number, number)
	if a.Date.IsZero() {
		a.Date = parseDate(day)
	}
	if a.Nature.Code == "" {
		a.Nature = natureOf(nature)
	}
}

// messageName is the name of a message or of a file of one:
// [typology-]DDD-SIREN-YYYYMMDD-NUMBER-NN-c-s[_i].ext, where slots may be empty.
var messageName = regexp.MustCompile(`^(?:[0-9A-Z]{2}_[A-Z]{2}-)?([0-9A-Z]{0,3})-([0-9]{0,9})-([0-9]{0,8})-(.*)-([A-Z]{0,2})-([1-7])-([1-5])(?:_[0-9]+)?\.[A-Za-z0-9]+$`)

// fillFromName takes from the name of its file what a message does not say
// about its sender. All else in names may be wrong.
func fillFromName(a *Actes, name string) {
	p := messageName.FindStringSubmatch(name)
	if p == nil {
		return
	}
	a.Department = cmp.Or(a.Department, p[1])
	if len(p[2]) == 9 {
		a.SIREN = cmp.Or(a.SIREN, p[2])
	}
}

// date reads a date, and notes one that is none.
func date(m *member, field, text string) Date {
	d := parseDate(text)
	if !d.IsZero() && !d.Valid() {
		m.note(WarnValue, field, "%q is no date", text)
	}
	return d
}
