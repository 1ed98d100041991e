package pop3_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestAgeAfterBreak: a connection that breaks while ages are asked for makes no
// old mail a new one; only a mail on which it breaks each time counts as new.
func TestAgeAfterBreak(t *testing.T) {
	for name, test := range map[string]struct {
		breaks int64 // connections
		passes int
		left   []string
	}{
		"once":   {1, 1, nil},
		"always": {100, 2, []string{"u3"}},
	} {
		t.Run(name, func(t *testing.T) {
			var breaks atomic.Int64
			s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
				if name != "TOP" || args != "3 0" || breaks.Add(1) > test.breaks {
					return false
				}
				c.Drop()
				return true
			}}
			old := "Received: from a by b; " + time.Now().Add(-30*24*time.Hour).Format(time.RFC1123Z) + "\r\nSubject: x\r\n\r\nx\r\n"
			for range 6 {
				s.Fill([]byte(old))
			}
			s.Start(t)
			source := on(s)
			source.DeleteAfter = 14 * 24 * time.Hour
			var err error
			for range test.passes {
				err = source.Poll(t.Context(), launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil }))
			}
			if left := uids(s); err != nil || !slices.Equal(left, test.left) {
				t.Errorf("Poll: %v, left %v, want %v", err, left, test.left)
			}
		})
	}
}
