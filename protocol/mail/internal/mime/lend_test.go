package mime

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A lending reader has its bytes in memory, in blocks of one size; those of every
// third block have to be read, unless it is whole. What comes back it spoils, and
// it fails the test where something else is done with it while something is lent.
type lending struct {
	t     *testing.T
	raw   string
	block int
	whole bool
	lent  []byte
	lends int
	reads int
	read  int // bytes
}

func (l *lending) Lend(off int64, n int) []byte {
	l.alone("Lend")
	at := int(off)
	if at < 0 || at >= len(l.raw) || n <= 0 || at/l.block%3 == 2 && !l.whole {
		return nil
	}
	end := min(at+n, at/l.block*l.block+l.block, len(l.raw))
	l.lent = slices.Clip([]byte(l.raw[at:end]))
	l.lends++
	return l.lent
}

func (l *lending) Return() {
	if l.lent == nil {
		l.t.Error("Return although nothing is lent")
	}
	for i := range l.lent {
		l.lent[i] = 0xff
	}
	l.lent = nil
}

func (l *lending) ReadAt(p []byte, off int64) (int, error) {
	l.alone("ReadAt")
	l.reads++
	l.read += len(p)
	return strings.NewReader(l.raw).ReadAt(p, off)
}

func (l *lending) alone(call string) {
	l.t.Helper()
	if l.lent != nil {
		l.t.Errorf("%s while %d bytes are lent", call, len(l.lent))
	}
}

// blocks are sizes that have lines end within blocks and run over several.
var blocks = []int{1, 7, 80, 1000, scanSize - 1, scanSize, 3 * scanSize}

// sameLent fails the test unless raw is decoded, measured and parsed in the same
// way where it is lent in blocks as where it is read.
func sameLent(t *testing.T, raw string, limits Limits, blocks ...int) {
	t.Helper()
	all := Range{End: int64(len(raw))}
	var buffers Buffers
	parsed, failed := buffers.Parse(strings.NewReader(raw), all.End, limits)
	for _, block := range blocks {
		l := &lending{t: t, raw: raw, block: block}
		p, err := buffers.Parse(l, all.End, limits)
		l.alone("the end of Parse")
		if got, want := outline(raw, p), outline(raw, parsed); got != want || errors.Is(err, ErrLimit) != errors.Is(failed, ErrLimit) || (err == nil) != (failed == nil) {
			t.Fatalf("%.400q, lent in blocks of %d, parsed as\n%s%v; read it is\n%s%v", raw, block, got, err, want, failed)
		}
		for e := Identity; e <= UUEncoded; e++ {
			r := buffers.NewReader(e, strings.NewReader(raw), all)
			want, _ := io.ReadAll(r)
			s := buffers.NewReader(e, l, all)
			got, err := io.ReadAll(s)
			l.alone("the end of Read")
			if err != nil || !bytes.Equal(got, want) || s.Defects() != r.Defects() {
				t.Fatalf("%.400q, lent in blocks of %d, decoded by %d to %d bytes, %v, with %v; read, to %d with %v", raw, block, e, len(got), err, s.Defects(), len(want), r.Defects())
			}
			m := buffers.NewReader(e, l, all)
			size, err := m.Measure()
			l.alone("the end of Measure")
			if err != nil || size != int64(len(want)) || m.Defects() != r.Defects() {
				t.Fatalf("%.400q, lent in blocks of %d, measured by %d as %d bytes, %v, with %v; read, %d with %v", raw, block, e, size, err, m.Defects(), len(want), r.Defects())
			}
			buffers.GiveBack(r)
			buffers.GiveBack(s)
			buffers.GiveBack(m)
		}
		if len(raw) > 0 && l.lends == 0 {
			t.Fatal("nothing was lent")
		}
	}
}

// What is lent is taken as what is read, wherever its blocks end.
func TestLent(t *testing.T) {
	const mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	line := strings.Repeat("Zm9v", 19) + "\r\n"
	part := "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	tests := map[string]string{
		"nothing":         "",
		"no line end":     "Subject: s",
		"lines":           mixed + part + strings.Repeat(line, 3000) + "Zm8=\r\n" + part + strings.Repeat(line, 10) + "--b--\r\n",
		"one line":        mixed + part + strings.Repeat("Zm9v", 50_000) + "\r\n--b--\r\n",
		"many parts":      mixed + strings.Repeat(part+line, 2000) + "--b--\r\n",
		"long header":     mixed + "--b\r\nX: " + strings.Repeat("x", 3*scanSize) + "\r\nContent-Type: text/html\r\n\r\none\r\n--b--",
		"long lines":      mixed + "--b\n\n" + strings.Repeat(strings.Repeat("x", 2*scanSize)+"\n", 3) + "--b--\n",
		"delimiter split": mixed + "--b\n\n" + strings.Repeat("x", scanSize-3) + "\r\n--b\r\n\r\n" + strings.Repeat("y", scanSize) + "--b--",
		"guessed":         "Content-Type: multipart/mixed\n\n" + strings.Repeat("pre\n", 9000) + "--=_x\n\none\n--=_x--\n",
		"prose":           strings.Repeat("no field\n", 9000) + "\nbody",
		"quoted":          mixed + "--b\n\n" + strings.Repeat("caf=C3=A9 =\r\n", 9000) + "--b--",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			sizes := blocks
			if len(raw) > 100_000 {
				sizes = blocks[2:]
			}
			sameLent(t, raw, generous, sizes...)
		})
	}
}

// The same for what nobody wrote by hand.
func TestLentAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pieces := []string{"--b", "--b--", "--", "\n", "\r\n", "\r", "\n\n", "=", "=\n", "aGVs", strings.Repeat("Zm9v", 19) + "\r\n", "Content-Type: multipart/mixed; boundary=b\n", ": ", " ", "begin 644 a\n", "#9F]O\n", "end\n", strings.Repeat("x", 3000)}
	for range 150 {
		var raw strings.Builder
		for range random.IntN(200) {
			raw.WriteString(pieces[random.IntN(len(pieces))])
		}
		sameLent(t, raw.String(), generous, 1+random.IntN(100), 1+random.IntN(5000), 1+random.IntN(2*scanSize))
	}
}

// What is lent is not read besides, but for the lines that run over its ends.
func TestLentIsNotRead(t *testing.T) {
	body := strings.Repeat(strings.Repeat("Zm9v", 19)+"\r\n", 20_000)
	raw := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + body + "--b--\r\n"
	l := &lending{t: t, raw: raw, block: 1 << 16, whole: true}
	most := (len(raw)/l.block + 1) * border
	var buffers Buffers
	p, err := buffers.Parse(l, int64(len(raw)), generous)
	if err != nil || l.read > most {
		t.Errorf("Parse: %v, %d of %d bytes were read, want %d at most", err, l.read, len(raw), most)
	}
	for _, e := range []Encoding{Base64, QuotedPrintable} {
		l.read = 0
		if _, err := io.Copy(io.Discard, buffers.NewReader(e, l, p.Parts[0].Body)); err != nil || l.read > most {
			t.Errorf("encoding %d: %v, %d of %d bytes were read, want %d at most", e, err, l.read, len(raw), most)
		}
	}
}

// Nothing remains lent where a message exceeds a limit.
func TestNothingIsLentBeyondALimit(t *testing.T) {
	raw := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\none\n", 20)
	limits := generous
	limits.Parts = 10
	l := &lending{t: t, raw: raw, block: scanSize}
	if _, err := new(Buffers).Parse(l, int64(len(raw)), limits); !errors.Is(err, ErrLimit) {
		t.Errorf("%v, want ErrLimit", err)
	}
	l.alone("the end of Parse")
}

// A line that runs over the end of a block, however long, is had with few reads.
func TestLongLineIsReadAtOnce(t *testing.T) {
	for _, size := range []int{decodeSize - 1, scanSize - 1, scanSize + 1} {
		raw := strings.Repeat("x", size) + "\n"
		const most = 8 // it doubles from border on
		l := &lending{t: t, raw: raw, block: size / 2, whole: true}
		p, err := new(Buffers).Parse(l, int64(len(raw)), generous)
		if err != nil || p.All.Size() != int64(len(raw)) || l.reads > most {
			t.Errorf("a line of %d: %v, parsed with %d reads, want %d at most", size, err, l.reads, most)
		}
		l.reads = 0
		n, err := io.Copy(io.Discard, new(Buffers).NewReader(QuotedPrintable, l, Range{End: int64(len(raw))}))
		if err != nil || n != int64(len(raw)) || l.reads > most {
			t.Errorf("a line of %d: %v, decoded to %d with %d reads, want %d at most", size, err, n, l.reads, most)
		}
	}
}

// Parse keeps to the size that it is told, whatever stands behind.
func TestLentSize(t *testing.T) {
	raw := "Subject: s\n\nbodyXXXX--b\nmore"
	const size = 16
	for _, block := range blocks {
		p, err := new(Buffers).Parse(&lending{t: t, raw: raw, block: block}, size, generous)
		if want := (Range{12, size}); err != nil || p.Body != want {
			t.Errorf("of what is lent in blocks of %d: body %v, %v; want %v", block, p.Body, err, want)
		}
	}
}

// A Reader keeps to its range, whatever stands around it.
func TestLentRange(t *testing.T) {
	raw := strings.Repeat(strings.Repeat("Zm9v", 19)+"\r\n", 2000)
	for _, within := range []Range{{0, 10}, {78, 78 * 3}, {4, 78}, {78 * 7, 78*1500 + 12}, {5, 5}} {
		want, err := io.ReadAll(new(Buffers).NewReader(Base64, strings.NewReader(raw[within.Off:within.End]), Range{End: within.Size()}))
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range blocks {
			got, err := io.ReadAll(new(Buffers).NewReader(Base64, &lending{t: t, raw: raw, block: block}, within))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v of what is lent in blocks of %d: %d bytes, %v; want %d", within, block, len(got), err, len(want))
			}
		}
	}
}

// A Reader keeps nothing that is lent while nobody reads.
func TestNothingIsLentBetweenReads(t *testing.T) {
	raw := strings.Repeat(strings.Repeat("Zm9v", 19)+"\r\n", 20_000)
	l := &lending{t: t, raw: raw, block: scanSize}
	r := new(Buffers).NewReader(Base64, l, Range{End: int64(len(raw))})
	var p [1000]byte
	for {
		_, err := r.Read(p[:])
		l.alone("the end of Read")
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What is shorter than its range is told, and what fails.
func TestReaderOfBroken(t *testing.T) {
	for _, e := range []Encoding{Identity, Base64, QuotedPrintable, UUEncoded} {
		r := new(Buffers).NewReader(e, strings.NewReader("Zm9v"), Range{End: 5})
		if got, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("encoding %d, shorter than its range: %q, %v; want io.ErrUnexpectedEOF", e, got, err)
		}
		broken := errors.New("broken")
		if _, err := io.ReadAll(new(Buffers).NewReader(e, brokenReader{broken}, Range{End: 5})); !errors.Is(err, broken) {
			t.Errorf("encoding %d, of a reader that fails: %v, want its error", e, err)
		}
	}
}
