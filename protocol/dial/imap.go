package dial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// IMAP connects to an IMAP server (RFC 3501, RFC 9051) and logs in. The Conn
// begins with a PREAUTH greeting that lists the server's capabilities. The
// connection is closed when ctx is done.
//
// The error wraps ErrRefused if the server did not accept the credentials.
func (s *Server) IMAP(ctx context.Context) (*Conn, error) {
	return s.open(ctx, protocol{name: "imap", plain: "143", secure: "993", login: loginIMAP})
}

// An imapLogin is the talk with an IMAP server before the library listens.
type imapLogin struct {
	s    *Server
	w    *wire
	tags int
	caps []string // upper case; nil: not known
}

func loginIMAP(ctx context.Context, s *Server, w *wire) (greeting string, err error) {
	l := &imapLogin{s: s, w: w}
	preauth, err := l.greeting()
	if err != nil {
		return "", err
	}
	if s.Security == StartTLS {
		if preauth {
			// RFC 9051, 7.1.4: STARTTLS is not possible any more.
			return "", errors.New("server skips STARTTLS: it greets with PREAUTH")
		}
		if err := l.startTLS(ctx); err != nil {
			return "", err
		}
	}
	if !preauth {
		if err := l.authenticate(ctx); err != nil {
			return "", err
		}
	}
	if err := l.needCaps(); err != nil {
		return "", err
	}
	if s.Compress && l.has("COMPRESS=DEFLATE") {
		if err := l.compress(); err != nil {
			return "", err
		}
	}
	w.caps = l.caps
	return "* PREAUTH [CAPABILITY " + strings.Join(l.caps, " ") + "] ready\r\n", nil
}

func (l *imapLogin) greeting() (preauth bool, err error) {
	line, err := l.w.line()
	if err != nil {
		return false, fmt.Errorf("greeting: %w", err)
	}
	word, rest, _ := strings.Cut(strings.TrimPrefix(line, "* "), " ")
	if !strings.HasPrefix(line, "* ") {
		word = ""
	}
	switch strings.ToUpper(word) {
	case "OK":
	case "PREAUTH":
		preauth = true
	default:
		return false, &farewellError{"greeting", saying(line)}
	}
	l.readCode(rest)
	return preauth, nil
}

// readCode learns capabilities from the response code that begins text.
func (l *imapLogin) readCode(text string) {
	const code = "[CAPABILITY "
	if len(text) < len(code) || !strings.EqualFold(text[:len(code)], code) {
		return
	}
	if list, _, ok := strings.Cut(text[len(code):], "]"); ok {
		l.readCaps(list)
	}
}

func (l *imapLogin) readCaps(list string) {
	l.caps = []string{}
	for _, c := range strings.Fields(list) {
		if c = strings.ToUpper(c); isAtom(c) && len(l.caps) < 256 {
			l.caps = append(l.caps, c)
		}
	}
}

// isAtom reports whether the library can read c as an atom.
func isAtom(c string) bool {
	return !strings.ContainsAny(c, `(){ %*"\]`) && !strings.ContainsFunc(c, func(r rune) bool {
		return unicode.IsControl(r) || r > unicode.MaxASCII
	})
}

func (l *imapLogin) has(name string) bool { return slices.Contains(l.caps, name) }

func (l *imapLogin) needCaps() error {
	if l.caps != nil {
		return nil
	}
	if err := l.command("CAPABILITY"); err != nil {
		return err
	}
	if l.caps == nil {
		return errors.New("server does not tell its capabilities")
	}
	return nil
}

// begin sends a command and returns its tag.
func (l *imapLogin) begin(command string) (tag string, err error) {
	l.tags++
	tag = fmt.Sprintf("C%d", l.tags)
	return tag, l.w.send(tag + " " + command)
}

// answer reads up to the next continuation request or to the end of the
// command, whose text it returns. more is true for the former.
func (l *imapLogin) answer(tag string) (word, text string, more bool, err error) {
	for range 1000 {
		line, err := l.w.line()
		if err != nil {
			return "", "", false, err
		}
		first, rest, _ := strings.Cut(line, " ")
		switch first {
		case "+":
			return "", rest, true, nil
		case tag:
			word, text, _ = strings.Cut(rest, " ")
			l.readCode(text)
			return strings.ToUpper(word), text, false, nil
		case "*":
			if err := l.untagged(rest); err != nil {
				return "", "", false, err
			}
		default:
			return "", "", false, fmt.Errorf("server said %q", saying(line))
		}
	}
	return "", "", false, errors.New("server does not come to an answer")
}

func (l *imapLogin) untagged(text string) error {
	word, rest, _ := strings.Cut(text, " ")
	switch strings.ToUpper(word) {
	case "CAPABILITY":
		l.readCaps(rest)
	case "OK":
		l.readCode(rest)
	case "BYE":
		return &farewellError{"connection closed", saying(rest)}
	}
	return nil
}

// command sends a command that has no continuation and reads its answer.
func (l *imapLogin) command(command string) error {
	tag, err := l.begin(command)
	if err != nil {
		return err
	}
	word, text, more, err := l.answer(tag)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", strings.ToLower(command), err)
	case more || word != "OK":
		return fmt.Errorf("%s: server said %q", strings.ToLower(command), saying(text))
	}
	return nil
}

func (l *imapLogin) startTLS(ctx context.Context) error {
	if err := l.needCaps(); err != nil {
		return err
	}
	if !l.has("STARTTLS") {
		return errors.New("server does not offer STARTTLS")
	}
	if err := l.command("STARTTLS"); err != nil {
		return err
	}
	if l.w.r.Buffered() > 0 {
		// What came in clear behind the answer would pass for encrypted.
		return errors.New("starttls: server sent more before encryption")
	}
	if err := l.w.upgrade(ctx, l.s.TLSConfig); err != nil {
		return err
	}
	l.caps = nil // RFC 3501, 6.2.1: what was said in clear does not count
	return nil
}

func (l *imapLogin) compress() error {
	if err := l.command("COMPRESS DEFLATE"); err != nil {
		return err
	}
	return l.w.deflate()
}

// authenticate logs in with what the server offers, best first.
func (l *imapLogin) authenticate(ctx context.Context) error {
	if err := l.needCaps(); err != nil {
		return err
	}
	c, err := l.s.credentials(ctx, l.offered())
	if err != nil {
		return err
	}
	return l.s.Guard.attempt(c.secret, func() error {
		inline := l.has("SASL-IR")
		l.caps = nil // they change with the login
		if c.mechanism == login {
			return l.loginCommand(c)
		}
		return l.authenticateCommand(c, inline)
	})
}

// offered returns the mechanisms that the server offers, with LOGIN for the
// command of that name.
func (l *imapLogin) offered() (mechanisms []string) {
	for _, c := range l.caps {
		if m, ok := strings.CutPrefix(c, "AUTH="); ok && m != login {
			mechanisms = append(mechanisms, m)
		}
	}
	if !l.has("LOGINDISABLED") {
		mechanisms = append(mechanisms, login)
	}
	return mechanisms
}

// authenticateCommand logs in with AUTHENTICATE, whose initial response goes
// on the same line where the server takes that (RFC 4959).
func (l *imapLogin) authenticateCommand(c credentials, inline bool) error {
	command := "AUTHENTICATE " + c.mechanism
	if inline {
		command += " " + c.encoded()
	}
	tag, err := l.begin(command)
	if err != nil {
		return err
	}
	sent, detail := inline, ""
	for range 4 {
		word, text, more, err := l.answer(tag)
		switch {
		case err != nil:
			return fmt.Errorf("authenticate: %w", err)
		case !more:
			return c.verdict(word, text, detail)
		}
		reply := c.encoded()
		if sent {
			// Bearer tokens are refused with a challenge that tells why; the
			// exchange ends with an answer that says nothing (RFC 7628, 3.2.3).
			detail, reply = c.challenge(text), c.abort
		}
		sent = true
		if err := l.w.send(reply); err != nil {
			return err
		}
	}
	return errors.New("authenticate: server does not come to an end")
}

// loginCommand logs in with LOGIN. What cannot be quoted goes as a literal.
func (l *imapLogin) loginCommand(c credentials) error {
	args := []string{l.s.User, c.secret}
	line := "LOGIN"
	tag := ""
	for _, arg := range args {
		if isQuotable(arg) {
			line += ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(arg) + `"`
			continue
		}
		if err := l.literal(&tag, fmt.Sprintf("%s {%d}", line, len(arg)), c); err != nil {
			return err
		}
		line = arg
	}
	if tag == "" {
		var err error
		if tag, err = l.begin(line); err != nil {
			return err
		}
	} else if err := l.w.send(line); err != nil {
		return err
	}
	word, text, more, err := l.answer(tag)
	switch {
	case err != nil:
		return fmt.Errorf("login: %w", err)
	case more:
		return errors.New("login: server asks for more")
	}
	return c.verdict(word, text, "")
}

// literal sends a line that ends with the length of a literal, and waits until
// the server wants to have it. An empty *tag begins the command.
func (l *imapLogin) literal(tag *string, line string, c credentials) (err error) {
	if *tag == "" {
		*tag, err = l.begin(line)
	} else {
		err = l.w.send(line)
	}
	if err != nil {
		return err
	}
	word, text, more, err := l.answer(*tag)
	switch {
	case err != nil:
		return fmt.Errorf("login: %w", err)
	case !more:
		return c.verdict(word, text, "")
	}
	return nil
}

func isQuotable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) < 1000
}
