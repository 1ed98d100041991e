package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"iter"
	"math/rand/v2"
)

// Corpus yields n mails to measure with, the same in every run: 2,000 of them
// take some 300 MB and carry 2,300 attachments. Six out of seven have about
// 20 KB, the others up to 1.5 MB. Each has a short text and one attachment, or
// two, in base64. Of what is attached two thirds are as good as random,
// as images and compressed streams are, and the rest is text: the whole shrinks
// by half when it is compressed. Every mail is the caller's to keep.
func Corpus(n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rnd := rand.New(rand.NewPCG(1, 2))
		noise := make([]byte, 4<<20)
		rand.NewChaCha8([32]byte{1}).Read(noise)
		for i := range n {
			size := 10<<10 + rnd.IntN(7<<10)
			if i%7 == 6 {
				size = 50<<10 + rnd.IntN(1040<<10)
			}
			parts := 1
			if i%20 < 3 {
				parts = 2
			}
			if !yield(letter(i, size, parts, noise, rnd)) {
				return
			}
		}
	}
}

// letter returns a mail with size bytes attached, in so many parts.
func letter(n, size, parts int, noise []byte, rnd *rand.Rand) []byte {
	const boundary = "=_corpus"
	var b bytes.Buffer
	b.Grow(size*3/2 + 4<<10)
	fmt.Fprintf(&b, "From: sender%d@example.org\r\nTo: cold@example.org\r\nSubject: delivery %d\r\n"+
		"Date: Mon, 02 Mar 2026 10:%02d:%02d +0100\r\nMessage-ID: <corpus.%d@example.org>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=%q\r\n\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
		n%50, n, n/60%60, n%60, n, boundary, boundary)
	for b.Len() < 2<<10 {
		fmt.Fprintf(&b, "Line %d of the text that goes with delivery %d.\r\n", b.Len(), n)
	}
	for part := range parts {
		fmt.Fprintf(&b, "--%s\r\nContent-Type: application/pdf; name=\"d%d-%d.pdf\"\r\n"+
			"Content-Disposition: attachment; filename=\"d%[2]d-%[3]d.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", boundary, n, part)
		attach(&b, size/parts, noise, rnd)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

// attach writes size bytes in base64, in lines of 76 characters.
func attach(b *bytes.Buffer, size int, noise []byte, rnd *rand.Rand) {
	const (
		line  = 57 // bytes in a line
		block = 9 * line
		even  = 6 * line // of these bytes in a block are noise
	)
	body := make([]byte, 0, size+block)
	for i := 0; len(body) < size; i++ {
		at := rnd.IntN(len(noise) - even)
		body = append(body, noise[at:at+even]...)
		for len(body)%block != 0 {
			body = append(body, "0.00 0.00 595.28 841.89 re W n BT /F1 9.00 Tf 1 0 0 1 42.52"[len(body)%line])
		}
	}
	body = body[:size]
	for len(body) > 0 {
		k := min(line, len(body))
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), body[:k]))
		b.WriteString("\r\n")
		body = body[k:]
	}
}
