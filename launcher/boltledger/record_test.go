package boltledger

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

func fullEntry() launcher.Entry {
	return launcher.Entry{
		ID: "a/1.f00d", Launcher: "a", Of: "a/1", State: launcher.Rejected, Attempts: 3,
		Time: time.Unix(1, 2).UTC(), Due: time.Unix(-3, 4).UTC(), Gone: time.Unix(5, 0).UTC(),
		Job: "87", Origin: "INBOX uid 42", Where: "Rejected", Revision: "r1", Err: "not UTF-8: \xff\x00",
		Files: []launcher.File{{Name: "a.pdf", Size: -1}, {Name: "b.pdf", Size: 1 << 40, SHA256: "ab"}},
	}
}

func TestRecordKeepsEveryByte(t *testing.T) {
	for _, want := range []launcher.Entry{fullEntry(), {ID: "\xff", Launcher: "\x00/", State: launcher.Tried}} {
		got, err := newReader(want.Launcher).decode([]byte(want.ID), encode(want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
}

func TestRecordIsOfOneEntry(t *testing.T) {
	e := fullEntry()
	value := encode(e)
	if _, err := newReader(e.Launcher).decode([]byte("a/1.beef"), value); err == nil {
		t.Error("a record under the ID of another must be noticed")
	}
	if _, err := newReader("b").decode([]byte(e.ID), value); err == nil {
		t.Error("a record among those of another launcher must be noticed")
	}
	for i := range value {
		if _, err := newReader(e.Launcher).decode([]byte(e.ID), value[:i]); err == nil {
			t.Errorf("a record cut to %d bytes of %d must be noticed", i, len(value))
		}
		value[i] ^= 0x40
		if _, err := newReader(e.Launcher).decode([]byte(e.ID), value); err == nil {
			t.Errorf("a record whose byte %d is changed must be noticed", i)
		}
		value[i] ^= 0x40
	}
}

func TestRecordIsShort(t *testing.T) {
	if n := len(encode(launcher.Entry{ID: "a/1", Launcher: "a", State: launcher.Tried})); n > 24 {
		t.Errorf("a bare entry takes %d bytes, want fields that are not set to take one or two each", n)
	}
}

func TestLongKeysAreRefused(t *testing.T) {
	l := openTest(t)
	longest := strings.Repeat("x", bbolt.MaxKeySize)
	fits := launcher.Entry{ID: longest, Launcher: longest, Of: longest, State: launcher.Stored}
	if err := l.Save(t.Context(), fits); err != nil || !l.has(t, longest) {
		t.Errorf("Save of the longest ID returned %v, want it saved", err)
	}
	for _, e := range []launcher.Entry{
		{ID: longest + "x", Launcher: "a", State: launcher.Stored},
		{ID: "x", Launcher: longest + "x", State: launcher.Stored},
		{ID: "x", Launcher: "a", Of: longest + "x", State: launcher.Stored},
	} {
		if err := l.Save(t.Context(), e); err == nil || len(err.Error()) > 1000 {
			t.Errorf("Save of a key that is too long returned %.100v, want a short error", err)
		}
	}
	if l.has(t, longest+"x") {
		t.Error("Load of an ID that cannot be saved must find nothing")
	}
	if err := l.Delete(t.Context(), longest+"x", longest); err != nil || l.has(t, longest) {
		t.Errorf("Delete of the longest ID and a longer one returned %v, want the first forgotten", err)
	}
}

// What decode takes, encode gives back.
func FuzzDecode(f *testing.F) {
	f.Add(encode(fullEntry())[sumSize:])
	f.Add(encode(launcher.Entry{State: launcher.Tried})[sumSize:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, fields []byte) {
		e, ok := decodeFields(fields)
		if !ok {
			return
		}
		again, ok := decodeFields(encode(e)[sumSize:])
		if !ok || !reflect.DeepEqual(e, again) {
			t.Errorf("%x is %+v, which comes back as %+v", fields, e, again)
		}
	})
}
