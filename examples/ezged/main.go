// Command ezged is a small host, complete: it reads a scenario file, runs its
// launchers, hands documents over to the waiting directories of COLD jobs or to
// EzGED's HTTP upload, and serves the console.
//
//	go run ./examples/ezged                              a demonstration, offline, in a few seconds
//	ezged -scenario scenario.json -check                 what is wrong with a scenario and its servers
//	ezged -scenario scenario.json -wait /srv/ocr/wait    until it is told to stop
//
// SIGHUP reads the scenario again; launchers that did not change go on. SIGTERM
// ends it once the items in hand are handed over. README.md, in French, tells
// an administrator of EzGED the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "ezged:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	h := host{reload: make(chan os.Signal, 1)}
	var check bool
	flags := flag.NewFlagSet("ezged", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&h.scenario, "scenario", "", "the scenario; none: a demonstration")
	flags.StringVar(&h.wait, "wait", "wait", "directory that holds the waiting directories of COLD jobs: the sink cold")
	flags.StringVar(&h.ledger, "ledger", "ledger.db", "file that remembers what was handed over")
	flags.StringVar(&h.listen, "listen", "127.0.0.1:8087", "address of the console; none: no console")
	flags.StringVar(&h.ezged, "ezged", "", "URL of EzGED, up to /data/: the sink ezged")
	flags.StringVar(&h.user, "user", "", "account on EzGED; its password is in $EZGED_PASSWORD or the file $EZGED_PASSWORD_FILE")
	flags.BoolVar(&check, "check", false, "only tell what is wrong with the scenario, and with its servers and directories")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if h.scenario == "" {
		return demonstrate(ctx, out, 5*time.Second)
	}
	h.log = slog.New(slog.NewJSONHandler(log, nil))
	if check {
		return h.check(ctx, out)
	}
	signal.Notify(h.reload, syscall.SIGHUP)
	defer signal.Stop(h.reload)
	return h.run(ctx)
}

// A host is what the flags say.
type host struct {
	scenario, wait, ledger, listen string
	ezged, user                    string
	log                            *slog.Logger
	reload                         chan os.Signal
	ready                          func(console string) // called once the console can be reached; may be nil
}

// env returns what scenarios may name.
func (h *host) env(ledger launcher.Ledger) scenario.Env {
	sinks := map[string]launcher.Sink{
		// Each job has a waiting directory, named as the job is, whose files the
		// COLD consumes.
		"cold": &folder.Sink{Path: h.wait, ByJob: true, Loose: true},
	}
	if h.ezged != "" {
		password := launcher.SecretEnv("EZGED_PASSWORD")
		if file := os.Getenv("EZGED_PASSWORD_FILE"); file != "" {
			password = launcher.SecretFile(file)
		}
		sinks["ezged"] = &Upload{URL: h.ezged, User: h.user, Password: password}
	}
	return scenario.Env{
		Protocols: protocol.Builtin(),
		Openers:   protocol.Openers(),
		Sinks:     sinks,
		Ledger:    ledger,
		Observe:   launcher.LogTo(h.log),
	}
}

// load reads the scenario, with all its faults.
func (h *host) load(env scenario.Env) (scenario.File, error) {
	text, err := os.ReadFile(h.scenario)
	if err != nil {
		return scenario.File{}, err
	}
	f, err := scenario.Load(text, env)
	if err != nil {
		return f, fmt.Errorf("%s:\n%w", h.scenario, err)
	}
	return f, nil
}

// check makes no pass, but logs in to servers and looks at directories.
func (h *host) check(ctx context.Context, out io.Writer) error {
	env := h.env(nil)
	f, err := h.load(env)
	if err != nil {
		return err
	}
	ls, err := scenario.Build(f, env)
	if err != nil {
		return err
	}
	var faults []error
	for _, l := range ls {
		if err := l.Check(ctx); err != nil {
			faults = append(faults, fmt.Errorf("launcher %q: %w", l.Name, err))
			continue
		}
		fmt.Fprintf(out, "%s: ok\n", l.Name)
	}
	return errors.Join(faults...)
}

// run runs the launchers and the console until ctx is done.
func (h *host) run(ctx context.Context) (err error) {
	if err := os.MkdirAll(filepath.Clean(h.wait), 0o755); err != nil {
		return err
	}
	ledger, err := boltledger.Open(h.ledger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	env := h.env(ledger)
	runner := &scenario.Runner{Env: env}
	f, err := h.load(env)
	if err != nil {
		return err
	}
	if err := runner.Reload(f); err != nil {
		return err
	}
	shut, err := h.serve(runner)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shut()) }()

	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				h.log.Info("stopped")
				return nil
			}
			return err
		case <-h.reload:
			h.again(runner)
		}
	}
}

// again goes over to what the scenario says now. One with faults is not taken.
func (h *host) again(runner *scenario.Runner) {
	f, err := h.load(runner.Env)
	if err == nil {
		err = runner.Reload(f)
	}
	if err != nil {
		h.log.Error("the scenario stays as it was", "error", err.Error())
		return
	}
	h.log.Info("the scenario was read again", "launchers", len(runner.Launchers()))
}
