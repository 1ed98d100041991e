package mail_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/mail"
)

const forwarded = `Subject: outer
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: application/pdf; name=a.pdf

%PDF-a
--b
Content-Type: message/rfc822

Subject: inner
Content-Type: application/pdf; name=b.pdf

%PDF-b
--b--
`

// Each mail reaches the Sink as a parcel of its own, with its own metadata and
// an ID that stays; the origin lets go of all of them together.
func TestEachMailIsAParcelOfItsOwn(t *testing.T) {
	origin := new(launchertest.Script)
	origin.Add("1", launchertest.File("1.eml", forwarded))
	refuse := true
	var stored []string
	ids := map[string]string{} // by subject
	l := &launcher.Launcher{
		Name:    "mail",
		Source:  &mail.Source{From: origin},
		Observe: func(context.Context, launcher.Event) {},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			subject := p.Meta[mail.MetaSubject]
			if id, ok := ids[subject]; ok && id != p.ID {
				t.Errorf("%s came as %s and as %s, want one ID", subject, id, p.ID)
			}
			ids[subject] = p.ID
			if subject == "inner" && refuse {
				return launcher.Later(io.EOF)
			}
			for _, d := range docs {
				stored = append(stored, subject+" "+d.Name)
			}
			return nil
		}),
	}
	for range 2 {
		if len(origin.Taken()) > 0 {
			t.Errorf("after %v was stored the mail was let go of, want it kept", stored)
		}
		l.Poll(t.Context())
		refuse = false
	}
	if want := []string{"outer a.pdf", "inner b.pdf"}; !slices.Equal(stored, want) || len(ids) != 2 {
		t.Errorf("stored %q under %v, want %q, each once and apart", stored, ids, want)
	}
	if got := origin.Taken(); len(got) != 1 {
		t.Errorf("let go of %v, want the mail", got)
	}
}

// seeds are what the fuzzer begins with, and what cost is measured by.
var seeds = []string{
	message,
	forwarded,
	"Subject: s\n\nbegin 644 a\n%:&5L;&\\\nend\n",
	"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x01\x00",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/digest; boundary=c\n\n--c\n\nA: b\n\nx\n--b\n\ny\n--b--\n",
	"From x\n\nContent-Type: multipart/mixed\n\n--x\nno header\n--x--\n--x\n\ny",
	"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nA: b\r\n\r\nx",
	"Content-Type: text/plain; name=a\nContent-Transfer-Encoding: base64\n\naGVsbG8=\nx y\nAAAA",
	"Content-Type: text/plain; name=a\nContent-Transfer-Encoding: quoted-printable\n\na=3D \r\nb=\n=",
	"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=cid:a>\n--b\nContent-Type: image/png\nContent-ID: <a>\n\nx\n",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\njunk\n", "From: a <b@c>, ", "=?utf-8?q?=41?= ", "a: (b\n", "-\n", "--\n", "-", "= ", "\r\n", "cid:",
}

func FuzzSource(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, raw []byte, all bool) {
		origin := new(launchertest.Script)
		d := launchertest.File("m.eml", "")
		d.Size = int64(len(raw))
		d.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
		origin.Add("1", d)
		s := &mail.Source{From: origin, Body: all, Raw: all}
		err := s.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			keys := map[string]bool{}
			for _, d := range docs {
				if err := check(ctx, d); err != nil {
					t.Error(err)
				}
				keys[d.Unit.Key] = true
			}
			if all && len(keys) == 0 {
				t.Error("not even the mail itself was handed over")
			}
			return nil
		}))
		if err != nil {
			t.Errorf("a mail was not taken apart: %v", err)
		}
	})
}

// check returns what is wrong with a document.
func check(ctx context.Context, d *launcher.Document) error {
	if launcher.CleanName(d.Name) != d.Name {
		return fmt.Errorf("the name %q is not clean", d.Name)
	}
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err != nil || n != d.Size {
		return fmt.Errorf("%q yields %d bytes, %v; Size says %d", d.Name, n, err, d.Size)
	}
	return nil
}
