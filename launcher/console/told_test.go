package console

import "testing"

func TestTold(t *testing.T) {
	for said, want := range map[string]string{
		"no pass has succeeded since one was due at 2026-03-02 10:00:00; the one under way last advanced at 2026-03-02 10:05:00": "aucun passage n’a réussi depuis celui prévu le 2026-03-02 10:00:00 ; celui en cours a avancé pour la dernière fois le 2026-03-02 10:05:00",
		"stored on 2026-03-02 10:00:00":                            "remis le 2026-03-02 10:00:00",
		`no route takes group "tif"`:                               `aucune route ne prend le groupe "tif"`,
		`"F 1.pdf" lacks its xml`:                                  `il manque à "F 1.pdf" son xml`,
		`"a.pdf" changed lately: 10s more without a change`:        `"a.pdf" modifié récemment : encore 10s sans changement`,
		"changed lately: 10s more without a change":                "modifié récemment : encore 10s sans changement",
		`"brouillon.pdf" is refused: matches prefix ["brouillon"]`: `"brouillon.pdf" est refusé, il répond à prefix ["brouillon"]`,
		`until 2026-03-02 10:00:00, after attempt 3: no answer`:    `jusqu’au 2026-03-02 10:00:00, après la tentative 3 : no answer`,
		"dial tcp: connection refused":                             "",
	} {
		tongue := french
		if want == "" {
			want, tongue = said, "en"
		}
		p := &page{Lang: french}
		if got := p.Told(said); got != want || p.Tongue(said) != tongue {
			t.Errorf("%q is told as %q, in %s; want %q", said, got, p.Tongue(said), want)
		}
		p.Lang = "en"
		if got := p.Told(said); got != said || p.Tongue(said) != "en" {
			t.Errorf("%q is told as %q in English", said, got)
		}
	}
}
