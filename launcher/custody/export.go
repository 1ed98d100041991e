package custody

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

const format = 1

// A Chain is what an export comes to.
type Chain struct {
	Entries int       // parcels and parts
	Head    string    // hash of the last line, in hexadecimal: keep it elsewhere
	Time    time.Time // when it was written
}

// Export writes every parcel and part that the ledger knows of some launchers
// to w, one after the other and each launcher's in the order of IDs. What
// changes meanwhile may be in it or not. prev is the Head of the export that
// this one follows; "" begins a chain. On an error what was written is not
// complete, which Verify would say.
func Export(ctx context.Context, w io.Writer, ledger launcher.Ledger, prev string, launchers ...string) (Chain, error) {
	b := bufio.NewWriter(w)
	x := &writer{w: b, prev: prev}
	now := time.Now().UTC().Truncate(time.Second)
	x.line(first{Custody: format, Launchers: launchers, Time: now})
	for _, name := range launchers {
		err := ledger.Walk(ctx, name, func(e launcher.Entry) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if e.State == launcher.Marker {
				return nil // not a parcel
			}
			x.line(record{Entry: e})
			return x.err
		})
		if err != nil {
			return Chain{}, fmt.Errorf("export launcher %q: %w", name, err)
		}
	}
	entries := x.n - 1
	x.line(last{End: entries})
	if x.err == nil {
		x.err = b.Flush()
	}
	if x.err != nil {
		return Chain{}, fmt.Errorf("export: %w", x.err)
	}
	return Chain{Entries: entries, Head: x.prev, Time: now}, nil
}

type first struct {
	Custody   int       `json:"custody"`
	Launchers []string  `json:"launchers"`
	Time      time.Time `json:"time"`
}

type record struct {
	Entry launcher.Entry `json:"entry"`
}

type last struct {
	End int `json:"end"`
}

// A writer writes lines, each with the hash of the one before.
type writer struct {
	w    io.Writer
	n    int    // lines written
	prev string // hash of the last
	err  error  // the first
}

func (x *writer) line(v any) {
	if x.err != nil {
		return
	}
	fields, err := json.Marshal(v)
	if err != nil {
		x.err = err
		return
	}
	hashed := fmt.Appendf(nil, `{"n":%d,"prev":%q,%s`, x.n, x.prev, fields[1:len(fields)-1])
	x.n++
	x.prev = hashOf(hashed)
	_, x.err = fmt.Fprintf(x.w, "%s,\"hash\":%q}\n", hashed, x.prev)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
