package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func samples(t testing.TB) corpus {
	root := launchertest.Samples(t)
	c, err := readCorpus(filepath.Join(root, "mail"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Ours finds more than any other, and nothing ends in an error or a panic.
func TestScore(t *testing.T) {
	c := samples(t)
	best := c.rate(parsers[0])
	t.Logf("%+v", best)
	if best.failed > 0 || best.panics > 0 {
		t.Errorf("%s: %d mails ended in an error, %d in a panic, want none", best.name, best.failed, best.panics)
	}
	for _, p := range parsers[1:] {
		s := c.rate(p)
		t.Logf("%+v", s)
		if s.found >= best.found || s.sure >= best.sure {
			t.Errorf("%s finds %d of %d, %d beyond doubt; %s finds %d, %d: want more", s.name, s.found, s.of, s.sure, best.name, best.found, best.sure)
		}
	}
}

// BenchmarkSamples takes mails of the corpus apart and reads what is in them:
// those that all parsers take apart as expected, for it is no merit to be quick
// in giving up. Bytes are those of the mails.
func BenchmarkSamples(b *testing.B) {
	c := samples(b)
	var mails [][]byte
	var size int64
	for name, raw := range c.mails {
		if !slices.ContainsFunc(parsers, func(p parser) bool { return !c.isRight(p, name) }) {
			mails = append(mails, raw)
			size += int64(len(raw))
		}
	}
	for _, p := range parsers {
		b.Run(p.name, func(b *testing.B) {
			measure(b, size, func() error { return p.parse(mails, discard) })
			b.ReportMetric(float64(len(mails)), "mails")
		})
	}
}

// isRight reports whether a parser finds all that is expected in a mail, and
// no error.
func (c corpus) isRight(p parser, name string) bool {
	one := corpus{map[string][]byte{name: c.mails[name]}, c.expected}
	s := one.rate(p)
	return s.found == s.of && s.failed == 0
}

// BenchmarkAttachment takes one mail apart with one attachment in base64, and
// reads it. Bytes are those of the mail.
func BenchmarkAttachment(b *testing.B) {
	for _, mb := range []int{1, 25} {
		raw := bigMail(mb << 20)
		for _, p := range parsers {
			b.Run(fmt.Sprintf("%dMiB/%s", mb, p.name), func(b *testing.B) {
				measure(b, int64(len(raw)), func() error { return p.parse([][]byte{raw}, discard) })
			})
		}
	}
}

// measure runs fn, and reports also the time of the processor that it takes:
// unlike the time that passes, it depends little on what else is running.
func measure(b *testing.B, size int64, fn func() error) {
	b.SetBytes(size)
	b.ReportAllocs()
	begun := processorTime()
	for b.Loop() {
		if err := fn(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(processorTime()-begun).Seconds(), "MB/cpu-s")
}

func discard(_ string, body io.Reader) error {
	_, err := io.Copy(io.Discard, body)
	return err
}

func bigMail(size int) []byte {
	var b bytes.Buffer
	b.WriteString("Subject: big\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n--b\r\nContent-Type: application/pdf; name=big.pdf\r\n" +
		"Content-Disposition: attachment; filename=big.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := make([]byte, 57)
	for i := range size / len(line) {
		for j := range line {
			line[j] = byte(i * (j + 7))
		}
		b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
	}
	b.WriteString("--b--\r\n")
	return b.Bytes()
}
