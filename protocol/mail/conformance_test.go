package mail_test

import (
	"context"
	"encoding/base64"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// A decorator keeps to the contract that its origin keeps.
func TestSource(t *testing.T) {
	launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
		script := new(launchertest.Script)
		broken := false
		script.Before = func(context.Context) error {
			if broken {
				return launcher.Halt(context.DeadlineExceeded)
			}
			return nil
		}
		return &launchertest.Origin{
			Source: &mail.Source{From: script},
			Add: func(t *testing.T, name string, body []byte) {
				script.Add(name, launchertest.File(name+".eml", "Content-Type: application/octet-stream; name=\""+name+"\"\nContent-Transfer-Encoding: base64\n\n"+
					base64.StdEncoding.EncodeToString(body)))
			},
			Waiting:  func(*testing.T) []string { return script.Waiting() },
			Rejected: func(*testing.T) []string { return script.SetAside() },
			Reopen:   func(*testing.T) launcher.Source { return &mail.Source{From: script} },
			Break:    func(*testing.T) { broken = true },
			Repair:   func(*testing.T) { broken = false },
			Faulty: func(*testing.T) (launcher.Source, []string) {
				return &mail.Source{Headers: []string{"a b"}, Limits: mail.Limits{Parts: -1}}, []string{"From", "a b", "Parts"}
			},
			Big: -1,
		}
	})
}
