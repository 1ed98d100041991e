package dir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// An offer is one lot on its way through the Sink.
type offer struct {
	launcher.Parcel
	walk *walk
	lot  *lot
	wait error // why it is not ready, marked Later, or Reject after Deadline; nil: it is

	admitted bool // guarded by walk.mu

	mu     sync.Mutex
	infos  []os.FileInfo // of the files, as Documents found them; nil: not called
	folder *held         // of the first of them; nil: not looked at
}

func (w *walk) newOffer(l *lot) *offer {
	o := &offer{walk: w, lot: l}
	o.ID = l.id()
	o.Origin = show(l.name())
	o.Time = time.Unix(0, l.time())
	o.Documents = o.documents
	o.wait = w.waiting(l)
	return o
}

// id returns what identifies the lot: any change of its files makes it
// another.
func (l *lot) id() string {
	if l.extra().folder == "" && len(l.files) == 1 {
		return l.files[0].id()
	}
	sorted := slices.SortedFunc(slices.Values(l.files), func(a, b entry) int { return strings.Compare(a.path, b.path) })
	h := sha256.New()
	for _, e := range sorted {
		fmt.Fprintf(h, "%s\x00", e.id())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// id is distinct for all paths, sizes and times: the last two hold no blank.
func (e entry) id() string {
	buf := make([]byte, 0, len(e.path)+32)
	buf = append(append(buf, e.path...), ' ')
	buf = append(strconv.AppendInt(buf, e.size, 36), ' ')
	return string(strconv.AppendInt(buf, e.mtime, 36))
}

// waiting returns why a lot is not ready; nil if it is.
func (w *walk) waiting(l *lot) error {
	if l.more == nil && w.src.Quiet == 0 {
		return nil
	}
	var age time.Duration
	for i, e := range l.files {
		if left := w.src.Quiet - w.now.Sub(time.Unix(0, e.since)); w.src.Quiet > 0 && left > 0 {
			return launcher.Later(fmt.Errorf("%s changed lately: %v more without a change", show(e.path), left.Round(time.Millisecond)))
		}
		if a := w.now.Sub(time.Unix(0, e.since)); i == 0 || a < age {
			age = a
		}
	}
	why := l.extra().why
	if why == "" {
		return nil
	}
	if w.src.Deadline == 0 || age < w.src.Deadline {
		return launcher.Later(errors.New(why))
	}
	if w.src.Partial {
		return nil
	}
	return launcher.Reject(fmt.Errorf("incomplete for %v: %s", w.src.Deadline, why))
}

// documents implements Parcel.Documents.
func (o *offer) documents(ctx context.Context) ([]*launcher.Document, error) {
	if o.wait != nil {
		return nil, o.wait
	}
	if err := o.walk.admit(o); err != nil {
		return nil, err
	}
	infos := make([]os.FileInfo, len(o.lot.files))
	docs := make([]*launcher.Document, len(o.lot.files))
	for i, e := range o.lot.files {
		info, err := o.look(e)
		if err != nil {
			return nil, err
		}
		infos[i] = info
		docs[i] = o.document(e, info)
	}
	if o.lot.extra().folder == "" && len(docs) > 1 {
		group := groupOf(o.lot.files)
		for _, d := range docs {
			d.Group = group
		}
	}
	o.mu.Lock()
	o.infos = infos
	o.mu.Unlock()
	return docs, nil
}

// info returns what Documents found of a file; nil: it was not called.
func (o *offer) info(i int) os.FileInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.infos == nil {
		return nil
	}
	return o.infos[i]
}

// look finds a file as it was listed.
func (o *offer) look(e entry) (os.FileInfo, error) {
	info, err := o.lstat(e.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, o.walk.alive(launcher.Later(fmt.Errorf("%s is gone", show(e.path))))
	case err != nil:
		return nil, o.failed(fmt.Errorf("look at %s: %w", show(e.path), err))
	case !e.is(info):
		return nil, launcher.Later(fmt.Errorf("%s changed since it was listed", show(e.path)))
	}
	if limit := o.walk.src.maxSize(); e.size > limit {
		return nil, launcher.Reject(fmt.Errorf("%s has %d bytes, more than %d", show(e.path), e.size, limit))
	}
	return info, nil
}

// lstat looks at a file, and keeps the folder of the first open until the offer
// is over.
func (o *offer) lstat(path string) (os.FileInfo, error) {
	in, name, err := o.walk.folders.hold(path)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	if o.folder == nil && keepsFolders {
		o.folder = in
	} else {
		defer in.release()
	}
	o.mu.Unlock()
	return in.root.Lstat(name)
}

// end lets go of the folder.
func (o *offer) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.folder != nil {
		o.folder.release()
		o.folder = nil
	}
}

// failed notes an error of reading, so that the pass does not count as clean.
func (o *offer) failed(err error) error {
	err = o.walk.alive(err)
	o.walk.report(err)
	return err
}

func (s *Source) maxSize() int64 {
	switch s.MaxSize {
	case 0:
		return defaultMaxSize
	case -1:
		return 1<<63 - 1
	}
	return s.MaxSize
}

// is reports whether info is of the file as it was listed.
func (e entry) is(info os.FileInfo) bool {
	return info.Mode().IsRegular() && info.Size() == e.size && info.ModTime().UnixNano() == e.mtime
}

func (o *offer) document(e entry, info os.FileInfo) *launcher.Document {
	dir, name := split(e.path)
	d := &launcher.Document{
		Name: launcher.CleanName(name),
		Dir:  launcher.CleanDir(dir),
		Size: e.size,
		Time: time.Unix(0, e.mtime),
		Role: "file",
		Open: o.opener(e, info),
	}
	if d.Name != name {
		d.Meta = map[string]string{launcher.MetaName: name}
	}
	return d
}

// groupOf returns the extension of the primary file, as what it has besides
// the stem that it shares with the others, so that all go the same Route.
func groupOf(files []entry) string {
	_, primary := split(files[0].path)
	primary = fold(primary)
	shared := len(primary)
	for _, e := range files[1:] {
		_, name := split(e.path)
		name = fold(name)
		n := 0
		for n < min(shared, len(name)) && name[n] == primary[n] {
			n++
		}
		shared = n
	}
	if i := strings.LastIndexByte(primary[:shared], '.'); i > 0 && i+1 < len(primary) {
		return primary[i+1:]
	}
	return strings.TrimPrefix(path.Ext(primary), ".")
}
