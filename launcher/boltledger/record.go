package boltledger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

// A record is an entry as it lies in the file. Its value is a checksum, which
// covers launcher and ID too, and then the fields in a fixed order: numbers as
// varints, texts behind their length. Texts come back byte for byte, also those
// that are no UTF-8.
type record struct {
	launcher, id, of string
	value            []byte
}

const sumSize = 4

// newRecord encodes an entry. It refuses one that must not or cannot be saved.
func newRecord(e launcher.Entry) (record, error) {
	if err := e.Validate(); err != nil {
		return record{}, err
	}
	for _, key := range []string{e.ID, e.Launcher, e.Of} {
		if len(key) > bbolt.MaxKeySize {
			return record{}, fmt.Errorf("ledger entry %.64q…: ID, Launcher or Of of %d bytes, at most %d", e.ID, len(key), bbolt.MaxKeySize)
		}
	}
	return record{e.Launcher, e.ID, e.Of, encode(e)}, nil
}

func encode(e launcher.Entry) []byte {
	b := make([]byte, sumSize, 256)
	b = append(b, byte(e.State))
	b = binary.AppendVarint(b, int64(e.Attempts))
	for _, t := range [...]time.Time{e.Time, e.Due, e.Gone} {
		b = appendTime(b, t)
	}
	for _, s := range [...]string{e.Of, e.Job, e.Origin, e.Where, e.Revision, e.Err} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Files)))
	for _, f := range e.Files {
		b = appendText(b, f.Name)
		b = binary.AppendVarint(b, f.Size)
		b = appendText(b, f.SHA256)
	}
	binary.BigEndian.PutUint32(b, newReader(e.Launcher).sum([]byte(e.ID), b[sumSize:]))
	return b
}

// yearOne is the zero time.Time in Unix seconds: counted from it, a time that
// is not set takes one byte.
const yearOne = -62135596800

func appendTime(b []byte, t time.Time) []byte {
	b = binary.AppendVarint(b, t.Unix()-yearOne)
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A reader decodes the records of one launcher.
type reader struct {
	launcher string
	seed     uint32 // the checksum up to its name
	table    *crc32.Table
}

func newReader(owner string) reader {
	table := crc32.MakeTable(crc32.Castagnoli)
	head := make([]byte, 0, binary.MaxVarintLen64+len(owner))
	head = append(binary.AppendUvarint(head, uint64(len(owner))), owner...)
	return reader{owner, crc32.Checksum(head, table), table}
}

func (r reader) sum(id, fields []byte) uint32 {
	return crc32.Update(crc32.Update(r.seed, r.table, id), r.table, fields)
}

// decode reverses encode. It retains neither slice.
func (r reader) decode(id, value []byte) (launcher.Entry, error) {
	if len(value) < sumSize || binary.BigEndian.Uint32(value) != r.sum(id, value[sumSize:]) {
		return launcher.Entry{}, fmt.Errorf("%w: entry %.64q does not match its checksum", errDamaged, id)
	}
	e, ok := decodeFields(value[sumSize:])
	if !ok {
		return launcher.Entry{}, fmt.Errorf("%w: entry %.64q has fields that do not fit", errDamaged, id)
	}
	e.ID, e.Launcher = string(id), r.launcher
	return e, nil
}

// decodeFields decodes what follows the checksum; false if that is no entry.
func decodeFields(b []byte) (e launcher.Entry, ok bool) {
	d := decoder{bytes: b, text: string(b)}
	e.State = d.state()
	e.Attempts = int(d.varint())
	e.Time, e.Due, e.Gone = d.time(), d.time(), d.time()
	e.Of, e.Job, e.Origin = d.take(), d.take(), d.take()
	e.Where, e.Revision, e.Err = d.take(), d.take(), d.take()
	e.Files = d.files()
	return e, !d.bad && d.off == len(b)
}

// A decoder reads the fields of a record. After the first that does not fit,
// bad is set and all others are zero.
type decoder struct {
	bytes []byte
	text  string // the same: fields are parts of it
	off   int
	bad   bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.bytes[d.off:])
	if !d.advance(n) {
		return 0
	}
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.bytes[d.off:])
	if !d.advance(n) {
		return 0
	}
	return v
}

// advance steps over a number of n bytes; false if there was none.
func (d *decoder) advance(n int) bool {
	if n <= 0 || d.bad {
		d.bad = true
		return false
	}
	d.off += n
	return true
}

// state takes one byte: as a number of more it would not come back.
func (d *decoder) state() launcher.State {
	n := d.uvarint()
	if n > 0x7f {
		d.bad = true
		return launcher.Unknown
	}
	return launcher.State(n)
}

func (d *decoder) time() time.Time {
	seconds := d.varint() + yearOne
	nanos := d.uvarint()
	if d.bad || nanos >= 1e9 {
		d.bad = true
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}

func (d *decoder) take() string {
	n := d.uvarint()
	if n > uint64(len(d.text)-d.off) {
		d.bad = true
		return ""
	}
	d.off += int(n)
	return d.text[d.off-int(n) : d.off]
}

// minFile is the fewest bytes that a file takes.
const minFile = 3

func (d *decoder) files() []launcher.File {
	n := d.uvarint()
	if n == 0 || n > uint64(len(d.text)-d.off)/minFile {
		d.bad = d.bad || n > 0
		return nil
	}
	files := make([]launcher.File, n)
	for i := range files {
		files[i] = launcher.File{Name: d.take(), Size: d.varint(), SHA256: d.take()}
	}
	return files
}
