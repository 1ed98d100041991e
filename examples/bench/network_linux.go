package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// again runs the command again in a network namespace of its own, in which TCP
// has the congestion control that is asked for. done is false where that is not
// needed, or not allowed: it takes root.
func (b *bench) again(ctx context.Context, args []string, out io.Writer) (done bool, err error) {
	if b.congestion == "" {
		return false, nil
	}
	if os.Getenv(ownNetwork) != "" {
		return false, b.setUpNetwork()
	}
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr = out, b.log
	cmd.Env = append(os.Environ(), ownNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if err := cmd.Wait(); err != nil {
		return true, fmt.Errorf("in a network of its own: %w", err)
	}
	return true, nil
}

// setUpNetwork makes a new network namespace fit for connections to itself.
func (b *bench) setUpNetwork() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return err
	}
	return os.WriteFile(congestionFile, []byte(b.congestion), 0)
}
