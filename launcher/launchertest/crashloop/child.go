package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dir"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// start runs a child until it has handed over everything, or dies. Once the
// child has begun, assassin is called with a function that kills it.
func start(ctx context.Context, p place, root string, step int, assassin func(kill func())) (survived bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"-child", root, "-step", strconv.Itoa(step)}, p.flags()...)...)
	var out strings.Builder
	cmd.Stderr = &out
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if line, err := bufio.NewReader(pipe).ReadString('\n'); err == nil && line == "begin\n" && assassin != nil {
		assassin(func() { cmd.Process.Kill() })
	}
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
	root, addr, user, ca string
	step                 int
}

func (c *child) work(ctx context.Context) (err error) {
	ledger, err := boltledger.Open(filepath.Join(c.root, "ledger"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	source, err := c.source()
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

func (c *child) source() (launcher.Source, error) {
	if c.addr == "" {
		return &dir.Source{Path: filepath.Join(c.root, "in"), Done: filepath.Join(c.root, "done")}, nil
	}
	pem, err := os.ReadFile(c.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", c.ca)
	}
	box := &imap.Source{
		Addr: c.addr, TLSConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		User: c.user, Password: launcher.SecretText(mailtest.Password(c.user)),
		Folder: "inbox", Done: "EZGED_OK", Rejected: "EZGED_KO",
	}
	return &mail.Source{From: &backup.Source{From: box, Path: filepath.Join(c.root, "backup")}}, nil
}
