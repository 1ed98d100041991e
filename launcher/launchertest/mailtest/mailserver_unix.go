//go:build unix

package mailtest

import (
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// An ordinary is the account that servers run as.
type ordinary struct {
	user, group string
	uid, gid    int
}

// account returns the account of this process, or for root, which the servers
// do not run as, that of nobody. It is nil if there is none. It is looked up
// once: that takes longer than to write a mail.
var account = sync.OnceValue(func() *ordinary {
	u, err := user.Current()
	if err == nil && u.Uid == "0" {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return nil
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &ordinary{user: u.Username, group: g.Name, uid: uid, gid: gid}
})

// asAccount has cmd run as account, in a process group of its own.
func asAccount(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	withParent(cmd.SysProcAttr)
	if a := account(); os.Getuid() == 0 && a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}

// give makes path and all below it the account's.
func give(path string) error {
	a := account()
	if os.Getuid() != 0 || a == nil {
		return nil
	}
	return filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, a.uid, a.gid)
	})
}

func terminate(p *os.Process) { p.Signal(syscall.SIGTERM) }
