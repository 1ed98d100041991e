package console

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"golang.org/x/text/language"
)

const (
	english = "en"
	french  = "fr"
)

const languageCookie = "coldlauncher_language"

// languageOf returns the language of the answer to r: what was chosen on a page,
// or what the browser asks for.
func languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == english || c.Value == french) {
		return c.Value
	}
	header := r.Header.Get("Accept-Language")
	if len(header) > 512 {
		return english
	}
	wishes, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return english
	}
	_, i, _ := language.NewMatcher([]language.Tag{language.English, language.French}).Match(wishes...)
	return [...]string{english, french}[i]
}

// language takes down the choice of a language, and goes back.
func (h *Handler) language(w http.ResponseWriter, r *http.Request) {
	if !h.readForm(w, r) {
		return
	}
	lang := r.PostForm.Get("lang")
	if lang != english && lang != french {
		h.fault(w, r, http.StatusBadRequest, "fault.form")
		return
	}
	// Without Path a browser keeps it for the folder of this address, which is
	// where the console is mounted.
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: lang, MaxAge: 365 * 24 * 3600,
		HttpOnly: true, SameSite: http.SameSiteLaxMode})
	seeOther(w, "./"+wayBack(r.PostForm.Get("back")))
}

// seeOther redirects to an address relative to that of the request.
// http.Redirect would make it absolute, without the prefix of the mount.
func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// wayBack returns an address within the console, or "".
func wayBack(back string) string {
	u, err := url.Parse("/" + back)
	if err != nil || len(back) > 8192 || u.Host != "" || path.Clean(u.Path) != u.Path {
		return ""
	}
	return strings.TrimPrefix((&url.URL{Path: u.Path, RawQuery: u.Query().Encode()}).String(), "/")
}

// say returns the text of key in lang.
func say(lang, key string, args ...any) string {
	both, ok := words[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	text := both[0]
	if lang == french {
		text = both[1]
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// sayN is say for n of something. In French 0 and 1 are singular.
func sayN(lang, key string, n int) string {
	form := ".all"
	if n == 1 || lang == french && n == 0 {
		form = ".one"
	}
	return say(lang, key+form, grouped(lang, n))
}
