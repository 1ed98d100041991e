package launchertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// An Origin is the far side of a Source under test: the place it takes from,
// with hands for [TestSource] to put things there and to look what became of
// them. A test may call t.Fatal in any of these functions.
type Origin struct {
	// Source is the Source under test, with nothing at its origin. Required.
	Source launcher.Source

	// Add puts one item at the origin that becomes one parcel, younger than
	// those before, also where times are coarse. Names are distinct within an
	// origin; body is never empty, and is not retained by the test. Required.
	Add func(t *testing.T, name string, body []byte)

	// Waiting returns the names of the items that are in their place, in any
	// order, as they were added. Required.
	Waiting func(t *testing.T) []string

	// Rejected returns the names of the items that were set aside, in any
	// order. Nil: the Source leaves them in their place.
	Rejected func(t *testing.T) []string

	// Keeps tells that the Source leaves in its place what was taken.
	Keeps bool

	// Name returns the name that a parcel was added under. Nil: the Name of
	// its first document. It is called during Store.
	Name func(p *launcher.Parcel, docs []*launcher.Document) string

	// Body returns the document that yields the body that was added. Nil: the
	// first.
	Body func(docs []*launcher.Document) *launcher.Document

	// Reopen returns a Source on the same origin as a new process would have
	// it. The former one is not used again. Nil: IDs are not compared across
	// restarts.
	Reopen func(t *testing.T) launcher.Source

	// Break puts the origin out of reach, as when a server is down, and Repair
	// undoes it. Nil: OriginDownIsHalt is skipped.
	Break, Repair func(t *testing.T)

	// BreakSettling lets the origin be read but not changed, and
	// RepairSettling undoes it. Nil: SettleFailureKeepsTheParcel is skipped,
	// as it is for an origin with Keeps.
	BreakSettling, RepairSettling func(t *testing.T)

	// Faulty returns a Source with several faults in its set-up, and for each
	// a word that tells of it. Nil: SetUpFaultsJoined is skipped.
	Faulty func(t *testing.T) (src launcher.Source, words []string)

	// Fetched returns how many bodies were read at the origin so far. Nil: that
	// nothing is read in vain is checked only by not asking for documents.
	Fetched func(t *testing.T) int

	// Hostile holds names that an outsider can give to an item here. Nil:
	// HostileNames is skipped. [HostileNames] is a list to choose from.
	Hostile []string

	// Big is the size of the body for BigBodyBounded. 0: 32 MiB; -1: the check
	// is skipped, because the origin holds bodies in the memory of the test.
	Big int
}

// TestSource holds a Source to the contract of [launcher.Source], one subtest
// per rule. Each calls open for an Origin of its own, which may use t.TempDir
// and t.Cleanup.
//
//	func TestSource(t *testing.T) {
//		launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
//			in, out := t.TempDir(), t.TempDir()
//			return &launchertest.Origin{
//				Source:  &dir.Source{Path: in, Done: out},
//				Add:     func(t *testing.T, name string, body []byte) { … },
//				Waiting: func(t *testing.T) []string { return namesIn(t, in) },
//			}
//		})
//	}
//
// What an origin cannot do is left nil, and the rules that need it are skipped.
// How a Source behaves when a connection breaks half-way, or a process dies
// while it settles, is for its own tests.
func TestSource(t *testing.T, open func(t *testing.T) *Origin) {
	for _, r := range sourceRules() {
		t.Run(r.name, func(t *testing.T) {
			err := r.test(t, open(t))
			var skip skipped
			if errors.As(err, &skip) {
				t.Skip(skip)
			}
			if err != nil {
				t.Errorf("%s: %v", r.rule, err)
			}
		})
	}
}

// HostileNames returns names that outsiders give to files: with control
// characters, invalid UTF-8, the separators and device names of other systems,
// marks that reverse the direction of text, and the greatest length. None holds
// a slash or a NUL.
func HostileNames() []string {
	return []string{
		"line\nfeed.pdf", "\x1b[31mred.pdf", "tab\tbed.pdf", "not-\xff\xfe-utf8.pdf",
		`back\slash.pdf`, `..\..\up.pdf`, "C:colon.pdf", "CON", "nul.txt", "com1.pdf",
		"exe\u202efdp.scr", "...x", " blank.pdf ", "-rf", "quote\".pdf", "50%s%n.pdf", "$(reboot).pdf",
		longName(),
	}
}

func longName() string {
	name := make([]byte, 255)
	for i := range name {
		name[i] = 'n'
	}
	return string(name[:251]) + ".pdf"
}

// A sourceRule is one thing that a Source must do.
type sourceRule struct {
	name  string
	rule  string // in a sentence
	check func(ctx context.Context, c *sourceCase) error
}

// A sourceCase is the origin that one rule is checked with.
type sourceCase struct {
	*Origin
	t     *testing.T
	added map[string][]byte
}

// skipped is the error of a rule that the origin cannot be held to.
type skipped string

func (s skipped) Error() string { return string(s) }

// test checks one rule. What takes longer than a minute is cut, and so fails.
func (r sourceRule) test(t *testing.T, o *Origin) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return r.check(ctx, &sourceCase{Origin: o, t: t, added: map[string][]byte{}})
}

// add puts items at the origin, each with a body of its own.
func (c *sourceCase) add(names ...string) {
	for _, name := range names {
		body := fmt.Appendf(nil, "body of %s\r\n.\r\nend\n", name)
		c.added[name] = body
		c.Add(c.t, name, append([]byte(nil), body...))
	}
}

// poll makes a pass that must be clean.
func (c *sourceCase) poll(ctx context.Context, sink launcher.Sink) error {
	if err := c.Source.Poll(ctx, sink); err != nil {
		return fmt.Errorf("Poll returned %q, want nil", err)
	}
	return nil
}
