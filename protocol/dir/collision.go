package dir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// A Collision tells what to do when a name is taken where a file moves to.
// Nothing is ever replaced.
type Collision uint8

const (
	Suffix Collision = iota // take another name: facture-1.pdf, facture-2.pdf
	Fail                    // fail, so that the parcel stays in its place
	Equal                   // drop the file if the one there has the same contents; else as Suffix
)

// chooseNames chooses the names of a parcel in its place, the same suffix for
// all its files.
func (p *pass) chooseNames(ctx context.Context, t *task) error {
	free := func(n int) bool { return p.free(ctx, t, n) }
	n := 0
	if !free(0) {
		if p.src.Collision == Fail {
			return fmt.Errorf("%s in %s: %w", show(t.target()), t.to.field, fs.ErrExist)
		}
		n = firstFree(free)
	}
	for i := range t.steps {
		t.steps[i].into = t.name(i, n)
	}
	if t.folder != "" {
		t.into = suffixed(t.into, n)
	}
	return nil
}

// name returns what file i is to be called with suffix n.
func (t *task) name(i, n int) string {
	into := t.steps[i].into
	if rest, ok := strings.CutPrefix(into, t.into+"/"); ok && t.folder != "" {
		return join(suffixed(t.into, n), rest)
	}
	return suffixed(into, n)
}

// free reports whether all names with suffix n can be had.
func (p *pass) free(ctx context.Context, t *task, n int) bool {
	if t.folder != "" {
		_, err := t.to.root.Lstat(suffixed(t.into, n))
		return errors.Is(err, fs.ErrNotExist)
	}
	for i := range t.steps {
		name := t.name(i, n)
		_, err := t.to.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if p.src.Collision != Equal || !p.equal(ctx, t.steps[i].path, t.to.root, name) {
			return false
		}
	}
	return true
}

// firstFree returns a suffix that is free and follows one that is taken. It
// needs few looks even where thousands are taken.
func firstFree(free func(int) bool) int {
	taken, n := 0, 1
	for !free(n) && n < 1<<30 {
		taken, n = n, 2*n
	}
	for n-taken > 1 {
		if mid := taken + (n-taken)/2; free(mid) {
			n = mid
		} else {
			taken = mid
		}
	}
	return n
}

// freeName returns the name, for one that is taken, that a file may have.
func freeName(root *os.Root, name string) string {
	return suffixed(name, firstFree(func(n int) bool {
		_, err := root.Lstat(suffixed(name, n))
		return errors.Is(err, fs.ErrNotExist)
	}))
}

// suffixed returns name with "-n" before its extension; for 0, name itself.
// What would be longer than a file name may be loses the end of its stem.
func suffixed(name string, n int) string {
	if n == 0 {
		return name
	}
	const longest = 255
	dir, base := split(name)
	ext := path.Ext(base)
	if ext == base {
		ext = "" // .profile
	}
	stem := strings.TrimSuffix(base, ext)
	tail := fmt.Sprintf("-%d%s", n, ext)
	n = len(stem)
	if n+len(tail) > longest {
		n = max(longest-len(tail), 0)
		for n > 0 && !utf8.RuneStart(stem[n]) {
			n--
		}
	}
	return join(dir, stem[:n]+tail)
}

// equal reports whether a file in Path has the contents of one elsewhere.
func (p *pass) equal(ctx context.Context, name string, root *os.Root, other string) bool {
	a, err := p.root.OpenFile(name, openFlags, 0)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := root.OpenFile(other, openFlags, 0)
	if err != nil {
		return false
	}
	defer b.Close()
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	if errA != nil || errB != nil || !infoB.Mode().IsRegular() || infoA.Size() != infoB.Size() {
		return false
	}
	bufA, bufB := make([]byte, 64<<10), make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, errA := io.ReadFull(a, bufA)
		m, errB := io.ReadFull(b, bufB)
		if !bytes.Equal(bufA[:n], bufB[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			return ended(errA) && ended(errB)
		}
	}
	return false
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
