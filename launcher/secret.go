package launcher

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// A Secret yields a password or token. It is asked each time one is needed, so
// a secret that was rotated works without a restart. It must be safe for
// concurrent use.
//
// No formatting verb, encoder or logger prints what it holds.
type Secret func(ctx context.Context) (string, error)

const hidden = "[secret]"

// Format writes "[secret]", whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) { io.WriteString(f, hidden) }

// String returns "[secret]".
func (s Secret) String() string { return hidden }

// GoString returns "[secret]".
func (s Secret) GoString() string { return hidden }

// MarshalText returns "[secret]".
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// SecretText returns a Secret that yields text itself. Prefer SecretEnv or
// SecretFile: what stands in a program or its settings is read by many.
func SecretText(text string) Secret {
	return func(context.Context) (string, error) { return text, nil }
}

// SecretEnv returns a Secret that yields the environment variable of that
// name. Asking for one that is unset or empty is an error.
func SecretEnv(name string) Secret {
	return func(context.Context) (string, error) {
		if v := os.Getenv(name); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("environment variable %q is not set", name)
	}
}

// SecretFile returns a Secret that yields the contents of a file without the
// line ends that close it. An empty file is an error, and so is one of more
// than 64 KiB.
func SecretFile(path string) Secret {
	return func(context.Context) (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("secret: %w", err)
		}
		defer f.Close()
		const limit = 64 << 10
		b, err := io.ReadAll(io.LimitReader(f, limit+1))
		if err != nil {
			return "", fmt.Errorf("secret: %w", err)
		}
		v := strings.TrimRight(string(b), "\r\n")
		switch {
		case len(b) > limit:
			return "", fmt.Errorf("secret file %q holds more than %d bytes", path, limit)
		case v == "":
			return "", fmt.Errorf("secret file %q is empty", path)
		}
		return v, nil
	}
}

// SecretFrom returns a Secret that is text of what get returns, which is called
// each time: for sources of tokens such as those of golang.org/x/oauth2, which
// renew a token once it has expired.
//
//	tokens := config.TokenSource(ctx)
//	box.Token = launcher.SecretFrom(tokens.Token, func(t *oauth2.Token) string { return t.AccessToken })
//
// Nothing but get itself ends a call of get that hangs: bound its HTTP client.
func SecretFrom[T any](get func() (T, error), text func(T) string) Secret {
	return func(context.Context) (string, error) {
		v, err := get()
		if err != nil {
			return "", err
		}
		return text(v), nil
	}
}
