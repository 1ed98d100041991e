package mailtest

import "syscall"

// withParent has a server end with the process that started it, also if that is
// killed.
func withParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGTERM }
