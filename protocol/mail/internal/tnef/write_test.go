package tnef

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// A writer writes a stream for tests.
type writer struct{ bytes.Buffer }

func newWriter() *writer {
	w := &writer{}
	binary.Write(w, binary.LittleEndian, uint32(Signature))
	binary.Write(w, binary.LittleEndian, uint16(1))
	return w
}

func (w *writer) attribute(level byte, id uint32, data []byte) {
	w.WriteByte(level)
	binary.Write(w, binary.LittleEndian, id)
	binary.Write(w, binary.LittleEndian, uint32(len(data)))
	w.Write(data)
	var sum uint16
	for _, b := range data {
		sum += uint16(b)
	}
	binary.Write(w, binary.LittleEndian, sum)
}

// file writes a file with its short name and further properties.
func (w *writer) file(name string, body []byte, properties ...[]byte) {
	w.attribute(levelAttachment, attAttachRenddata, make([]byte, 14))
	w.attribute(levelAttachment, attAttachTitle, append([]byte(name), 0))
	if body != nil {
		w.attribute(levelAttachment, attAttachData, body)
	}
	if properties != nil {
		w.attribute(levelAttachment, attAttachment, list(properties...))
	}
}

func list(properties ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(properties)))
	for _, p := range properties {
		out = append(out, p...)
	}
	return out
}

// prop writes a property of one value whose length is counted.
func prop(kind, id uint16, value []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(id)<<16|uint32(kind))
	out = binary.LittleEndian.AppendUint32(out, 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	return append(out, append(value, make([]byte, pad4(int64(len(value)))-int64(len(value)))...)...)
}

func wide(id uint16, s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return prop(typeUnicode, id, b)
}

func narrow(id uint16, s string) []byte { return prop(typeString8, id, append([]byte(s), 0)) }

func number(id uint16, n uint32) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(id)<<16|typeInt32)
	return binary.LittleEndian.AppendUint32(out, n)
}

// named writes a property that has a name instead of a fixed number.
func named(name string, n uint32) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0x8001<<16|typeInt32)
	out = append(out, make([]byte, 16)...)
	out = binary.LittleEndian.AppendUint32(out, 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(name)))
	out = append(out, append([]byte(name), make([]byte, pad4(int64(len(name)))-int64(len(name)))...)...)
	return binary.LittleEndian.AppendUint32(out, n)
}
