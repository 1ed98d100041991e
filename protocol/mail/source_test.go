package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

const oneFile = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--b--\n"

func doc(name, mediaType, body string) *launcher.Document {
	return &launcher.Document{Name: name, MediaType: mediaType, Size: int64(len(body)), Open: inMemory([]byte(body))}
}

func names(docs []*launcher.Document) string {
	var s []string
	for _, d := range docs {
		s = append(s, d.Name)
	}
	return strings.Join(s, " ")
}

func TestOneParcelPerParcel(t *testing.T) {
	var asked []string
	origin := sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
		for _, id := range []string{"1", "2", "3"} {
			err := sink.Store(ctx, &launcher.Parcel{
				ID: id, Origin: "INBOX uid " + id, Time: time.Unix(1, 0), Meta: map[string]string{"imap.uid": id},
				Documents: func(context.Context) ([]*launcher.Document, error) {
					asked = append(asked, id)
					return []*launcher.Document{doc("m", "message/rfc822", oneFile)}, nil
				},
			})
			if err != nil {
				t.Errorf("parcel %s: Store returned %v to the origin, want nil", id, err)
			}
		}
		return nil
	})
	var seen []string
	err := (&Source{From: origin}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		if len(asked) > 0 && asked[len(asked)-1] == p.ID {
			t.Errorf("parcel %s: documents were asked for before Store asked", p.ID)
		}
		seen = append(seen, p.ID)
		if p.Origin != "INBOX uid "+p.ID || !p.Time.Equal(time.Unix(1, 0)) || p.Meta["imap.uid"] != p.ID {
			t.Errorf("parcel %s became %+v, want all but its documents as it was", p.ID, p)
		}
		if p.ID == "2" {
			return nil // known already
		}
		docs, err := p.Documents(ctx)
		if err != nil || names(docs) != "a.pdf" {
			t.Errorf("parcel %s: documents %s, %v; want a.pdf", p.ID, names(docs), err)
		}
		return nil
	}))
	if err != nil || strings.Join(seen, " ") != "1 2 3" {
		t.Errorf("offered %v, %v; want each parcel once and in order", seen, err)
	}
	if strings.Join(asked, " ") != "1 3" {
		t.Errorf("asked for the documents of %v, want those of 1 and 3 alone", asked)
	}
}

func TestOutcomesPassThrough(t *testing.T) {
	plain := errors.New("plain")
	for _, want := range []error{nil, plain, launcher.Reject(plain), launcher.Halt(plain), launcher.Later(plain)} {
		var got error
		origin := sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
			got = sink.Store(ctx, &launcher.Parcel{ID: "1", Documents: func(context.Context) ([]*launcher.Document, error) { return nil, want }})
			return launcher.ErrMore
		})
		err := (&Source{From: origin}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			_, err := p.Documents(ctx)
			return err
		}))
		if got != want {
			t.Errorf("documents failed with %v: the origin saw %v, want the same error", want, got)
		}
		if err != launcher.ErrMore {
			t.Errorf("the origin's Poll returned ErrMore: Poll returned %v", err)
		}
	}
}

func TestErrorsOfReadersPassThrough(t *testing.T) {
	lost := launcher.Halt(errors.New("connection lost"))
	tests := []struct {
		name string
		open func(context.Context) (io.ReadCloser, error)
	}{
		{"open", func(context.Context) (io.ReadCloser, error) { return nil, lost }},
		{"read", func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("Subject: s\n"), failing{lost})), nil
		}},
		{"read in place", func(context.Context) (io.ReadCloser, error) { return failing{lost}, nil }},
	}
	for _, tt := range tests {
		d := &launcher.Document{Name: "a.eml", Size: 100, Open: tt.open}
		err := (&Source{From: offer(d)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			_, err := p.Documents(ctx)
			return err
		}))
		if !errors.Is(err, lost) || launcher.OutcomeOf(err) != launcher.Stop {
			t.Errorf("%s failed with Halt: %v with outcome %v, want the same error and mark", tt.name, err, launcher.OutcomeOf(err))
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)          { return 0, f.err }
func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
func (failing) Close() error                        { return nil }

func TestOthersPassThrough(t *testing.T) {
	pdf := doc("a.pdf", "application/pdf", "%PDF")
	docs := []*launcher.Document{pdf, doc("b.EML", "", oneFile), doc("c", "Message/RFC822; charset=x", oneFile), doc("eml", "text/plain", oneFile)}
	err := (&Source{From: offer(docs...)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		got, err := p.Documents(ctx)
		if err != nil || names(got) != "a.pdf a.pdf a.pdf eml" {
			t.Fatalf("documents %s, %v; want messages taken apart, by type and by name", names(got), err)
		}
		if got[0] != pdf || got[3] != docs[3] {
			t.Error("a document that is no message must be passed on as it is")
		}
		if got[1].Unit == nil || got[2].Unit == nil || got[1].Unit.Key == got[2].Unit.Key {
			t.Errorf("two mails in one parcel have the units %v and %v, want distinct ones", got[1].Unit, got[2].Unit)
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

func TestUnitOfTheOriginIsKept(t *testing.T) {
	d := doc("b.eml", "", oneFile)
	d.Unit = &launcher.Unit{Key: "act 1", Meta: map[string]string{"actes.number": "7"}}
	d.Dir, d.Time, d.Meta = "2026/05", time.Unix(5, 0), map[string]string{"dir.path": "x", launcher.MetaName: "b?.eml"}
	err := (&Source{From: offer(d)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		got, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		u := got[0].Unit
		if !strings.HasPrefix(u.Key, "act 1/") || u.Meta["actes.number"] != "7" || u.Meta[MetaSubject] != "s" {
			t.Errorf("unit %+v, want that of the origin and the mail's", u)
		}
		if got[0].Dir != "2026/05" || !got[0].Time.Equal(time.Unix(5, 0)) || got[0].Meta["dir.path"] != "x" {
			t.Errorf("document %+v, want folder, time and metadata of the message it came in", got[0])
		}
		if _, ok := got[0].Meta[launcher.MetaName]; ok {
			t.Error("the name that the message had is not that of an attachment")
		}
		if d.Unit.Meta[MetaSubject] != "" || len(d.Meta) != 2 {
			t.Error("the metadata of the origin must not be modified")
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

func TestDocumentsOpenOftenAndAtOnce(t *testing.T) {
	for _, size := range []int64{int64(len(oneFile)), -1} {
		d := doc("a.eml", "", oneFile)
		d.Size = size
		if size < 0 {
			d.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(oneFile)), nil }
		}
		var kept *launcher.Document
		err := (&Source{From: offer(d)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			kept = docs[0]
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if got := read(t, kept); string(got) != "%PDF" {
						t.Errorf("one of many readers got %q", got)
					}
				})
			}
			wg.Wait()
			return nil
		}))
		if err != nil {
			t.Error(err)
		}
		if size >= 0 {
			continue
		}
		r, err := kept.Open(t.Context())
		if err == nil {
			_, err = r.Read(make([]byte, 9))
		}
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("a spooled document read after Store: %v, want an error that wraps os.ErrClosed", err)
		}
	}
}

func TestReadersAreClosed(t *testing.T) {
	var open int
	d := doc("a.eml", "", oneFile)
	d.Open = func(context.Context) (io.ReadCloser, error) {
		open++
		return counted{memory{bytes.NewReader([]byte(oneFile))}, &open}, nil
	}
	for _, end := range []func() error{func() error { return nil }, func() error { return errors.New("sink") }, func() error { panic("sink") }} {
		func() {
			defer func() { recover() }()
			(&Source{From: offer(d)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				if _, err := p.Documents(ctx); err != nil {
					t.Error(err)
				}
				if open != 1 {
					t.Errorf("while the parcel is stored %d readers are open, want 1", open)
				}
				return end()
			}))
		}()
		if open != 0 {
			t.Errorf("after Store %d readers are open, want none", open)
		}
	}
}

type counted struct {
	memory
	open *int
}

func (c counted) Close() error {
	*c.open--
	return nil
}

func TestSizeOfTheOriginIsChecked(t *testing.T) {
	for _, size := range []int64{int64(len(oneFile)) - 1, int64(len(oneFile)) + 1} {
		for _, at := range []bool{true, false} {
			d := doc("a.eml", "", oneFile)
			d.Size = size
			if !at {
				d.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(oneFile)), nil }
			}
			err := (&Source{From: offer(d)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				_, err := p.Documents(ctx)
				return err
			}))
			if err == nil || launcher.OutcomeOf(err) != launcher.Left {
				t.Errorf("%d bytes that claim to be %d (io.ReaderAt %v): %v, want an unmarked error", len(oneFile), size, at, err)
			}
		}
	}
}

func TestSetUpIsVerified(t *testing.T) {
	s := &Source{Headers: []string{"X-Ok", "no colon:", ""}, Limits: Limits{Depth: -1, Time: -1}}
	err := s.Poll(t.Context(), nil)
	if err == nil {
		t.Fatal("a set-up with five faults passed")
	}
	for _, fault := range []string{"From", `"no colon:"`, `""`, "Depth", "Time"} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("the faults are %v, want also the one about %s", err, fault)
		}
	}
}

// No read begins once the time is over: a nanosecond before, the last one does.
func TestTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := []byte(oneFile + strings.Repeat("x\n", 400<<10))
		take := func(limit time.Duration) (found string, reads int) {
			d := doc("a.eml", "", string(raw))
			d.Open = func(context.Context) (io.ReadCloser, error) { return slow{memory{bytes.NewReader(raw)}, &reads}, nil }
			s := &Source{From: offer(d), Limits: Limits{Time: limit}}
			err := s.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				docs, err := p.Documents(ctx)
				found = names(docs)
				return err
			}))
			if err != nil {
				t.Errorf("with %v: %v", limit, err)
			}
			return found, reads
		}
		got, reads := take(0)
		if got != "a.pdf" || reads < 10 {
			t.Fatalf("%s in %d reads, want a.pdf in more", got, reads)
		}
		last := time.Duration(reads-2) * time.Second // the first is before the time begins to run
		for limit, want := range map[time.Duration]string{last + 1: "a.pdf", last - 1: "a.eml"} {
			if got, _ := take(limit); got != want {
				t.Errorf("with %v for %d reads of 1 s: %s; want %s", limit, reads, got, want)
			}
		}
	})
}

// slow takes a second for each read.
type slow struct {
	memory
	reads *int
}

func (s slow) ReadAt(p []byte, off int64) (int, error) {
	*s.reads++
	time.Sleep(time.Second)
	return s.memory.ReadAt(p, off)
}

func TestCancelIsNoLimit(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutdown")
	err := (&Source{From: offer(doc("a.eml", "", oneFile))}).Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		cancel(why)
		docs, err := p.Documents(ctx)
		if len(docs) > 0 {
			t.Errorf("after a shutdown there are documents: %s", names(docs))
		}
		return err
	}))
	if !errors.Is(err, why) {
		t.Errorf("after a shutdown: %v, want its cause", err)
	}
}

// What a document was read with serves others: a reader that was closed must
// not get at theirs.
func TestReadAfterClose(t *testing.T) {
	const encoded = "Content-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Disposition: attachment; filename=a\nContent-Transfer-Encoding: base64\n\nQUFBQUFB\n" +
		"--b\nContent-Disposition: attachment; filename=b\nContent-Transfer-Encoding: base64\n\nQkJCQkJC\n--b--\n"
	err := (&Source{From: offer(doc("a.eml", "", encoded))}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil || len(docs) != 2 {
			t.Fatalf("%s, %v", names(docs), err)
		}
		first, err := docs[0].Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		one := make([]byte, 1)
		if _, err := first.Read(one); err != nil || one[0] != 'A' {
			t.Errorf("%q, %v", one, err)
		}
		if err := errors.Join(first.Close(), first.Close()); err != nil {
			t.Errorf("Close, also when called again: %v", err)
		}
		second, err := docs[1].Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		if n, err := first.Read(one); n != 0 || !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read after Close: %d bytes, %v, want an error that wraps os.ErrClosed", n, err)
		}
		if got, err := io.ReadAll(second); string(got) != "BBBBBB" || err != nil {
			t.Errorf("beside a reader that was closed: %q, %v", got, err)
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

// A Sink that does not wait for what it began leaves nothing open.
func TestDocumentsAfterStore(t *testing.T) {
	open := 0
	d := doc("a.eml", "", oneFile)
	d.Open = func(context.Context) (io.ReadCloser, error) {
		open++
		return counted{memory{bytes.NewReader([]byte(oneFile))}, &open}, nil
	}
	var kept func(context.Context) ([]*launcher.Document, error)
	err := (&Source{From: offer(d)}).Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		kept = p.Documents
		_, err := kept(ctx)
		return err
	}))
	if err != nil || open != 0 {
		t.Fatalf("Poll: %v, %d readers are open", err, open)
	}
	if docs, err := kept(t.Context()); err == nil || open != 0 {
		t.Errorf("after Store: %s, %v, %d readers are open; want an error, and none", names(docs), err, open)
	}
}
