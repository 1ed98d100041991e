package outbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Server is the far side, in memory: an http.Handler that speaks the protocol
// of this package. The zero value is empty. It is safe for concurrent use.
type Server struct {
	mu     sync.Mutex
	last   int
	held   []document
	aside  []document
	frozen bool
	gets   int
}

type document struct {
	item
	body []byte
}

// Add puts a document into the outbox.
func (s *Server) Add(name string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	it := item{ID: strconv.Itoa(s.last), Name: name, Size: int64(len(body)), Time: time.Unix(int64(s.last), 0)}
	s.held = append(s.held, document{it, slices.Clone(body)})
}

// Waiting returns the names of the documents that were not taken, and Rejected
// those of the ones that a person has to look at.
func (s *Server) Waiting() []string  { return s.names(&s.held) }
func (s *Server) Rejected() []string { return s.names(&s.aside) }

func (s *Server) names(docs *[]document) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, d := range *docs {
		names = append(names, d.Name)
	}
	return names
}

// Freeze lets documents be read but not settled, or undoes that.
func (s *Server) Freeze(frozen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = frozen
}

// Downloads returns how many documents were downloaded so far.
func (s *Server) Downloads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gets
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		items := []item{}
		for _, d := range s.held {
			items = append(items, d.item)
		}
		json.NewEncoder(w).Encode(items)
	})
	mux.HandleFunc("GET /{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		i := s.find(r)
		var body []byte
		if i >= 0 {
			s.gets++
			body = s.held[i].body
		}
		s.mu.Unlock()
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		w.Write(body)
	})
	mux.HandleFunc("DELETE /{id}", func(w http.ResponseWriter, r *http.Request) { s.remove(w, r, false) })
	mux.HandleFunc("POST /{id}/reject", func(w http.ResponseWriter, r *http.Request) { s.remove(w, r, true) })
	mux.ServeHTTP(w, r)
}

func (s *Server) find(r *http.Request) int {
	return slices.IndexFunc(s.held, func(d document) bool { return d.ID == r.PathValue("id") })
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request, aside bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(r)
	switch {
	case s.frozen:
		http.Error(w, "frozen", http.StatusServiceUnavailable)
		return
	case i < 0: // removed before: asking again is no fault
		return
	case aside:
		s.aside = append(s.aside, s.held[i])
	}
	s.held = slices.Delete(s.held, i, i+1)
}
