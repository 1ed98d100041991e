package imap_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A cutting connection ends after so many bytes.
type cutting struct {
	net.Conn
	left int64
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.left <= 0 {
		c.Close()
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// TestBigMail: a mail of hundreds of megabytes comes in bounded memory, over a
// connection that is cut twenty times, and is not begun anew each time.
func TestBigMail(t *testing.T) {
	if testing.Short() {
		t.Skip("a big mail")
	}
	const size = bigMail
	s := &mailtest.IMAPScript{Caps: modern}
	s.Folder("INBOX").Mails = []*mailtest.Mail{{UID: 1, Body: mailtest.Pattern(size), Size: size}}
	s.Start(t)
	want := sha256.New()
	io.Copy(want, io.NewSectionReader(mailtest.Pattern(size), 0, size))
	var read atomic.Int64
	source := scripted(s)
	cuts := 0
	source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		left := int64(size / 20)
		if cuts++; cuts > 20 {
			left = 1 << 40
		}
		return &counting{&cutting{c, left}, &read}, nil
	}
	rise := mailtest.Peak()
	got := sha256.New()
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			t.Error(err)
			return err
		}
		r, err := docs[0].Open(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(got, r)
		return err
	})
	err := source.Poll(t.Context(), sink)
	most := rise()
	t.Logf("heap rose by %.1f MiB, %d connections, %.3f of the size was read", float64(most)/(1<<20), cuts, float64(read.Load())/size)
	if err != nil || string(got.Sum(nil)) != string(want.Sum(nil)) {
		t.Errorf("Poll: %v; the mail came as it is: %v", err, string(got.Sum(nil)) == string(want.Sum(nil)))
	}
	if most > 32<<20 {
		t.Errorf("heap rose by %d bytes, want less than 32 MiB", most)
	}
	if read.Load() > size*11/10 {
		t.Errorf("%d bytes were read, want at most a tenth more than %d", read.Load(), size)
	}
}

type counting struct {
	net.Conn
	n *atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// TestManyMails: very many known mails are listed in bounded memory, and none of
// their bodies is fetched.
func TestManyMails(t *testing.T) {
	if testing.Short() {
		t.Skip("many mails")
	}
	const count = manyMails
	s := &mailtest.IMAPScript{Caps: modern}
	body := strings.NewReader("Subject: x\r\n\r\nx\r\n")
	mails := make([]*mailtest.Mail, count)
	for i := range mails {
		mails[i] = &mailtest.Mail{UID: uint32(2 * i), Body: body, Size: body.Size()}
	}
	s.Folder("INBOX").Mails = mails[1:]
	s.Start(t)
	source := scripted(s)
	source.ReadOnly = true
	rise := mailtest.Peak()
	var offered atomic.Int64
	sink := launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
		offered.Add(1)
		return nil
	})
	begin := time.Now()
	err := source.Poll(t.Context(), sink)
	most := rise()
	t.Logf("heap rose by %.1f MiB in %v", float64(most)/(1<<20), time.Since(begin))
	if err != nil || offered.Load() != count-1 {
		t.Errorf("Poll: %v, %d offered, want %d", err, offered.Load(), count-1)
	}
	if limit := int64(10<<20 + 256*count); most > limit {
		t.Errorf("heap rose by %d bytes, want less than %d", most, limit)
	}
	for _, c := range s.Commands() {
		if strings.Contains(c, "BODY") {
			t.Errorf("client sent %q for mails that are known", c)
		}
	}
}
