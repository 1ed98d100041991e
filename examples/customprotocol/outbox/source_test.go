package outbox_test

import (
	"net/http/httptest"
	"testing"

	"github.com/ezged/coldlauncher/examples/customprotocol/outbox"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestSource(t *testing.T) {
	launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
		far := new(outbox.Server)
		web := httptest.NewServer(far)
		t.Cleanup(web.Close)
		src := &outbox.Source{URL: web.URL}
		address := src.URL
		return &launchertest.Origin{
			Source:         src,
			Add:            func(_ *testing.T, name string, body []byte) { far.Add(name, body) },
			Waiting:        func(*testing.T) []string { return far.Waiting() },
			Rejected:       func(*testing.T) []string { return far.Rejected() },
			Reopen:         func(*testing.T) launcher.Source { return &outbox.Source{URL: address} },
			Break:          func(*testing.T) { src.URL = "http://127.0.0.1:1" },
			Repair:         func(*testing.T) { src.URL = address },
			BreakSettling:  func(*testing.T) { far.Freeze(true) },
			RepairSettling: func(*testing.T) { far.Freeze(false) },
			Fetched:        func(*testing.T) int { return far.Downloads() },
			Hostile:        launchertest.HostileNames(),
			Big:            -1,
		}
	})
}
