package pop3_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestDamagedAmongOthers: mails that break the connection do not end the pass
// where the others are large, or the server tells no sizes.
func TestDamagedAmongOthers(t *testing.T) {
	const damaged = 4
	for name, large := range map[string]bool{"large": true, "no sizes": false} {
		var mails [][]byte
		for i := range 9 {
			m := []byte(fmt.Sprintf("Subject: %d\r\n\r\n", i))
			if large {
				m = append(m, bytes.Repeat([]byte("x\r\n"), (1<<20)/3+100)...)
			}
			mails = append(mails, append(m, "end\r\n"...))
		}
		s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
			if name == "LIST" && !large {
				c.Say("-ERR no")
				return true
			}
			if n, err := strconv.Atoi(args); name != "RETR" || err != nil || n > damaged {
				return false
			}
			c.Drop()
			return true
		}}
		s.Fill(mails...)
		s.Start(t)
		var got shelf
		err := on(s).Poll(t.Context(), &got)
		if missing := got.lacks(mails); err != nil || len(missing) != damaged {
			t.Errorf("%s: Poll: %v, mails %v are missing, want the first %d only", name, err, missing, damaged)
		}
	}
}
