package dial

import (
	"errors"
	"fmt"
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
