package main

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A standin takes the place of EzGED in the demonstration and the tests: the
// calls that Upload makes, and no others.
type standin struct {
	dir      string // of the instance: it has the waiting directories in ocr/wait
	user     string
	password string // MD5 of it, hexadecimal

	mu      sync.Mutex
	session string
	logins  int
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/data/service.php" && r.URL.Query().Get("service") == "sec/authenticate":
		s.authenticate(w, r)
	case r.URL.Path == "/data/pupload.php":
		s.upload(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *standin) authenticate(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := ""
	if r.PostFormValue("login") == s.user && r.PostFormValue("password") == s.password {
		session = rand.Text()
		s.session = session
		s.logins++
	}
	json.NewEncoder(w).Encode(map[string]string{"sessionid": session})
}

// expire ends the session.
func (s *standin) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = ""
}

func (s *standin) upload(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	known := s.session != "" && q.Get("sessionid") == s.session
	s.mu.Unlock()
	if !known {
		http.Error(w, "no session", http.StatusUnauthorized)
		return
	}
	path, err := s.keep(r, q.Get("waitdir"), q.Get("name"))
	if err != nil {
		json.NewEncoder(w).Encode(map[string]any{"success": false, "message": err.Error()})
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"success": true, "filePath": path})
}

func (s *standin) keep(r *http.Request, job, name string) (path string, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return "", err
	}
	part, err := parts.NextPart()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(s.dir, "ocr", "wait", launcher.CleanName(job))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "*-"+launcher.CleanName(name))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, part)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
