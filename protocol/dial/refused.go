package dial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrRefused is wrapped by the error of a connection whose server was reached
// but did not accept the credentials. Trying again with the same ones leads to
// accounts that are locked; see [Guard].
var ErrRefused = errors.New("credentials refused")

// A refusal is what a server said when it did not let the account in.
type refusal struct {
	said   string // by the server, without any secret
	detail string // what came with a challenge, likewise
	final  bool   // the credentials are at fault
}

func (r *refusal) Error() string {
	text := "login"
	if r.final {
		text = ErrRefused.Error()
	}
	if r.detail != "" {
		return fmt.Sprintf("%s: server said %q, and %q", text, r.said, r.detail)
	}
	return fmt.Sprintf("%s: server said %q", text, r.said)
}

func (r *refusal) Unwrap() error {
	if r.final {
		return ErrRefused
	}
	return nil
}

const maxSaid = 512

// saying returns text as it may be shown, without secrets and not too long.
func saying(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	return text
}

// A farewellError is what a server said that does not want the connection.
type farewellError struct{ what, said string }

func (f *farewellError) Error() string { return fmt.Sprintf("%s: server said %q", f.what, f.said) }

// IsThrottle reports whether a server says in text, which ended a command, that
// the account transfers too much. Trying again soon makes that worse.
func IsThrottle(text string) bool {
	return hasSign(text, "[overquota", "bandwidth limit", "rate limit")
}

// IsLoggedOut reports whether a server says in text, which ended a command after
// the login, that this does not hold any more: the token has expired, or the
// session. A new login is what helps.
func IsLoggedOut(text string) bool {
	return hasSign(text, "[authenticationfailed]", "[expired]", "[auth]", "accesstokenexpired", "session expired",
		"authenticated but not connected") // as Exchange puts it
}

// isCrowded reports whether a server says in text, which ended a connection,
// that it has enough of the account or of this host.
func isCrowded(text string) bool { return IsThrottle(text) || hasSign(text, "[limit", "too many") }

func hasSign(text string, signs ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
}

func isThrottled(err error) bool {
	var r *refusal
	var f *farewellError
	switch {
	case errors.As(err, &r):
		return !r.final && isCrowded(r.said)
	case errors.As(err, &f):
		return isCrowded(f.said)
	}
	return false
}
