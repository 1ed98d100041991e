package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"runtime/pprof"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/dir"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/protocol/pop3"
	"github.com/ezged/coldlauncher/schedule"
)

// A task is what a process of this program does.
type task struct {
	Do       string // a key of tasks
	Addr, CA string
	Clear    bool // no TLS
	User     string
	Compress imap.Compress
	Path     string // where it may write, or what it reads
	Tree     string // what it reads, where that is another
	N        int    // mails, files or launchers
	Runs     int
	Wait     time.Duration
	Profile  string // file for a CPU profile; "": none
}

// An answer is what comes of a task.
type answer struct {
	Documents       int       `json:",omitempty"` // handed over
	RSS, Heap       int64     // bytes, how far they rose; -1: not known
	Ours, Yardstick []float64 `json:",omitempty"` // seconds of each run, where the task is to compare
	First           []float64 `json:",omitempty"` // seconds of each first pass
}

var tasks = map[string]func(ctx context.Context, t task, a *answer) error{
	"raw imap": func(_ context.Context, t task, _ *answer) error {
		config, err := t.tls()
		if err == nil {
			_, err = mailtest.RawFetch(t.Addr, config, t.User)
		}
		return err
	},
	"raw pop3": func(_ context.Context, t task, _ *answer) error {
		config, err := t.tls()
		if err == nil {
			err = mailtest.RawRetrieve(t.Addr, config, t.User, t.N)
		}
		return err
	},
	"imap":  discardIMAP,
	"pop3":  discardPOP3,
	"job":   wholeJob,
	"known": knownMails,
	"copy": func(_ context.Context, t task, _ *answer) error {
		return copyTree(filepath.Join(t.Path, "in"), filepath.Join(t.Path, "out"))
	},
	"files":     handOver,
	"pass":      idlePasses,
	"launchers": idleLaunchers,

	"imapmany": grown(manyMails),
	"popmany":  grown(manyOverPOP3),
	"deposits": grown(manyDeposits),
}

// perform does a task and prints the answer.
func perform(ctx context.Context, text string, out io.Writer) (err error) {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	do, ok := tasks[t.Do]
	if !ok {
		return fmt.Errorf("no task %q", t.Do)
	}
	if t.Profile != "" {
		f, err := os.Create(t.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var a answer
	memory := watchMemory()
	if err := do(ctx, t, &a); err != nil {
		return err
	}
	a.RSS, a.Heap = memory()
	return json.NewEncoder(out).Encode(a)
}

// watchMemory returns a function that tells how far the memory that the process
// holds, and the part of it that is heap, have risen at most.
func watchMemory() (risen func() (rss, heap int64)) {
	baseRSS, baseHeap := resident("VmRSS:"), heapNow()
	most := baseHeap
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, heapNow())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() (rss, heap int64) {
		close(stop)
		<-done
		if baseRSS < 0 {
			return -1, most - baseHeap
		}
		return resident("VmHWM:") - baseRSS, most - baseHeap
	}
}

func heapNow() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// resident reads a line of /proc/self/status, in bytes; -1 where there is none.
func resident(name string) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return -1
	}
	defer f.Close()
	for {
		var key string
		var kB int64
		n, err := fmt.Fscanf(f, "%s %d", &key, &kB)
		if n == 2 && key == name {
			return kB << 10
		}
		if errors.Is(err, io.EOF) {
			return -1
		}
	}
}

// tls returns nil for a task in clear.
func (t *task) tls() (*tls.Config, error) {
	if t.Clear {
		return nil, nil
	}
	pem, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", t.CA)
	}
	return &tls.Config{RootCAs: pool}, nil
}

func (t *task) imap() (*imap.Source, error) {
	config, err := t.tls()
	s := &imap.Source{
		Addr: t.Addr, TLSConfig: config, Compress: t.Compress,
		User: t.User, Password: launcher.SecretText(mailtest.Password(t.User)),
	}
	if t.Clear {
		s.Security = dial.Plaintext
	}
	return s, err
}

// pass makes one pass and notes how many documents were handed over.
func pass(ctx context.Context, l *launcher.Launcher, a *answer) (launcher.Stats, error) {
	l.Name, l.Observe = "bench", func(context.Context, launcher.Event) {}
	stats, err := l.Poll(ctx)
	a.Documents = stats.Documents
	return stats, err
}

func discardIMAP(ctx context.Context, t task, a *answer) error {
	s, err := t.imap()
	if err != nil {
		return err
	}
	s.ReadOnly = true
	_, err = pass(ctx, &launcher.Launcher{Source: &mail.Source{From: s}, Sink: launcher.SinkFunc(mailtest.Drain)}, a)
	return err
}

func discardPOP3(ctx context.Context, t task, a *answer) error {
	config, err := t.tls()
	if err != nil {
		return err
	}
	s := &pop3.Source{Addr: t.Addr, TLSConfig: config, User: t.User, Password: launcher.SecretText(mailtest.Password(t.User))}
	_, err = pass(ctx, &launcher.Launcher{Source: &mail.Source{From: s}, Sink: launcher.SinkFunc(mailtest.Drain)}, a)
	return err
}

// atOnce is how many parcels may be under way that are kept: they share what it
// costs to sync files.
const atOnce = 64

// keep hands over to a folder, with a durable ledger.
func keep(ctx context.Context, t task, source launcher.Source, a *answer) (stats launcher.Stats, err error) {
	ledger, err := boltledger.Open(filepath.Join(t.Path, "ledger.db"))
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	return pass(ctx, &launcher.Launcher{
		Source: source, Sink: &folder.Sink{Path: filepath.Join(t.Path, "kept")}, Ledger: ledger, Parallel: atOnce,
	}, a)
}

func wholeJob(ctx context.Context, t task, a *answer) error {
	s, err := t.imap()
	if err != nil {
		return err
	}
	s.Done = "EZGED_OK"
	_, err = keep(ctx, t, &mail.Source{From: s}, a)
	return err
}

func handOver(ctx context.Context, t task, a *answer) error {
	stats, err := keep(ctx, t, &dir.Source{Path: filepath.Join(t.Path, "in"), Recursive: true, Done: "../done", Parallel: atOnce}, a)
	if err == nil && stats.Stored != t.N {
		err = fmt.Errorf("%+v, want %d stored", stats, t.N)
	}
	return err
}

// knownMails makes a pass over mails; the second time they are known.
func knownMails(ctx context.Context, t task, a *answer) (err error) {
	s, err := t.imap()
	if err != nil {
		return err
	}
	s.ReadOnly = true
	ledger, err := boltledger.Open(t.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	stats, err := pass(ctx, &launcher.Launcher{Source: s, Sink: launcher.SinkFunc(mailtest.Drain), Ledger: ledger, Parallel: 8}, a)
	if err == nil && stats.Stored != t.N && stats.Known != t.N {
		err = fmt.Errorf("%+v, want %d stored or known", stats, t.N)
	}
	return err
}

// idlePasses makes passes over files that are known and, in turn, lists them.
func idlePasses(ctx context.Context, t task, a *answer) (err error) {
	ledger, err := boltledger.Open(t.Path + ".db")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close(), os.Remove(t.Path+".db")) }()
	l := &launcher.Launcher{Source: &dir.Source{Path: t.Path, Recursive: true}, Sink: launcher.SinkFunc(mailtest.Drain), Ledger: ledger, Parallel: 8}
	if stats, err := pass(ctx, l, a); err != nil || stats.Stored != t.N {
		return fmt.Errorf("%+v, want %d stored: %w", stats, t.N, err)
	}
	memory := watchMemory()
	for begun := time.Now(); len(a.Ours) < t.Runs || time.Since(begun) < time.Second; {
		turn := time.Now()
		if n, err := lookAt(t.Path); err != nil || n != t.N {
			return fmt.Errorf("%d files, want %d: %w", n, t.N, err)
		}
		a.Yardstick = append(a.Yardstick, time.Since(turn).Seconds())
		turn = time.Now()
		if stats, err := pass(ctx, l, a); err != nil || stats.Known != t.N {
			return fmt.Errorf("%+v, want %d known: %w", stats, t.N, err)
		}
		a.Ours = append(a.Ours, time.Since(turn).Seconds())
	}
	_, a.Heap = memory()
	return nil
}

// idleLaunchers lets launchers watch empty directories.
func idleLaunchers(ctx context.Context, t task, _ *answer) error {
	ctx, cancel := context.WithTimeout(ctx, t.Wait)
	defer cancel()
	all := make([]*launcher.Launcher, t.N)
	for i := range all {
		path := filepath.Join(t.Path, fmt.Sprint(i))
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		row, err := schedule.Row("* * * * * * */15")
		if err != nil {
			return err
		}
		all[i] = &launcher.Launcher{
			Name: fmt.Sprint(i), Source: &dir.Source{Path: path}, Sink: launcher.SinkFunc(mailtest.Drain), Schedule: row,
			Observe: func(context.Context, launcher.Event) {},
		}
	}
	if err := launcher.Run(ctx, all...); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
