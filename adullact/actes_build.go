package adullact

import (
	"cmp"
	"slices"
)

// actes makes an envelope of each act whose messages are among the files.
func (a *assembly) actes() {
	envs := make(map[*member]*actesEnvelope)
	order := make(map[string]int) // of messages, by the envelope file that lists them
	var msgs []*member
	for _, m := range a.members {
		switch doc := m.doc.(type) {
		case *actesEnvelope:
			envs[m] = doc
			for _, form := range doc.forms {
				if _, ok := order[form]; !ok {
					order[form] = len(order) + 1
				}
			}
		case *actesMessage:
			msgs = append(msgs, m)
		}
	}
	slices.SortStableFunc(msgs, func(x, y *member) int {
		return cmp.Compare(rank(order, x.name), rank(order, y.name))
	})
	for _, group := range groupActs(msgs) {
		a.act(group, envs)
	}
	if len(msgs) == 0 {
		for _, m := range a.members {
			if env := envs[m]; env != nil {
				e := a.envelope(KindActes, m)
				act := env.act
				e.Actes = &act
			}
		}
	}
	a.envelopeFiles(envs)
}

func rank(order map[string]int, name string) int {
	if i, ok := order[name]; ok {
		return i
	}
	return len(order) + 1
}

// groupActs brings the messages about one act together, the one that leads
// first: the act itself if it is there.
func groupActs(msgs []*member) [][]*member {
	var groups [][]*member
	for _, m := range msgs {
		act := &m.doc.(*actesMessage).act
		i := slices.IndexFunc(groups, func(g []*member) bool {
			return slices.ContainsFunc(g, func(o *member) bool { return act.same(&o.doc.(*actesMessage).act) })
		})
		switch {
		case i < 0:
			groups = append(groups, []*member{m})
		case act.Message.Code == "1-1":
			groups[i] = slices.Insert(groups[i], 0, m)
		default:
			groups[i] = append(groups[i], m)
		}
	}
	return groups
}

// same reports whether two messages are about one act. Two transmissions of an
// act stay apart.
func (a *Actes) same(b *Actes) bool {
	if a.Message.Code == b.Message.Code && a.Message.Code[0] == '1' {
		return false
	}
	if a.ID != "" && b.ID != "" {
		return a.ID == b.ID
	}
	return a.Number != "" && a.Number == b.Number && a.Date.String() == b.Date.String()
}

// act makes an envelope of the messages about one act.
func (a *assembly) act(group []*member, envs map[*member]*actesEnvelope) {
	lead := group[0].doc.(*actesMessage)
	e := a.envelope(KindActes, group[0])
	act := lead.act
	e.Actes = &act
	for _, m := range a.members {
		if env := envs[m]; env != nil && (len(envs) == 1 || slices.Contains(env.forms, group[0].name)) {
			e.Actes.fromEnvelope(&env.act)
		}
	}
	readEnvelopeName(e.Actes, a.name)
	for i, m := range group {
		msg := m.doc.(*actesMessage)
		a.add(e, m, msg.role, msg.act.Message.Root, 0)
		if i > 0 {
			e.Actes.merge(&msg.act)
		}
		if msg.isExchange() {
			e.Actes.Exchanges = append(e.Actes.Exchanges, exchangeOf(msg, m.name))
		}
		a.actFiles(e, m, msg)
	}
}

// fromEnvelope takes over what the envelope file says of the sender.
func (a *Actes) fromEnvelope(env *Actes) {
	a.Department, a.SIREN = cmp.Or(a.Department, env.Department), cmp.Or(a.SIREN, env.SIREN)
	a.Arrondissement, a.AuthorityCode = env.Arrondissement, env.AuthorityCode
	a.Referent, a.ReturnMails = env.Referent, env.ReturnMails
	a.Envelope, a.Sequence, a.Test, a.Transmitter = env.Envelope, env.Sequence, env.Test, env.Transmitter
	a.Anomaly = cmp.Or(a.Anomaly, env.Anomaly)
}

// merge takes over what another message says about the act.
func (a *Actes) merge(b *Actes) {
	a.ID = cmp.Or(a.ID, b.ID)
	a.Number = cmp.Or(a.Number, b.Number)
	if a.Date.IsZero() {
		a.Date = b.Date
	}
	if a.Nature.Code == "" {
		a.Nature = b.Nature
	}
	a.Subject = cmp.Or(a.Subject, b.Subject)
	if a.Classification.Code == "" {
		label := a.Classification.Label
		a.Classification = b.Classification
		a.Classification.Label = cmp.Or(a.Classification.Label, label)
	}
	if a.ClassificationVersion.IsZero() {
		a.ClassificationVersion = b.ClassificationVersion
	}
	a.ActType = cmp.Or(a.ActType, b.ActType)
	a.Main = cmp.Or(a.Main, b.Main)
	a.PaperComplement = cmp.Or(a.PaperComplement, b.PaperComplement)
	a.Department, a.SIREN = cmp.Or(a.Department, b.Department), cmp.Or(a.SIREN, b.SIREN)
	a.Receipt = cmp.Or(a.Receipt, b.Receipt)
	a.Cancellation = cmp.Or(a.Cancellation, b.Cancellation)
	a.Cancelled = a.Cancelled || b.Cancelled
	a.Anomaly = cmp.Or(a.Anomaly, b.Anomaly)
}

// actFiles adds the files that a message names.
func (a *assembly) actFiles(e *Envelope, m *member, msg *actesMessage) {
	annex := 0
	search := a.names.search()
	for i, n := range msg.names {
		role, index := RoleExchange, i
		switch {
		case msg.isExchange():
		case n.element == "Document":
			role, index = RoleMain, 0
		default:
			role, index = RoleAnnex, annex
			annex++
		}
		found, match := search.find(n.name)
		if found == nil {
			if a.layer != LayerMessage && !msg.mayLack() {
				e.warn(WarnMissing, m.name, n.element, "%q is not there", n.name)
			}
			continue
		}
		f := a.add(e, found, role, n.element, index)
		f.Match, f.Typology = match, cmp.Or(n.typology, f.Typology)
		if n.name != found.name {
			f.Original = n.name
		}
		if role == RoleMain || role == RoleAnnex {
			e.Actes.SignatureInside = e.Actes.SignatureInside || n.signed
		}
		if role == RoleAnnex && index < len(e.Actes.Annexes) {
			e.Actes.Annexes[index].Present = true
		}
	}
}

// isExchange reports whether a message is a letter about an act, or the answer
// to one.
func (msg *actesMessage) isExchange() bool {
	c := msg.act.Message.Code[0]
	return c >= '2' && c <= '5'
}

// mayLack reports whether the files that a message names are elsewhere: an
// answer of the State repeats those of the act.
func (msg *actesMessage) mayLack() bool {
	return msg.act.Direction == FromState && !msg.isExchange()
}

func exchangeOf(msg *actesMessage, file string) Exchange {
	x := Exchange{Message: msg.act.Message, Direction: msg.act.Direction, Date: msg.act.LetterDate, Reason: msg.act.LetterReason, File: file}
	if x.Date.IsZero() {
		x.Date = msg.act.DepositedInCourt
	}
	for _, n := range msg.names {
		x.Files = append(x.Files, n.name)
	}
	return x
}

// envelopeFiles adds the envelope files to the envelopes of their messages.
func (a *assembly) envelopeFiles(envs map[*member]*actesEnvelope) {
	for _, m := range a.members {
		env := envs[m]
		if env == nil {
			continue
		}
		role := RoleTransport
		if m.root == "AnomalieEnveloppe" {
			role = RoleReceipt
		}
		for _, e := range a.out {
			a.add(e, m, role, m.root, 0)
		}
		for _, form := range env.forms {
			if found, _ := a.names.search().find(form); found == nil && a.layer != LayerMessage {
				a.out[0].warn(WarnMissing, m.name, "Formulaire", "%q is not there", form)
			}
		}
	}
}

// key returns what identifies the act and what this is about it.
func (a *Actes) key() string {
	message := cmp.Or(a.Message.Code, "1-1")
	key := joinKey("actes", a.ID, message)
	if key == "" {
		key = joinKey("actes", a.SIREN, a.Number, a.Date.String(), a.Nature.Code)
		if key != "" && message != "1-1" {
			key += ":" + message
		}
	}
	if key != "" && !a.LetterDate.IsZero() {
		key += ":" + a.LetterDate.String()
	}
	return key
}
