package console

import (
	"fmt"
	"regexp"
)

// phrases are what the engine and this module's Sources and filters say most
// often, in French. What else they say stays as it is: errors of servers,
// systems and the host, which are looked up by their words.
var phrases = []struct {
	said   *regexp.Regexp
	french string
}{
	{regexp.MustCompile(`^no pass has succeeded since one was due at ([-0-9]+ [:0-9]+)`), "aucun passage n’a réussi depuis celui prévu le $1"},
	{regexp.MustCompile(`; the one under way last advanced at ([-0-9]+ [:0-9]+)`), " ; celui en cours a avancé pour la dernière fois le $1"},
	{regexp.MustCompile(`^Run has ended: `), "l’exécution s’est arrêtée : "},
	{regexp.MustCompile(`^stored on ([-0-9]+ [:0-9]+)$`), "remis le $1"},
	{regexp.MustCompile(`^no route takes group ("(?:[^"\\]|\\.)*")$`), "aucune route ne prend le groupe $1"},
	{regexp.MustCompile(`^("(?:[^"\\]|\\.)*") lacks its (.+)$`), "il manque à $1 son $2"},
	{regexp.MustCompile(`^((?:"(?:[^"\\]|\\.)*" )?)changed lately: (\S+) more without a change$`), "${1}modifié récemment : encore $2 sans changement"},
	{regexp.MustCompile(`^("(?:[^"\\]|\\.)*") is refused: matches `), "$1 est refusé, il répond à "},
	{regexp.MustCompile(`^("(?:[^"\\]|\\.)*") is refused: `), "$1 est refusé : "},
	{regexp.MustCompile(`^until ([-0-9]+ [:0-9]+), after attempt (\d+): `), "jusqu’au $1, après la tentative $2 : "},
	{regexp.MustCompile(`^("(?:[^"\\]|\\.)*") is gone$`), "$1 n’est plus là"},
	{regexp.MustCompile(`credentials refused: server said `), "identifiants refusés, le serveur dit : "},
}

// Told returns what the engine said, a text or an error, in the page's language
// as far as it is known in that.
func (p *page) Told(said any) string {
	text := fmt.Sprint(said)
	if p.Lang != french {
		return text
	}
	for _, ph := range phrases {
		text = ph.said.ReplaceAllString(text, ph.french)
	}
	return text
}

// Tongue returns the language that Told answers in.
func (p *page) Tongue(said any) string {
	if p.Told(said) != fmt.Sprint(said) {
		return french
	}
	return "en"
}
