package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/adullact"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/dir"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// start runs a child until it has handed over everything, or dies. Once the
// child has begun, assassin is called with a function that kills it.
func start(ctx context.Context, p place, to target, assassin func(kill func())) (survived bool, err error) {
	cmd, err := p.command(ctx, to)
	if err != nil {
		return false, err
	}
	var out strings.Builder
	cmd.Stderr = &out
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	said := bufio.NewReader(pipe)
	if _, err := said.ReadString('\n'); err == nil && assassin != nil {
		assassin(func() { cmd.Process.Kill() })
	}
	io.Copy(io.Discard, said)
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err == nil:
		return true, nil
	case errors.As(err, &exit) && !exit.Exited():
		return false, nil // killed
	}
	return false, fmt.Errorf("%w: %s", err, out.String())
}

// A child is the process that is killed: one launcher, polled until nothing
// waits.
type child struct {
	root, source, addr, user, ca string
	step                         int
}

// A target tells a child where it is to die, or to fail.
type target struct {
	step int    // at which it kills itself; -1: none
	addr string // of a server by another way; "": its own
}

// self returns the command for a child that is this program again.
func self(ctx context.Context, root string, to target, flags ...string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, program, append([]string{"-child", root, "-step", strconv.Itoa(to.step)}, flags...)...), nil
}

func (c *child) work(ctx context.Context) (err error) {
	ledger, err := boltledger.Open(filepath.Join(c.root, "ledger"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	source, err := c.open()
	if err != nil {
		return err
	}
	l := &launcher.Launcher{
		Name:    "crash",
		Source:  source,
		Sink:    &folder.Sink{Path: filepath.Join(c.root, "out")},
		Ledger:  ledger,
		Observe: func(context.Context, launcher.Event) {},
	}
	if c.step >= 0 {
		c := launchertest.Crash(c.step)
		c.Died = die
		l.Source, l.Sink, l.Ledger = c.Source(l.Source), c.Sink(l.Sink), c.Ledger(l.Ledger)
	}
	fmt.Println("begin")
	for {
		stats, err := l.Poll(ctx)
		if err != nil {
			return err
		}
		if stats.Offered == 0 {
			return nil
		}
	}
}

// die kills this process.
func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until the signal has come
}

func (c *child) open() (launcher.Source, error) {
	in, done := filepath.Join(c.root, "in"), filepath.Join(c.root, "done")
	switch c.source {
	case "dir":
		return &dir.Source{Path: in, Done: done}, nil
	case "deposits":
		src := adullact.Deposits(in)
		src.Quiet = -1 // they arrive by one rename
		src.From.(*dir.Source).Done = done
		return src, nil
	}
	security, config, password := dial.Plaintext, (*tls.Config)(nil), launcher.SecretText(mailtest.Password(c.user))
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", c.ca)
		}
		security, config = dial.ImplicitTLS, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	var box launcher.Source = &imap.Source{
		Addr: c.addr, Security: security, TLSConfig: config, User: c.user, Password: password,
		Folder: "inbox", Done: "EZGED_OK", Rejected: "EZGED_KO",
	}
	if c.source == "pop3" {
		box = &pop3.Source{Addr: c.addr, Security: security, TLSConfig: config, User: c.user, Password: password,
			Delete: true, Interval: -1}
	}
	return &mail.Source{From: &backup.Source{From: box, Path: filepath.Join(c.root, "backup")}}, nil
}
