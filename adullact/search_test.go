package adullact

import "testing"

// Files of one name are found in turn, each once, however many there are: what has
// been taken is not looked at again.
func TestSearchSameName(t *testing.T) {
	const n = 20_000
	files := make([]*member, n)
	for i := range files {
		files[i] = &member{name: "a.pdf"}
	}
	s := namesOf(files).search()
	for i, want := range files {
		if m, match := s.find("a.pdf"); m != want || match != MatchExact {
			t.Fatalf("file %d is not the one that comes next, or not by its name: %v", i, match)
		}
		if at := s.passed["=a.pdf"]; at != i+1 {
			t.Fatalf("after %d files the next search begins at %d", i+1, at)
		}
	}
	if m, match := s.find("A.pdf"); m != files[0] || match != MatchCase {
		t.Errorf("when all are taken: %v, want the first, by case", match)
	}
}
