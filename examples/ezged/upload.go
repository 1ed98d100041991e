package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// An Upload is a Sink that hands documents to COLD jobs by EzGED's web service:
// each is uploaded in mode "cold" into the waiting directory that is named as
// the parcel's Job.
//
// It keeps each document at least once, not exactly once: the service has no
// place for the parcel's ID, so a document whose answer got lost, or one of a
// parcel whose later documents failed, is uploaded again. The ledger sees to it
// that this happens after failures alone.
type Upload struct {
	URL      string // up to and with "/data/"
	User     string
	Password launcher.Secret
	Client   *http.Client // nil: http.DefaultClient

	mu      sync.Mutex
	session string
	used    time.Time
}

// A session of EzGED ends after 60 seconds in which it was not used.
const sessionLife = 45 * time.Second

// errSession is what EzGED answers with when a session has ended.
var errSession = errors.New("the session has ended")

// Store uploads the documents one after the other.
func (u *Upload) Store(ctx context.Context, p *launcher.Parcel) error {
	if p.Job == "" {
		return launcher.Halt(errors.New("ezged: a route without a job: no waiting directory to upload to"))
	}
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if err := u.document(ctx, p.Job, d); err != nil {
			return fmt.Errorf("ezged: upload %q: %w", d.Name, err)
		}
	}
	return nil
}

// document uploads one, once more with a new session if that has ended.
func (u *Upload) document(ctx context.Context, job string, d *launcher.Document) error {
	session, err := u.login(ctx, "")
	if err != nil {
		return err
	}
	err = u.send(ctx, session, job, d)
	if !errors.Is(err, errSession) {
		return err
	}
	if session, err = u.login(ctx, session); err != nil {
		return err
	}
	return u.send(ctx, session, job, d)
}

// login returns a session other than the one that has ended.
func (u *Upload) login(ctx context.Context, ended string) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.session != "" && u.session != ended && time.Since(u.used) < sessionLife {
		u.used = time.Now()
		return u.session, nil
	}
	password, err := u.Password(ctx)
	if err != nil {
		return "", launcher.Halt(err)
	}
	sum := md5.Sum([]byte(password)) // as the service asks for it
	form := url.Values{"login": {u.User}, "password": {hex.EncodeToString(sum[:])}}
	var answer struct {
		SessionID string `json:"sessionid"`
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.address("service.php", url.Values{"service": {"sec/authenticate"}}), strings.NewReader(form.Encode()))
	if err != nil {
		return "", launcher.Halt(u.plain(err))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := u.ask(req, &answer); err != nil {
		return "", launcher.Halt(fmt.Errorf("log in as %q: %w", u.User, err))
	}
	if answer.SessionID == "" {
		return "", launcher.Halt(fmt.Errorf("log in as %q: refused", u.User))
	}
	u.session, u.used = answer.SessionID, time.Now()
	return u.session, nil
}

// send uploads a document without keeping it in memory.
func (u *Upload) send(ctx context.Context, session, job string, d *launcher.Document) error {
	ctx, cancel := context.WithTimeout(ctx, patience(d.Size))
	defer cancel()
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	source := &remembering{from: r}
	body, w := io.Pipe()
	form := multipart.NewWriter(w)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.CloseWithError(write(form, d.Name, source))
	}()
	var answer struct {
		Success bool   `json:"success"`
		Message string `json:"message"`
	}
	query := url.Values{"mode": {"cold"}, "waitdir": {job}, "name": {d.Name}, "sessionid": {session}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.address("pupload.php", query), body)
	if err == nil {
		req.Header.Set("Content-Type", form.FormDataContentType())
		err = u.ask(req, &answer)
	}
	body.Close()
	<-ended
	switch {
	case source.failed != nil:
		return source.failed // with its mark: EzGED is not to blame
	case err != nil:
		return err
	case !answer.Success:
		return fmt.Errorf("EzGED did not take it: %q", answer.Message)
	}
	return nil
}

// patience is how long the upload of a document may take: at 50 kB/s.
func patience(size int64) time.Duration {
	if size < 0 {
		return time.Hour
	}
	return 2*time.Minute + time.Duration(size/50_000)*time.Second
}

func write(form *multipart.Writer, name string, r io.Reader) error {
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, r); err != nil {
		return err
	}
	return form.Close()
}

// remembering keeps the error that reading ended with.
type remembering struct {
	from   io.Reader
	failed error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}

// ask sends a request and reads the answer. What no document is to blame for is
// marked with Halt.
func (u *Upload) ask(req *http.Request, answer any) error {
	client := u.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return launcher.Halt(u.plain(err))
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return errSession
	case res.StatusCode == http.StatusRequestEntityTooLarge:
		return launcher.Reject(errors.New("too large for EzGED"))
	case res.StatusCode != http.StatusOK:
		return launcher.Halt(fmt.Errorf("EzGED answers %q", res.Status))
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(answer); err != nil {
		return launcher.Halt(fmt.Errorf("EzGED's answer is no JSON: %w", err))
	}
	return nil
}

// plain returns an error of net/http without the address, which has the session
// in it.
func (u *Upload) plain(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func (u *Upload) address(script string, query url.Values) string {
	return strings.TrimSuffix(u.URL, "/") + "/" + script + "?" + query.Encode()
}
