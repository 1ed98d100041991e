//go:build unix && !linux

package mailtest

import "syscall"

// withParent does nothing here: a server outlives a parent that is killed.
func withParent(*syscall.SysProcAttr) {}
