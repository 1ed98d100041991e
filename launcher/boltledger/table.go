package boltledger

import (
	"bytes"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

// The buckets of a ledger. An entry lies in the bucket of its launcher, under
// its ID. Which launcher that is, the ID of an entry made by the engine says
// itself; the others are strays. The sequence of bucketEntries is the number of
// launchers in it, that of a launcher's bucket the number of its entries.
const (
	bucketFormat  = "coldlauncher ledger" // "version": formatVersion
	bucketEntries = "entries"             // launcher: {ID: value of a record}
	bucketStrays  = "strays"              // ID: launcher
	bucketParts   = "parts"               // parcel: {ID of a part that is not under its prefix: ""}
)

const (
	keyVersion    = "version"
	formatVersion = "1"
)

// format makes a ledger of an empty database.
func format(tx *bbolt.Tx) error {
	for _, name := range []string{bucketFormat, bucketEntries, bucketStrays, bucketParts} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(bucketFormat)).Put([]byte(keyVersion), []byte(formatVersion))
}

// home returns the launcher that an ID of the engine's names: what stands
// before its first slash. "" if it names none.
func home(id string) string {
	name, _, ok := strings.Cut(id, "/")
	if !ok {
		return ""
	}
	return name
}

// nested reports whether a part is found among the entries that follow its
// parcel's.
func nested(owner, of, id string) bool {
	return strings.HasPrefix(id, of+".") && home(of) == owner && home(id) == owner
}

// A table is the ledger as one transaction sees it.
type table struct{ tx *bbolt.Tx }

func (t table) bucket(name string) *bbolt.Bucket { return t.tx.Bucket([]byte(name)) }

// entries returns the bucket of a launcher, nil if it has none.
func (t table) entries(owner string) *bbolt.Bucket {
	if owner == "" {
		return nil
	}
	return t.bucket(bucketEntries).Bucket([]byte(owner))
}

// owner returns the launcher that has or would have the entry of id.
func (t table) owner(id string) string {
	if owner := t.bucket(bucketStrays).Get([]byte(id)); owner != nil {
		return string(owner)
	}
	return home(id)
}

// value returns the launcher that has or would have the entry of id, and the
// value of its record; nil: there is none.
func (t table) value(id string) (owner string, value []byte) {
	owner = t.owner(id)
	if b := t.entries(owner); b != nil {
		value = b.Get([]byte(id))
	}
	return owner, value
}

// load returns the entry of id, a zero one if there is none.
func (t table) load(id string) (launcher.Entry, error) {
	owner, value := t.value(id)
	if value == nil {
		return launcher.Entry{}, nil
	}
	return newReader(owner).decode([]byte(id), value)
}

// put saves a record in the place of the one of the same ID.
func (t table) put(r record) error {
	owner, value := t.value(r.id)
	known := value != nil && owner == r.launcher
	if value != nil {
		// One that can no longer be read is replaced all the same.
		old, err := newReader(owner).decode([]byte(r.id), value)
		if err == nil && (owner != r.launcher || old.Of != r.of) {
			if err := t.remove(old); err != nil {
				return err
			}
			known = false
		}
	}
	if err := t.enter(r, known); err != nil {
		return err
	}
	if r.launcher != home(r.id) {
		if err := t.bucket(bucketStrays).Put([]byte(r.id), []byte(r.launcher)); err != nil {
			return err
		}
	}
	if r.of == "" || nested(r.launcher, r.of, r.id) {
		return nil
	}
	parts, err := t.bucket(bucketParts).CreateBucketIfNotExists([]byte(r.of))
	if err != nil {
		return err
	}
	return parts.Put([]byte(r.id), nil)
}

// enter puts a record into the bucket of its launcher, where one of its ID is
// known to be or not.
func (t table) enter(r record, known bool) error {
	own := t.entries(r.launcher)
	if own == nil {
		all := t.bucket(bucketEntries)
		var err error
		if own, err = all.CreateBucket([]byte(r.launcher)); err != nil {
			return err
		}
		if err := count(all, +1); err != nil {
			return err
		}
	}
	id := []byte(r.id)
	if !known {
		if err := count(own, +1); err != nil {
			return err
		}
	}
	return own.Put(id, r.value)
}

// count changes the number of keys that a bucket is known to hold.
func count(b *bbolt.Bucket, by int) error {
	return b.SetSequence(b.Sequence() + uint64(by))
}

// delete removes the entry of id and those of its parts.
func (t table) delete(id string) error {
	e, err := t.load(id)
	if err != nil {
		return err
	}
	parts, err := t.parts(id)
	if err != nil {
		return err
	}
	for _, e := range append(parts, e) {
		if err := t.remove(e); err != nil {
			return err
		}
	}
	return nil
}

// parts returns the entries of all parts of a parcel.
func (t table) parts(of string) ([]launcher.Entry, error) {
	var found []launcher.Entry
	if own := t.entries(home(of)); own != nil {
		prefix := []byte(of + ".")
		r := newReader(home(of))
		c := own.Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			e, err := r.decode(k, v)
			if err != nil {
				return nil, err
			}
			if e.Of == of {
				found = append(found, e)
			}
		}
	}
	if of == "" {
		return found, nil
	}
	strewn := t.bucket(bucketParts).Bucket([]byte(of))
	if strewn == nil {
		return found, nil
	}
	err := strewn.ForEach(func(id, _ []byte) error {
		e, err := t.load(string(id))
		found = append(found, e)
		return err
	})
	return found, err
}

// remove takes e out of every bucket; a zero entry is in none.
func (t table) remove(e launcher.Entry) error {
	id := []byte(e.ID)
	if own := t.entries(e.Launcher); own != nil && own.Get(id) != nil {
		if err := own.Delete(id); err != nil {
			return err
		}
		if err := count(own, -1); err != nil {
			return err
		}
	}
	if err := t.bucket(bucketStrays).Delete(id); err != nil {
		return err
	}
	if e.Of == "" {
		return nil
	}
	parts := t.bucket(bucketParts).Bucket([]byte(e.Of))
	if parts == nil {
		return nil
	}
	if err := parts.Delete(id); err != nil {
		return err
	}
	if k, _ := parts.Cursor().First(); k != nil {
		return nil
	}
	return t.bucket(bucketParts).DeleteBucket([]byte(e.Of))
}
