package imap

import "testing"

// TestChoice: compression is tried where a connection is slow, and kept where it
// helps.
func TestChoice(t *testing.T) {
	const fast, slow = 100 << 20, 5 << 20
	type step struct {
		compressed bool
		rate       float64
		change     bool
	}
	for _, test := range []struct {
		name     string
		steps    []step
		compress bool
	}{
		{"fast", []step{{false, fast, false}, {false, fast, false}}, false},
		{"it helps", []step{{false, slow, true}, {false, slow, true}, {true, 2 * slow, false}, {true, slow / 2, false}, {false, slow, true}}, true},
		{"it does not", []step{{false, slow, true}, {true, slow / 2, true}, {false, slow, false}, {true, fast, true}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c choice
			for i, s := range test.steps {
				if got := c.weigh(s.compressed, s.rate); got != s.change {
					t.Errorf("step %d: a new connection %v, want %v", i, got, s.change)
				}
			}
			if c.compressed() != test.compress {
				t.Errorf("compressed %v, want %v", c.compressed(), test.compress)
			}
		})
	}
}
