package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func quiet(context.Context, launcher.Event) {}

func TestRecent(t *testing.T) {
	src := new(launchertest.Script)
	l := &launcher.Launcher{Name: "r", Source: src, Sink: new(launchertest.Recorder), Observe: quiet,
		Routes: []launcher.Route{{Job: "87", Groups: []string{"pdf"}}, {Job: "none", Groups: []string{"xml"}, Filter: refuse(errors.New("undecided"))}}}
	begun := time.Now().Add(-time.Second)
	src.Add("a", launchertest.File("a.pdf", "12345"))
	src.Add("b", launchertest.File("b.xml", "1"))
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := l.Recent()
	if len(got) != 2 {
		t.Fatalf("after one parcel stored and one failed: %d recent events, want 2: %v", len(got), got)
	}
	failed, stored := got[0], got[1]
	if stored.Kind != launcher.EventStored || stored.Job != "87" || stored.Bytes != 5 || stored.Time.Before(begun) {
		t.Errorf("the older event is %+v, want the parcel stored for job 87, and when", stored)
	}
	if failed.Kind != launcher.EventFailed || failed.Err == nil || !strings.Contains(failed.Err.Error(), "undecided") {
		t.Errorf("the newer event is %+v, want the parcel that failed, and why", failed)
	}

	for i := range 100 {
		src.Add(fmt.Sprint("c", i), launchertest.File(fmt.Sprintf("c%d.pdf", i), "1"))
	}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = l.Recent()
	if len(got) != 64 {
		t.Fatalf("after 102 parcels: %d recent events, want the last 64", len(got))
	}
	for i, e := range got {
		if want := fmt.Sprint("c", 99-i); !strings.HasSuffix(e.Origin, want) {
			t.Errorf("after 102 parcels event %d is of %q, want %s: the newest first", i, e.Origin, want)
		}
	}
}

// refuse is a Filter that is undecided.
func refuse(err error) launcher.Filter {
	return launcher.FilterFunc(func(context.Context, *launcher.Document) (bool, error) { return false, err })
}

func TestLeft(t *testing.T) {
	src := new(launchertest.Script)
	l := &launcher.Launcher{Name: "r", Source: src, Sink: new(launchertest.Recorder), Observe: quiet}
	lacks := errors.New("lacks its xml")
	src.Add("stored", launchertest.File("a.pdf", "1"))
	src.Add("waits", launchertest.File("b.pdf", "1")).Fetch = func(context.Context) error { return launcher.Later(lacks) }
	src.Add("rests", launchertest.File("c.pdf", "1")).Fetch = func(context.Context) error { return errors.New("broken") }
	check := func(when string) {
		t.Helper()
		got := l.Left()
		if len(got) != 2 {
			t.Fatalf("%s: left are %v, want the parcel that waits and the one that failed", when, got)
		}
		if got[0].Verdict != launcher.WouldWait || got[0].Reason != "lacks its xml" {
			t.Errorf("%s: what is not ready is left as %+v", when, got[0])
		}
		if got[1].Verdict != launcher.WouldRest || !strings.Contains(got[1].Reason, "broken") {
			t.Errorf("%s: what failed is left as %+v", when, got[1])
		}
	}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after a pass")
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("while one rests")
	src.Before = func(context.Context) error { return errors.New("the server is down") }
	if _, err := l.Poll(t.Context()); err == nil {
		t.Fatal("a pass on a server that is down succeeded")
	}
	check("after a pass that saw nothing")
}

// A console may ask before anything has begun.
func TestStatusAtFirst(t *testing.T) {
	l := &launcher.Launcher{Name: "r"}
	if st := l.Status(); st.Name != "r" || st.Running || !st.Healthy() || st.At.IsZero() {
		t.Errorf("before anything the status is %+v", st)
	}
	if n := len(l.Recent()) + len(l.Left()); n != 0 {
		t.Errorf("before anything %d events or parcels are told of", n)
	}
}
