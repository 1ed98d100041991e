package adullact

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"strings"
)

// A Decoder opens envelopes. Its zero value works. It is safe for concurrent
// use as long as its fields are left alone.
type Decoder struct {
	// Limits bound what one call may cost.
	Limits Limits

	// Markers are the names of files that tell that a deposit is complete. Nil:
	// fichier_termine.txt and transfert_termine.txt.
	Markers []string

	// MetadataNames are the names, without extension, of files that may hold the
	// metadata of a deposit. Nil: "metadata" and "manifest". A file with another
	// name is metadata if it begins with a <flux> element.
	MetadataNames []string

	// Roles tell the role of the files that a key of the metadata names, before
	// the table that Roles returns: for types made in a studio. A key is also
	// meant when "_" and a number follow it.
	Roles map[string]Role

	// Withheld are the keys of files that are named in metadata although the
	// sender does not deposit them: nobody waits for these, or misses them.
	Withheld []string

	// BankData also keeps account numbers: of third parties, suppliers and
	// holders of contracts. They are left out by default.
	BankData bool

	// Keep stores what can be read in sequence only, and returns it to be read
	// in any place until the envelopes are done with: files of a compressed
	// archive. Nil: each Open of such a file reads its archive from the start.
	Keep func(ctx context.Context, r io.Reader) (at io.ReaderAt, size int64, err error)
}

// Decode opens one file: a transport archive, a zip, an XML message or a PDF.
// name is its name, which is one of the signs that it is recognised by.
//
// It returns at least one envelope, and several where one file holds several
// acts or invoices. A file that is none of these is one envelope of kind
// KindUnknown. r must stay readable as long as files of the envelopes are
// opened.
//
// The error is one of those of this package, or that of r. What is wrong with
// a part, such as an attachment, is a Warning.
func (d *Decoder) Decode(ctx context.Context, name string, r io.ReaderAt, size int64) ([]*Envelope, error) {
	dec := d.begin(ctx)
	m := newMember(name)
	m.at, m.size, m.lasting = r, size, true
	m.open = openAt(r, size)
	if err := dec.look(m, io.NewSectionReader(r, 0, size), true); err != nil {
		return nil, fmt.Errorf("decode %q: %w", name, err)
	}
	out, err := dec.file(m)
	if err != nil {
		return nil, fmt.Errorf("decode %q: %w", name, err)
	}
	return out, nil
}

// DecodeFS opens what is called name in fsys. A folder is a deposit: its files
// and those below; what is not a regular file is left out with a Warning. A file
// is opened as by Decode. It returns at least one envelope; see Decode for the
// rest. Whether a deposit is complete is not asked: see Source.
func (d *Decoder) DecodeFS(ctx context.Context, fsys fs.FS, name string) ([]*Envelope, error) {
	out, err := d.decodeFS(ctx, fsys, name)
	if err != nil {
		return nil, fmt.Errorf("decode %q: %w", name, err)
	}
	return out, nil
}

func (d *Decoder) decodeFS(ctx context.Context, fsys fs.FS, name string) ([]*Envelope, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	dec := d.begin(ctx)
	if !info.IsDir() {
		m := newMember(path.Base(name))
		m.size, m.open = -1, func(context.Context) (io.ReadCloser, error) { return fsys.Open(name) }
		if err := dec.lookOpen(m); err != nil {
			return nil, err
		}
		return dec.file(m)
	}
	members, err := dec.folder(fsys, name)
	if err != nil {
		return nil, err
	}
	return dec.deposit(path.Base(name), LayerFolder, members)
}

// A decoding is one call of Decode or DecodeFS.
type decoding struct {
	*Decoder
	ctx      context.Context
	limits   Limits
	entries  int
	expanded int64
	depth    int // of the containers that are open
	rereads  int // of files that can be read in sequence only
	warnings []Warning
}

func (d *Decoder) begin(ctx context.Context) *decoding {
	return &decoding{Decoder: d, ctx: ctx, limits: d.Limits.effective()}
}

func (dec *decoding) warn(code Code, file, field, format string, args ...any) {
	dec.warnings = append(dec.warnings, Warning{code, file, field, fmt.Sprintf(format, args...)})
}

// An opener returns a new reader of a whole file.
type opener func(ctx context.Context) (io.ReadCloser, error)

func openAt(r io.ReaderAt, size int64) opener {
	return func(context.Context) (io.ReadCloser, error) {
		return section{io.NewSectionReader(r, 0, size)}, nil
	}
}

// A section is a reader that needs no closing. It is also an [io.ReaderAt].
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// A member is a file that was looked at.
type member struct {
	path string // as found, slash-separated
	name string // last element
	size int64
	sum  string // SHA-256, hexadecimal
	open opener
	at   io.ReaderAt // nil: it can be read in sequence only

	lasting bool // at stays readable when the file was looked at
	origin  any  // what the caller knows the file by

	sniffed string
	root    string // local name of the root element of an XML file
	doc     any    // what the file says, in a type of this package; nil: nothing known
	err     error  // why it could not be read as what it seems to be
	notes   []Warning
	inner   []*member // files inside an XML file; members of an archive

	field, mime, form, of string // of a file inside an XML file
	broken                bool
}

func newMember(name string) *member {
	return &member{path: name, name: baseName(name)}
}

func (m *member) note(code Code, field, format string, args ...any) {
	if len(m.notes) == maxNotes {
		return
	}
	m.notes = append(m.notes, Warning{code, m.name, field, fmt.Sprintf(format, args...)})
}

// maxNotes bounds how many warnings one file may give rise to.
const maxNotes = 1000

// look reads a file to its end, once: it hashes it and finds out what it says.
// unpack tells to look into archives. What is wrong with the content is left
// in m; the error is one of reading, or a limit that stops everything.
func (dec *decoding) look(m *member, r io.Reader, unpack bool) error {
	t := &tally{ctx: dec.ctx, r: r, hash: sha256.New()}
	br := bufio.NewReaderSize(t, 4<<10)
	head, err := br.Peek(1 << 10)
	if err != nil && err != io.EOF {
		return err
	}
	m.sniffed = sniff(head)
	m.err = dec.content(m, br, head, unpack)
	if t.err != nil {
		return t.err
	}
	if isFatal(m.err) {
		return m.err
	}
	if _, err := io.Copy(io.Discard, br); err != nil {
		return err
	}
	m.size, m.sum = t.n, hex.EncodeToString(t.hash.Sum(nil))
	if m.err != nil {
		m.doc = nil
		m.note(WarnUnreadable, "", "%v", m.err)
	}
	return nil
}

// isFatal reports whether an error of one file is one of all.
func isFatal(err error) bool {
	var limit *LimitError
	if errors.As(err, &limit) {
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// content finds out what a file says.
func (dec *decoding) content(m *member, r *bufio.Reader, head []byte, unpack bool) error {
	switch m.sniffed {
	case typeXML:
		return dec.readXML(m, r)
	case typeJSON:
		return dec.readJSON(m, r)
	case typePDF:
		return dec.readPDF(m, r)
	case typeGzip:
		if unpack {
			return dec.readTar(m, r, true)
		}
	case typeTar:
		if unpack {
			return dec.readTar(m, r, false)
		}
	case typeZip:
		if unpack {
			return dec.readZip(m, r)
		}
	case typeText:
		return dec.readText(m, r)
	}
	return nil
}

// A tally counts and hashes what is read.
type tally struct {
	ctx  context.Context
	r    io.Reader
	hash hash.Hash
	n    int64
	err  error // of r, unless it is io.EOF
}

func (t *tally) Read(p []byte) (int, error) {
	if t.ctx.Err() != nil {
		t.err = context.Cause(t.ctx)
		return 0, t.err
	}
	n, err := t.r.Read(p)
	t.n += int64(n)
	t.hash.Write(p[:n])
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}

// spend counts bytes that were unpacked.
func (dec *decoding) spend(n int64) error {
	if dec.expanded += n; dec.expanded > dec.limits.Expanded {
		return &LimitError{Limit: "Expanded", Max: dec.limits.Expanded}
	}
	return nil
}

// enter counts one more file of a container.
func (dec *decoding) enter(name string) error {
	if dec.entries++; dec.entries > dec.limits.Entries {
		return fmt.Errorf("%.100q: %w", name, &LimitError{Limit: "Entries", Max: int64(dec.limits.Entries)})
	}
	if len(name) > dec.limits.Name {
		return fmt.Errorf("%.100q: %w", name, &LimitError{Limit: "Name", Max: int64(dec.limits.Name)})
	}
	return nil
}

// Types that sniff tells.
const (
	typeXML     = "application/xml"
	typeJSON    = "application/json"
	typePDF     = "application/pdf"
	typeGzip    = "application/gzip"
	typeTar     = "application/x-tar"
	typeZip     = "application/zip"
	typeText    = "text/plain"
	typeUnknown = "application/octet-stream"
)

// sniff tells the type of a file by its first bytes; "" for an empty one.
func sniff(head []byte) string {
	for _, m := range []struct{ magic, kind string }{
		{"%PDF-", typePDF}, {"\x1f\x8b", typeGzip}, {"PK\x03\x04", typeZip}, {"PK\x05\x06", typeZip},
		{"\x89PNG\r\n\x1a\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"GIF8", "image/gif"},
		{"II*\x00", "image/tiff"}, {"MM\x00*", "image/tiff"}, {"\xd0\xcf\x11\xe0", "application/x-ole-storage"},
		{"{\\rtf", "application/rtf"}, {"\xff\xfe<\x00", typeXML}, {"\xfe\xff\x00<", typeXML}, {"<\x00", typeXML}, {"\x00<", typeXML},
	} {
		if strings.HasPrefix(string(head[:min(len(head), 16)]), m.magic) {
			return m.kind
		}
	}
	if len(head) == 0 {
		return ""
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return typeTar
	}
	text := strings.TrimLeft(strings.TrimPrefix(string(head), "\xef\xbb\xbf"), " \t\r\n")
	switch {
	case strings.HasPrefix(text, "<") && !isHTML(text):
		return typeXML
	case isHTML(text):
		return "text/html"
	case strings.Contains(string(head), "%PDF-"):
		return typePDF
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f\x1b", r) }):
		return typeUnknown
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return typeJSON
	}
	return typeText
}

func isHTML(text string) bool {
	text = strings.ToLower(text[:min(len(text), 16)])
	return strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html")
}
