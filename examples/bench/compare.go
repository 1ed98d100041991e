package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A contender is a process that does the work.
type contender struct {
	name    string
	before  func(dir string) error // comes before each run and is not measured; nil: nothing
	command func(ctx context.Context, dir string) (*exec.Cmd, error)
	check   func(dir string, a answer) error // whether it did the work; nil: its exit code tells
	peer    bool                             // may fail
	stays   bool                             // what a run wrote is not removed after it
}

// A result is what a run took.
type result struct {
	wall, cpu time.Duration
	answer    answer
}

// process returns this program with a task.
func (b *bench) process(name string, t task, check func(string, answer) error) contender {
	if name == "coldlauncher" {
		t.Profile = b.profile
	}
	return contender{name: name, check: check, command: func(ctx context.Context, dir string) (*exec.Cmd, error) {
		t := t
		if t.Path == "" {
			t.Path = dir
		}
		text, err := json.Marshal(t)
		if err != nil {
			return nil, err
		}
		self, err := os.Executable()
		return exec.CommandContext(ctx, self, "-task", string(text)), err
	}}
}

// once runs a task that is compared with nothing.
func (b *bench) once(ctx context.Context, t task) (answer, error) {
	r, err := b.run(ctx, t.Do, b.process("coldlauncher", t, nil))
	return r.answer, err
}

// run lets c work, in a directory of its own.
func (b *bench) run(ctx context.Context, key string, c contender) (r result, err error) {
	dir, err := os.MkdirTemp(b.dir, "run")
	if err != nil {
		return r, err
	}
	if !c.stays {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if c.before != nil {
		if err := c.before(dir); err != nil {
			return r, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	cmd, err := c.command(ctx, dir)
	if err != nil {
		return r, err
	}
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	cmd.WaitDelay = time.Second
	begun := time.Now()
	err = cmd.Run()
	r.wall = time.Since(begun)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		return r, fmt.Errorf("%s, after %.1f s: %w: %s%s", c.name, r.wall.Seconds(), err, complaints.Bytes(), out.Bytes())
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	json.Unmarshal(out.Bytes(), &r.answer) // others answer nothing
	if c.check != nil {
		if err := c.check(dir, r.answer); err != nil {
			return r, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	fmt.Fprintf(b.log, "%-9s %-12s %7.2f s, %6.2f s of CPU", key, c.name, r.wall.Seconds(), r.cpu.Seconds())
	if r.answer.RSS > 0 {
		fmt.Fprintf(b.log, ", %s MB, heap %s MB", megabytes(r.answer.RSS), megabytes(r.answer.Heap))
	}
	fmt.Fprintln(b.log)
	return r, nil
}

// compare lets all work in turn. The first is the yardstick, the second ours.
func (b *bench) compare(ctx context.Context, key string, all []contender) (line, error) {
	took := make([][]float64, len(all))
	slow := make([]bool, len(all))
	for range b.runs {
		for k, c := range all {
			if slow[k] {
				continue
			}
			r, err := b.run(ctx, key, c)
			switch {
			case err != nil && (!c.peer || ctx.Err() != nil):
				return line{}, err
			case errors.Is(err, context.DeadlineExceeded):
				r.wall = b.limit
				fmt.Fprintf(b.log, "%-9s %-12s over %s\n", key, c.name, b.limit)
			case err != nil: // that run does not count
				fmt.Fprintln(b.log, strings.TrimSpace(err.Error()))
				continue
			}
			took[k] = append(took[k], r.wall.Seconds())
			slow[k] = err != nil || r.wall > time.Minute
		}
	}
	raw := median(took[0])
	l := line{yardstick: fmt.Sprintf("%.2f s", raw), peers: make(map[string]string)}
	for k, c := range all[1:] {
		cell := "failed"
		if len(took[k+1]) > 0 {
			m := median(took[k+1])
			cell = fmt.Sprintf("%.2f ×", m/raw)
			if m >= b.limit.Seconds() {
				cell = "over " + cell
			}
		}
		if k == 0 {
			l.ours = cell
		} else {
			l.peers[c.name] = cell
		}
	}
	return l, nil
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
