package tnef

import (
	"fmt"
)

// Properties that matter here, of [MS-OXPROPS].
const (
	propDisplayName        = 0x3001
	propRTFCompressed      = 0x1009
	propAttachData         = 0x3701
	propAttachFilename     = 0x3704
	propAttachLongFilename = 0x3707
	propAttachMIMETag      = 0x370E
	propAttachContentID    = 0x3712
)

// Types of properties, of [MS-OXCDATA].
const (
	typeInt16    = 0x0002
	typeInt32    = 0x0003
	typeFloat    = 0x0004
	typeDouble   = 0x0005
	typeCurrency = 0x0006
	typeAppTime  = 0x0007
	typeError    = 0x000A
	typeBool     = 0x000B
	typeObject   = 0x000D
	typeInt64    = 0x0014
	typeString8  = 0x001E
	typeUnicode  = 0x001F
	typeTime     = 0x0040
	typeGUID     = 0x0048
	typeBinary   = 0x0102
	multiple     = 0x1000 // bit of a property with several values
)

// A property is a property and where the first of its values lies.
type property struct {
	id     uint16
	wide   bool // text in UTF-16
	object bool // an embedded object
	value  Range
}

// maxValues is how many properties, or values of one, are read: far more than
// any item has.
const maxValues = 10_000

// properties calls fn for each property in a list of them.
func (s source) properties(list Range, fn func(property) error) error {
	end := list.Off + list.Size
	count, err := s.uint32(list.Off)
	if err != nil {
		return err
	}
	if count > maxValues {
		return fmt.Errorf("%d properties: %w", count, ErrBroken)
	}
	off := list.Off + 4
	for range count {
		p, next, err := s.property(off, end)
		if err != nil {
			return err
		}
		if err := fn(p); err != nil {
			return err
		}
		off = next
	}
	return nil
}

// property reads the property at off and returns where the next begins.
func (s source) property(off, end int64) (p property, next int64, err error) {
	if off+4 > end {
		return p, 0, fmt.Errorf("property at %d: %w", off, ErrBroken)
	}
	tag, err := s.uint32(off)
	if err != nil {
		return p, 0, err
	}
	kind := uint16(tag)
	p.id = uint16(tag >> 16)
	off += 4
	if p.id >= 0x8000 {
		if off, err = s.skipPropertyName(off); err != nil {
			return p, 0, err
		}
	}
	p.wide, p.object = kind&^multiple == typeUnicode, kind&^multiple == typeObject
	size := fixedSize(kind &^ multiple)
	values := uint32(1)
	if kind&multiple != 0 || size < 0 {
		if values, err = s.uint32(off); err != nil {
			return p, 0, err
		}
		off += 4
	}
	if values > maxValues {
		return p, 0, fmt.Errorf("property of %d values: %w", values, ErrBroken)
	}
	for i := range values {
		n := int64(size)
		if size < 0 {
			var length uint32
			if length, err = s.uint32(off); err != nil {
				return p, 0, err
			}
			off, n = off+4, int64(length)
		}
		if off+n > end {
			return p, 0, fmt.Errorf("property of %d bytes at %d: %w", n, off, ErrBroken)
		}
		if i == 0 {
			p.value = Range{off, n}
		}
		off += pad4(n)
	}
	return p, off, nil
}

// skipPropertyName skips the name that a property without fixed number has.
func (s source) skipPropertyName(off int64) (int64, error) {
	const guid = 16
	kind, err := s.uint32(off + guid)
	if err != nil {
		return 0, err
	}
	off += guid + 4
	if kind == 0 {
		return off + 4, nil
	}
	n, err := s.uint32(off)
	return off + 4 + pad4(int64(n)), err
}

func pad4(n int64) int64 { return (n + 3) &^ 3 }

// fixedSize returns the bytes that a value takes, -1 if they are counted
// before it. What is not known is taken for a number.
func fixedSize(kind uint16) int {
	switch kind {
	case typeDouble, typeCurrency, typeAppTime, typeInt64, typeTime:
		return 8
	case typeGUID:
		return 16
	case typeObject, typeString8, typeUnicode, typeBinary:
		return -1
	}
	return 4 // typeInt16, typeInt32, typeFloat, typeError, typeBool, padded
}
