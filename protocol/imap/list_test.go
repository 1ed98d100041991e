package imap

import (
	"strings"
	"testing"
)

func TestReadListed(t *testing.T) {
	for _, test := range []struct {
		items string
		want  mail
		flags string
		ok    bool
	}{
		{`(UID 5 FLAGS (\Seen $x) RFC822.SIZE 100 INTERNALDATE "17-Jul-1996 02:44:25 -0700" X-GM-MSGID 1278455344230334865)`,
			mail{uid: 5, size: 100, time: 837596665, gm: 1278455344230334865}, `\Seen $x`, true},
		{`(internaldate " 7-Jul-2026 02:44:25 +0200" flags () uid 5 rfc822.size 0)`, mail{uid: 5, time: 1783385065}, "", true},
		{`(UID 5 FLAGS () INTERNALDATE "00-Jan-0000 00:00:00 +0000" RFC822.SIZE 7)`, mail{uid: 5, size: 7}, "", true},
		{`(UID 5 FLAGS () INTERNALDATE NIL RFC822.SIZE 7)`, mail{uid: 5, size: 7}, "", true},
		{`(UID 5 FLAGS (a]b "c" \Seen) RFC822.SIZE -1)`, mail{uid: 5, size: -1}, `\Seen`, true},
		{`(UID 5 FLAGS () RFC822.SIZE 99999999999999999999)`, mail{uid: 5, size: -1}, "", true},
		{`(X-ODD ("a) \" (" (b)) UID 5 FLAGS () RFC822.SIZE 7)`, mail{uid: 5, size: 7}, "", true},
		{`(UID 5 RFC822.SIZE 7)`, mail{uid: 5, size: 7}, "", false},
		{`(FLAGS () RFC822.SIZE 7)`, mail{size: 7}, "", false},
		{`(UID 5 FLAGS (`, mail{uid: 5, size: -1}, "", false},
		{`(UID 4294967296 FLAGS ())`, mail{size: -1}, "", false},
		{`(UID 5 FLAGS () X-GM-MSGID 99999999999999999999)`, mail{uid: 5, size: -1}, "", true},
		{``, mail{size: -1}, "", false},
	} {
		got, list, ok := readListed([]byte(test.items))
		flags := readFlags(string(list))
		if got != test.want || strings.Join(flags, " ") != test.flags || ok != test.ok {
			t.Errorf("%s: %+v, flags %q, %v; want %+v, %q, %v", test.items, got, flags, ok, test.want, test.flags, test.ok)
		}
	}
}

// FuzzListed: whatever a server says, it is read or left.
func FuzzListed(f *testing.F) {
	f.Add([]byte(`(UID 5 FLAGS (\Seen) RFC822.SIZE 100 INTERNALDATE "17-Jul-1996 02:44:25 -0700" X-GM-MSGID 12)`))
	f.Add([]byte(`(UID 5 X ("a\") (" (b)) FLAGS (`))
	f.Fuzz(func(t *testing.T, items []byte) {
		m, list, ok := readListed(items)
		if ok && m.uid == 0 || m.size < -1 || m.time < 0 {
			t.Errorf("%+v, %v", m, ok)
		}
		for _, flag := range readFlags(string(list)) {
			if !isFlag(flag) {
				t.Errorf("flag %q", flag)
			}
		}
	})
}
