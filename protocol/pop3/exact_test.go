package pop3_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"context"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// smuggled are messages whose text a careless client takes for something else:
// the end of the message, the answer to its next command, or a line that was
// to be cut or doubled. Each ends with CRLF, for POP3 has no other end.
func smuggled() (mails [][]byte) {
	long := strings.Repeat("x", 4096)
	for _, text := range []string{
		long + ".\r\n+OK SMUGGLED\r\n", // a buffer of 4,096 bytes ends before the dot
		strings.Repeat("y", 4095) + "\r\n.\r\n+OK 9 9\r\n",
		"\n.\n+OK 1 1\r\n", // bare LF on either side
		"\n.\r\n-ERR gone\r\n", "\r\n.\n+OK\r\n", "\r.\r\n+OK\r\n", "\r\r\n.\r\r\n", "a\r\n.\r\rb\r\n",
		".\r\n", "..\r\n", "...\r\n.\r\n..\r\n", ".leading dot\r\n..two\r\n", "\r\n\r\n.\r\n\r\n",
		".\n.\n.\r\n", "\r\n\r.\r\n", "\r\n.", "dot at the end.\r\n.\r\n",
		strings.Repeat("z", 200_000) + "\r\n", strings.Repeat(".\r\n", 50_000), strings.Repeat("\r", 5000) + "\r\n",
		strings.Repeat("\n", 5000) + ".\r\n", "8-bit \xe9\xff\x00\x80 and NUL\r\n", "\r\n",
	} {
		if !strings.HasSuffix(text, "\r\n") {
			text += "\r\n"
		}
		mails = append(mails, []byte("Subject: "+time.Duration(len(mails)).String()+"\r\n\r\n"+text))
	}
	for n := range 12 { // ends that fall on the ends of buffers
		mails = append(mails, []byte(strings.Repeat("b", 64<<10-6+n)+"\r\n.\r\n..\r\nend\r\n"))
	}
	return mails
}

// TestSmuggling: whatever a message says, it comes as it is, and no command
// after it gets an answer from it.
func TestSmuggling(t *testing.T) {
	for _, caps := range [][]string{mailtest.ModernPOP3(), nil} {
		mails := smuggled()
		s := &mailtest.POP3Script{Caps: caps}
		s.Fill(mails...)
		s.Start(t)
		source := on(s)
		source.Delete = true
		var got shelf
		poll(t, source, &got)
		if missing := got.lacks(mails); len(missing) > 0 || len(got.ids) != len(mails) {
			t.Errorf("mails %v did not come byte for byte; %d of %d came", missing, len(got.ids), len(mails))
		}
		if conns, _ := s.Conns(); conns != 1 || len(s.Mails()) != 0 {
			t.Errorf("%d connections, and %d mails are left: every answer goes to its own command", conns, len(s.Mails()))
		}
	}
}

// TestSmugglingByHash: the same where messages are read to be told apart.
func TestSmugglingByHash(t *testing.T) {
	mails := smuggled()
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	for _, m := range mails {
		s.Add(&mailtest.Dropped{Body: bytes.NewReader(m), Size: int64(len(m))})
	}
	s.Start(t)
	var got shelf
	poll(t, on(s), &got)
	if missing := got.lacks(mails); len(missing) > 0 {
		t.Errorf("mails %v did not come byte for byte", missing)
	}
}

// samples returns the sample mails with the line ends that POP3 has.
func samples(t testing.TB) (names []string, mails [][]byte) {
	t.Helper()
	folder := launchertest.Samples(t)
	files, err := filepath.Glob(filepath.Join(folder, "mail", "eml", "*"))
	if err != nil || len(files) < 300 {
		t.Fatalf("%d sample mails, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		if !bytes.HasSuffix(b, []byte("\r\n")) {
			b = append(b, "\r\n"...)
		}
		names, mails = append(names, filepath.Base(f)), append(mails, b)
	}
	return names, mails
}

// TestSamples: real mails come byte for byte, from a scripted server and from
// Dovecot.
func TestSamples(t *testing.T) {
	names, mails := samples(t)
	check := func(t *testing.T, source launcher.Source) {
		var got shelf
		if err := source.Poll(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		for _, i := range got.lacks(mails) {
			t.Errorf("%s did not come byte for byte", names[i])
		}
		if len(got.ids) != len(mails) {
			t.Errorf("%d mails were offered, want %d", len(got.ids), len(mails))
		}
	}
	t.Run("script", func(t *testing.T) { check(t, on(modern(t, mails...))) })
	t.Run("dovecot", func(t *testing.T) {
		server := mailtest.Dovecot(t)
		server.Drop(t, "alice", mails...)
		check(t, sourceOf(server, "alice"))
	})
}

// TestBigMail: a mail of hundreds of megabytes comes in bounded memory, as many
// lines and as one.
func TestBigMail(t *testing.T) {
	if testing.Short() {
		t.Skip("a big mail")
	}
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	s.Add(&mailtest.Dropped{UID: "big", Body: mailtest.Pattern(bigMail), Size: bigMail})
	s.Start(t)
	want, got := sha256.New(), sha256.New()
	io.Copy(want, io.NewSectionReader(mailtest.Pattern(bigMail), 0, bigMail))
	rise := mailtest.Peak()
	poll(t, on(s), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		r, err := docs[0].Open(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.CopyN(got, r, bigMail) // what the server adds is a line end
		return err
	}))
	most := rise()
	t.Logf("heap rose by %.1f MiB", float64(most)/(1<<20))
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Error("the mail did not come byte for byte")
	}
	if most > 40<<20 {
		t.Errorf("heap rose by %d bytes, want less than 40 MiB", most)
	}
}

// TestManyMails: very many known mails are listed in bounded memory, and none
// of them is downloaded.
func TestManyMails(t *testing.T) {
	if testing.Short() {
		t.Skip("many mails")
	}
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	for _, m := range make([][]byte, manyMails) {
		s.Fill(m)
	}
	s.Start(t)
	held := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	base, most := held(), int64(0)
	var offered atomic.Int64
	poll(t, on(s), launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
		if offered.Add(1) == manyMails/2 {
			most = held() - base
		}
		return nil
	}))
	t.Logf("heap rose by %.1f MiB", float64(most)/(1<<20))
	if offered.Load() != manyMails || s.Count("RETR") != 0 {
		t.Errorf("%d offered and %d downloaded, want %d and none", offered.Load(), s.Count("RETR"), manyMails)
	}
	if most > 60<<20 {
		t.Errorf("heap rose by %d bytes, want less than 60 MiB", most)
	}
}
