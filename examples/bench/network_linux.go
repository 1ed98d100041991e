package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownNetwork has the command begin again in a network namespace of its own, with
// the congestion control that is asked for, unless that is the machine's. It
// returns only if that is so, or cannot be had: it takes root.
func (b *bench) ownNetwork(args []string) error {
	if b.congestion == "" || b.congestion == congestion() {
		return nil
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: a thread that has left the network must end
		failed <- b.beginAgain(args)
	}()
	return <-failed
}

func (b *bench) beginAgain(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("new network namespace, which root may make: %w", err)
	}
	if err := raiseLoopback(); err != nil {
		return fmt.Errorf("raise loopback: %w", err)
	}
	if err := os.WriteFile(congestionFile, []byte(b.congestion), 0); err != nil {
		return err
	}
	return syscall.Exec(self, append([]string{self}, args...), os.Environ())
}

func raiseLoopback() error {
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
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}
