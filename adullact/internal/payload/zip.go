package payload

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// An unzip reads the only file of a zip in sequence, by its local header:
// PKWARE APPNOTE 4.3.7. The central directory, at the end, is not needed.
type unzip struct {
	name string

	src  *Decoder
	body io.Reader
	crc  hash.Hash32
	head header
	done bool
}

// A header is what a local file header says.
type header struct {
	flags, method   uint16
	crc             uint32
	packed, size    uint32
	nameLen, extras uint16
}

const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes and CRC follow the data

	signatureFile       = 0x04034b50
	signatureDescriptor = 0x08074b50
)

// newUnzip goes to the first file in src, passing over folders.
func newUnzip(src *Decoder) (*unzip, error) {
	for {
		z := &unzip{src: src, crc: crc32.NewIEEE()}
		err := z.open()
		if err != nil {
			return nil, corrupt("zip", err)
		}
		if n := len(z.name); n == 0 || z.name[n-1] != '/' || z.head.size > 0 {
			return z, nil
		}
	}
}

func (z *unzip) open() error {
	var b [30]byte
	if _, err := io.ReadFull(z.src, b[:]); err != nil {
		return err
	}
	le := binary.LittleEndian
	if le.Uint32(b[:]) != signatureFile {
		return errors.New("no file")
	}
	z.head = header{
		flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), crc: le.Uint32(b[14:]),
		packed: le.Uint32(b[18:]), size: le.Uint32(b[22:]), nameLen: le.Uint16(b[26:]), extras: le.Uint16(b[28:]),
	}
	name := make([]byte, z.head.nameLen)
	if _, err := io.ReadFull(z.src, name); err != nil {
		return err
	}
	z.name = string(name)
	if _, err := io.CopyN(io.Discard, z.src, int64(z.head.extras)); err != nil {
		return err
	}
	return z.method()
}

func (z *unzip) method() error {
	switch {
	case z.head.flags&flagEncrypted != 0:
		return ErrEncrypted
	case z.head.method == 8:
		z.body = flate.NewReader(z.src)
	case z.head.method == 0 && z.head.flags&flagDescriptor == 0 && z.head.packed < 1<<32-1:
		z.body = &exactly{z.src, int64(z.head.packed)}
	default:
		return fmt.Errorf("method %d cannot be read in sequence", z.head.method)
	}
	return nil
}

// Read implements [io.Reader].
func (z *unzip) Read(p []byte) (int, error) {
	if z.done {
		return 0, io.EOF
	}
	n, err := z.body.Read(p)
	z.crc.Write(p[:n])
	if err == nil {
		return n, nil
	}
	if err == io.EOF {
		err = z.end()
	}
	if err == nil {
		z.done = true
		return n, io.EOF
	}
	if errors.Is(err, ErrSeveral) {
		return n, err
	}
	return n, corrupt("zip", err)
}

// end verifies the file, and that no other follows.
func (z *unzip) end() error {
	want := z.head.crc
	next, err := z.word()
	if err != nil {
		return err
	}
	if z.head.flags&flagDescriptor != 0 {
		if next == signatureDescriptor {
			if next, err = z.word(); err != nil {
				return err
			}
		}
		want = next
		if _, err = io.CopyN(io.Discard, z.src, 8); err != nil {
			return err
		}
		if next, err = z.word(); err != nil {
			return err
		}
	}
	if want != z.crc.Sum32() {
		return errors.New("checksum")
	}
	if next == signatureFile {
		return ErrSeveral
	}
	return nil
}

func (z *unzip) word() (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(z.src, b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// exactly reads so many bytes, and fails if there are fewer.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}
