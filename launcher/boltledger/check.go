package boltledger

import (
	"bytes"
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

// check reads all entries and reports what is not as table.go leaves it.
func check(tx *bbolt.Tx) error {
	f := tx.Bucket([]byte(bucketFormat))
	if f == nil {
		return fmt.Errorf("%w: a bbolt database of something else", errDamaged)
	}
	if v := f.Get([]byte(keyVersion)); string(v) != formatVersion {
		return fmt.Errorf("written in format %q, this version reads %q", v, formatVersion)
	}
	t := table{tx}
	for _, name := range []string{bucketEntries, bucketStrays, bucketParts} {
		if t.bucket(name) == nil {
			return fmt.Errorf("%w: no bucket %q", errDamaged, name)
		}
	}
	return t.checkEntries()
}

// checkEntries checks that no entry was altered or is missing, and that each
// can be found in all the ways in which it may be looked for.
func (t table) checkEntries() error {
	all := t.bucket(bucketEntries)
	launchers := 0
	err := all.ForEachBucket(func(name []byte) error {
		launchers++
		return t.checkLauncher(string(name), all.Bucket(name))
	})
	if err != nil {
		return err
	}
	return checkCount(all, launchers)
}

func (t table) checkLauncher(owner string, own *bbolt.Bucket) error {
	r := newReader(owner)
	entries := 0
	var last []byte
	err := own.ForEach(func(id, value []byte) error {
		e, err := r.decode(id, value)
		if err != nil {
			return err
		}
		if bytes.Compare(last, id) >= 0 || own.Get(id) == nil || !t.listed(e) {
			return fmt.Errorf("%w: entry %.64q is not in its place", errDamaged, id)
		}
		entries++
		last = id
		return nil
	})
	if err != nil {
		return err
	}
	return checkCount(own, entries)
}

func checkCount(b *bbolt.Bucket, found int) error {
	if want := b.Sequence(); uint64(found) != want {
		return fmt.Errorf("%w: %d entries or launchers where there should be %d", errDamaged, found, want)
	}
	return nil
}

// listed reports whether an entry is where its launcher and its parcel are
// looked up.
func (t table) listed(e launcher.Entry) bool {
	if t.owner(e.ID) != e.Launcher {
		return false
	}
	if e.Of == "" || nested(e.Launcher, e.Of, e.ID) {
		return true
	}
	parts := t.bucket(bucketParts).Bucket([]byte(e.Of))
	return parts != nil && parts.Get([]byte(e.ID)) != nil
}
