package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A Secret says where a password or token is to be had. Exactly one field is
// set; none at all means that there is no secret. In JSON it is an object with
// one key: {"file": "/run/secrets/imap"}.
type Secret struct {
	Env     string   `json:"env,omitempty" doc:"an environment variable"`
	File    string   `json:"file,omitempty" doc:"a file; the line ends that close it do not count"`
	Command []string `json:"command,omitempty" doc:"a program and its arguments; it prints the secret"`
	Host    string   `json:"host,omitempty" doc:"a name that the host program knows"`
	Literal string   `json:"literal,omitempty" doc:"the secret itself; refused unless the host program allows it"`
}

// hidden stands for a literal in what is written.
const hidden = "[secret]"

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return reflect.ValueOf(s).IsZero() }

// String says where the secret is, never what it is.
func (s Secret) String() string {
	text, err := json.Marshal(s)
	if err != nil {
		return hidden
	}
	return string(text)
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// MarshalJSON writes the reference. A literal becomes "[secret]", which Resolve
// refuses.
func (s Secret) MarshalJSON() ([]byte, error) {
	if s.Literal != "" {
		s.Literal = hidden
	}
	type plain Secret
	return json.Marshal(plain(s))
}

// UnmarshalJSON reads an object with one key.
func (s *Secret) UnmarshalJSON(text []byte) error { return unmarshal(text, s) }

func (s *Secret) decode(d *decoder, n *node, key string) {
	if n.kind != "object" { // whose value may be the secret itself: it is not told
		d.fault(n, key, `want an object that says where the secret is, such as {"file": "/run/secrets/imap"} or {"env": "COLD_PASSWORD"}`)
		return
	}
	type plain Secret
	before := len(d.faults)
	d.object(n, reflect.ValueOf((*plain)(s)).Elem(), key)
	if len(d.faults) > before {
		return
	}
	if len(n.members) != 1 {
		d.fault(n, key, "want one of env, file, command, host, literal, not %d of them", len(n.members))
	} else if s.Env+s.File+s.Host+s.Literal == "" && len(s.Command) == 0 {
		d.fault(n, key, "%s must not be empty", n.members[0].key)
	}
}

func (s *Secret) schema() map[string]any {
	type plain Secret
	out := objectSchema(reflect.TypeFor[plain]())
	out["minProperties"], out["maxProperties"] = 1, 1
	for name, p := range out["properties"].(map[string]any) {
		if name == "command" {
			p.(map[string]any)["minItems"] = 1
		} else {
			p.(map[string]any)["minLength"] = 1
		}
	}
	return out
}

// Resolve returns the secret of an environment variable, a file or a command,
// having looked whether it can be had: the variable is set, the file can be
// read, the program is there. What is asked for is looked up anew each time.
//
// A command is run without a shell and has 30 seconds. It yields what it writes
// to standard output, without the line ends that close it, up to 64 KiB.
//
// Host and Literal are refused: they are for Env.Secret.
func (s Secret) Resolve() (launcher.Secret, error) {
	switch {
	case s.Env != "":
		return tried(launcher.SecretEnv(s.Env))
	case s.File != "":
		return tried(launcher.SecretFile(s.File))
	case len(s.Command) > 0:
		if _, err := exec.LookPath(s.Command[0]); err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		return output(s.Command), nil
	case s.Host != "":
		return nil, fmt.Errorf("this program has no secret %q", s.Host)
	case s.Literal == hidden:
		return nil, errors.New("the secret was left out when this scenario was written")
	case s.Literal != "":
		return nil, errors.New("a secret must not stand in a scenario: name an env, a file or a command instead")
	}
	return nil, errors.New("missing")
}

// tried returns s if it can be had now.
func tried(s launcher.Secret) (launcher.Secret, error) {
	if _, err := s(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// output is the secret that a program prints.
func output(command []string) launcher.Secret {
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		out, complaint := &head{limit: 64 << 10}, &head{limit: 256}
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stdout, cmd.Stderr, cmd.Env = out, complaint, os.Environ()
		cmd.WaitDelay = time.Second
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return "", fmt.Errorf("secret command %q: %w: %q", command[0], err, complaint.String())
		}
		text := strings.TrimRight(out.String(), "\r\n")
		switch {
		case out.cut:
			return "", fmt.Errorf("secret command %q printed more than %d bytes", command[0], out.limit)
		case text == "":
			return "", fmt.Errorf("secret command %q printed nothing", command[0])
		}
		return text, nil
	}
}

// A head keeps the beginning of what is written to it.
type head struct {
	kept  bytes.Buffer // not embedded: io.Copy would find its ReadFrom
	limit int
	cut   bool
}

func (h *head) String() string { return h.kept.String() }

func (h *head) Write(p []byte) (int, error) {
	fits := p[:min(len(p), h.limit-h.kept.Len())]
	h.cut = h.cut || len(fits) < len(p)
	h.kept.Write(fits)
	return len(p), nil
}
