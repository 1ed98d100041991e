//go:build !unix

package mailtest

import (
	"os"
	"os/exec"
)

// An ordinary is the account that servers run as.
type ordinary struct{ user, group string }

// account returns nil: the servers run on Unix only.
func account() *ordinary { return nil }

func asAccount(*exec.Cmd) {}

func give(string) error { return nil }

func terminate(p *os.Process) { p.Kill() }
