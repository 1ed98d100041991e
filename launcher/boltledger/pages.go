package boltledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// The layout of bbolt's files, version 2. Numbers are in the order of the
// machine.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader  = 16 // id 8, flags 2, count 2, overflow 4
	elementSize = 16 // leaf: flags 4, pos 4, ksize 4, vsize 4; branch: pos 4, ksize 4, page 8
	bucketSize  = 16 // root 8, sequence 8; root 0: a page follows inline
	metaSize    = 64

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01

	noFreelist = 1<<64 - 1
)

// checkPages checks that the pages of a database are what bbolt takes for
// granted when it follows them through memory: all inside the file, each in use
// once or free, nothing pointing out of its page. A file that is not so could
// have bbolt read where nothing is, run for ever, or later write over pages
// that are in use. Nothing may write to the file meanwhile.
func checkPages(file io.ReaderAt, size int64) error {
	c, err := readMeta(file, size)
	if err != nil {
		return err
	}
	if err := c.tree(c.root); err != nil {
		return err
	}
	if c.freelist == noFreelist {
		return nil // bbolt makes it anew from the pages in use
	}
	if err := c.free(); err != nil {
		return err
	}
	for id, seen := range c.seen {
		if !seen {
			return fmt.Errorf("page %d is lost", id)
		}
	}
	return nil
}

// A pageCheck knows which pages of a file were met.
type pageCheck struct {
	file           io.ReaderAt
	pageSize       int64
	root, freelist uint64
	txid           uint64
	seen           []bool // by page; its length is the number of pages
}

// readMeta reads the two pages that say where everything is, of which the
// later valid one counts.
func readMeta(file io.ReaderAt, size int64) (*pageCheck, error) {
	var best *pageCheck
	var pages uint64
	// The second is a page after the first, whose size may be lost.
	for at := int64(0); at < size && at <= 1<<24; at = max(1<<10, at*2) {
		b := make([]byte, pageHeader+metaSize)
		if _, err := file.ReadAt(b, at); err != nil {
			break
		}
		m := b[pageHeader:]
		sum := fnv.New64a()
		sum.Write(m[:56])
		if u32(m) != boltMagic || u32(m[4:]) != boltVersion || u64(m[56:]) != sum.Sum64() {
			continue
		}
		pageSize, txid := int64(u32(m[8:])), u64(m[48:])
		if at != 0 && at != pageSize || best != nil && best.txid > txid {
			continue
		}
		pages = u64(m[40:])
		best = &pageCheck{file: file, pageSize: pageSize, root: u64(m[16:]), freelist: u64(m[32:]), txid: txid}
	}
	switch {
	case best == nil:
		return nil, errors.New("no valid head")
	case best.pageSize < 1<<9 || pages < 4:
		return nil, errors.New("impossible head")
	case pages > uint64(size/best.pageSize):
		return nil, fmt.Errorf("cut short: %d bytes, of %d pages of %d", size, pages, best.pageSize)
	}
	best.seen = make([]bool, pages)
	best.seen[0], best.seen[1] = true, true
	return best, nil
}

// read returns the page id with those that it overflows to, and marks them.
func (c *pageCheck) read(id uint64) (page, error) {
	head := make([]byte, pageHeader)
	if id >= uint64(len(c.seen)) {
		return nil, fmt.Errorf("page %d is outside of the file", id)
	}
	if _, err := c.file.ReadAt(head, int64(id)*c.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := u64(head); got != id {
		return nil, fmt.Errorf("page %d says that it is %d", id, got)
	}
	n := 1 + uint64(u32(head[12:]))
	if n > uint64(len(c.seen))-id {
		return nil, fmt.Errorf("page %d reaches out of the file", id)
	}
	for i := id; i < id+n; i++ {
		if err := c.mark(i); err != nil {
			return nil, err
		}
	}
	b := make([]byte, int64(n)*c.pageSize)
	if _, err := c.file.ReadAt(b, int64(id)*c.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

func (c *pageCheck) mark(id uint64) error {
	if id >= uint64(len(c.seen)) || c.seen[id] {
		return fmt.Errorf("page %d is used twice, or outside of the file", id)
	}
	c.seen[id] = true
	return nil
}

// tree checks the page id and all below it.
func (c *pageCheck) tree(id uint64) error {
	p, err := c.read(id)
	if err != nil {
		return err
	}
	if p.flags() != branchPage {
		return c.leaf(p)
	}
	if p.count() == 0 {
		return fmt.Errorf("page %d leads nowhere", id)
	}
	for i := range p.count() {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		if _, err := p.bytes(i, u32(e), u32(e[4:])); err != nil {
			return err
		}
		if err := c.tree(u64(e[8:])); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks a page of keys and values, and the buckets among them.
func (c *pageCheck) leaf(p page) error {
	if p.flags() != leafPage {
		return fmt.Errorf("a page of kind %#x where keys should be", p.flags())
	}
	for i := range p.count() {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		flags, pos, ksize, vsize := u32(e), u32(e[4:]), u32(e[8:]), u32(e[12:])
		kv, err := p.bytes(i, pos, ksize, vsize)
		if err != nil {
			return err
		}
		switch {
		case flags == 0:
		case flags != bucketFlag:
			return fmt.Errorf("a key of kind %#x", flags)
		default:
			if err := c.bucket(kv[ksize:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// bucket checks a bucket, whose pages are its own or follow inline.
func (c *pageCheck) bucket(value []byte) error {
	if len(value) < bucketSize {
		return errors.New("a bucket that is too short")
	}
	if root := u64(value); root != 0 {
		return c.tree(root)
	}
	inline := page(value[bucketSize:])
	if len(inline) < pageHeader {
		return errors.New("a bucket that is too short")
	}
	return c.leaf(inline)
}

// free checks the list of free pages, and marks them.
func (c *pageCheck) free() error {
	p, err := c.read(c.freelist)
	if err != nil {
		return err
	}
	if p.flags() != freelistPage {
		return fmt.Errorf("a page of kind %#x where the free pages should be", p.flags())
	}
	n, ids := uint64(p.count()), p[pageHeader:]
	if n == 0xFFFF { // too many for the field
		n, ids = u64(ids), ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return fmt.Errorf("%d free pages in a list of %d bytes", n, len(ids))
	}
	for i := range n {
		if err := c.mark(u64(ids[8*i:])); err != nil {
			return err
		}
	}
	return nil
}

func u16(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }

// A page is a page with those that it overflows to.
type page []byte

func (p page) flags() uint16 { return u16(p[8:]) }
func (p page) count() int    { return int(u16(p[10:])) }

func (p page) element(i int) ([]byte, error) {
	at := pageHeader + i*elementSize
	if at+elementSize > len(p) {
		return nil, errors.New("more keys than a page can hold")
	}
	return p[at : at+elementSize], nil
}

// bytes returns what element i has at pos, counted from itself.
func (p page) bytes(i int, pos uint32, sizes ...uint32) ([]byte, error) {
	from := uint64(pageHeader+i*elementSize) + uint64(pos)
	to := from
	for _, size := range sizes {
		to += uint64(size)
	}
	if to > uint64(len(p)) {
		return nil, errors.New("a key or value that reaches out of its page")
	}
	return p[from:to], nil
}
