package adullact

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dir"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// mailOf returns a mail with attachments.
func mailOf(subject string, attachments []item) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: pastell@example.org\nTo: cold@example.org\nSubject: =?utf-8?b?%s?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee what is attached.\n",
		base64.StdEncoding.EncodeToString([]byte(subject)))
	for _, a := range attachments {
		fmt.Fprintf(&b, "--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''%s\n\n", url.PathEscape(path.Base(a.path)))
		code := base64.StdEncoding.EncodeToString(a.body)
		for line := range slices.Chunk([]byte(code), 76) {
			b.Write(line)
			b.WriteByte('\n')
		}
	}
	b.WriteString("--b--\n")
	return bytes.ReplaceAll(b.Bytes(), []byte("\n"), []byte("\r\n"))
}

// letters returns a mail for each sample, a deposit packed as a zip, and for
// each deposit with metadata one more with its files as they are; and what each
// is to be handed over as, by subject.
func letters(t *testing.T) (mails [][]byte, want map[string][]string) {
	root := samples(t)
	want = make(map[string][]string)
	for _, p := range sampleInputs(t, root) {
		envelopes, err := decodeSample(t, &Decoder{}, root, p)
		if err != nil {
			t.Fatal(err)
		}
		attached := files(t, root, p)
		if len(attached) > 1 || attached[0].path != path.Base(p) {
			if len(envelopes[0].Meta.Entries) > 0 {
				subject := p + " in pieces"
				want[subject] = expect(envelopes)
				mails = append(mails, mailOf(subject, attached))
			}
			var pairs []string
			for _, it := range attached {
				pairs = append(pairs, strings.TrimPrefix(it.path, path.Base(p)+"/"), string(it.body))
			}
			attached = []item{{path: path.Base(p) + ".zip", body: zipOf(t, pairs...)}}
		}
		want[p] = expect(envelopes)
		mails = append(mails, mailOf(p, attached))
	}
	return mails, want
}

// Whatever mailbox the samples come from as attachments, they are the envelopes
// that they are as files.
func TestSamplesByMail(t *testing.T) {
	mails, want := letters(t)
	check := func(t *testing.T, box launcher.Source) {
		t.Helper()
		var mu sync.Mutex // a Source may offer concurrently
		got := make(map[string][]string)
		sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				t.Errorf("%s: %v", p.Origin, err)
				return err
			}
			lines, err := describe(ctx, docs)
			if err != nil {
				t.Errorf("%s: %v", p.Origin, err)
				return launcher.Halt(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[docs[0].Unit.Meta[mail.MetaSubject]] = lines
			return nil
		})
		src := &Source{From: &mail.Source{From: box}, Unknown: true}
		if err := src.Poll(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
		for subject, lines := range want {
			if !slices.Equal(got[subject], lines) {
				t.Errorf("%s was handed over as\n%s\nwant\n%s", subject, strings.Join(got[subject], "\n"), strings.Join(lines, "\n"))
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d mails were handed over, want %d", len(got), len(want))
		}
	}
	t.Run("directory of mails", func(t *testing.T) {
		in := t.TempDir()
		for i, m := range mails {
			if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%03d.eml", i)), m, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		check(t, &dir.Source{Path: in, Parallel: 1})
	})
	t.Run("Dovecot", func(t *testing.T) {
		server := mailtest.Dovecot(t, "alice")
		server.Drop(t, "alice", mails...)
		check(t, &imap.Source{
			Addr: server.IMAPS, TLSConfig: server.TLS, User: "alice", Password: launcher.SecretText(mailtest.Password("alice")),
			Folder: "inbox", ReadOnly: true, Parallel: 1,
		})
	})
}
