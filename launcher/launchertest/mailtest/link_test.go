package mailtest_test

import (
	"bytes"
	"compress/flate"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// echo listens for connections and sends back what comes.
func echo(t *testing.T) (addr string) {
	return mailtest.Script(t, func(c *mailtest.Talk) {
		io.Copy(c.Conn, c)
		c.Conn.(*net.TCPConn).CloseWrite()
	})
}

// over sends data to addr and returns what comes back, and after how long.
func over(t *testing.T, addr string, data []byte) (got []byte, took time.Duration) {
	t.Helper()
	begun := time.Now()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		c.Write(data)
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err = io.ReadAll(c)
	if err != nil {
		t.Error(err)
	}
	return got, time.Since(begun)
}

func TestLink(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 20_000)
	for _, test := range []struct {
		name  string
		link  *mailtest.Link
		least time.Duration
	}{
		{"long", &mailtest.Link{RoundTrip: 40 * time.Millisecond}, 40 * time.Millisecond},
		{"narrow", &mailtest.Link{Rate: 4e6}, 50 * time.Millisecond},
		{"both", &mailtest.Link{RoundTrip: 40 * time.Millisecond, Rate: 4e6}, 90 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, took := over(t, test.link.Start(t, echo(t)), data)
			if !bytes.Equal(got, data) {
				t.Errorf("%d bytes came back, want the %d that were sent", len(got), len(data))
			}
			if took < test.least {
				t.Errorf("took %v, want at least %v", took, test.least)
			}
			if sent, heard := test.link.Bytes(); sent != int64(len(data)) || heard != sent {
				t.Errorf("counted %d and %d bytes, want %d", sent, heard, len(data))
			}
		})
	}
}

func TestLinkPassesOnTheEnd(t *testing.T) {
	link := &mailtest.Link{RoundTrip: time.Millisecond}
	addr := link.Start(t, mailtest.Script(t, func(c *mailtest.Talk) { c.Say("bye") }))
	got, _ := over(t, addr, nil)
	if string(got) != "bye\r\n" {
		t.Errorf("got %q, want what the server said before it closed the connection", got)
	}
}

// TestCorpus: it is what its comment says.
func TestCorpus(t *testing.T) {
	const n = 200
	var size, attachments, attached int
	var packed counter
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	for m := range mailtest.Corpus(n) {
		size += len(m)
		w.Write(m)
		a, b := takeApart(t, m)
		attachments, attached = attachments+a, attached+b
	}
	w.Close()
	t.Logf("%.1f MB, %d attachments of %.1f MB, compressed to %.2f", float64(size)/1e6, attachments, float64(attached)/1e6, float64(packed)/float64(size))
	if size < 25e6 || size > 35e6 || attachments != n*23/20 {
		t.Errorf("%d mails take %d bytes and carry %d attachments, want some 30 MB and %d", n, size, attachments, n*23/20)
	}
	if r := float64(packed) / float64(size); r < 0.45 || r > 0.55 {
		t.Errorf("compressed to %.2f of its size, want about half", r)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// takeApart returns how many attachments a mail has, and of how many bytes in
// base64.
func takeApart(t *testing.T, m []byte) (attachments, size int) {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return attachments, size
		}
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, p)
		if err != nil {
			t.Fatal(err)
		}
		if p.FileName() != "" {
			attachments++
			size += int(n)
		}
	}
}
