package mail

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// winmail writes a winmail.dat that holds the given files, by turns their
// names and bodies.
func winmail(files ...string) []byte {
	out := []byte{0x78, 0x9f, 0x3e, 0x22, 1, 0}
	add := func(id uint32, data string) {
		out = append(out, 2)
		out = binary.LittleEndian.AppendUint32(out, id)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
		out = append(out, data+"\x00\x00"...)
	}
	for i := 0; i < len(files); i += 2 {
		add(0x00069002, strings.Repeat("\x00", 14))
		add(0x00018010, files[i]+"\x00")
		add(0x0006800F, files[i+1])
	}
	return out
}

// object writes a winmail.dat with an Outlook item in it.
func object(item []byte) []byte {
	out := []byte{0x78, 0x9f, 0x3e, 0x22, 1, 0}
	add := func(id uint32, data []byte) {
		out = append(out, 2)
		out = binary.LittleEndian.AppendUint32(out, id)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
		out = append(append(out, data...), 0, 0)
	}
	add(0x00069002, make([]byte, 14))
	props := []byte{1, 0, 0, 0, 0x0d, 0, 0x01, 0x37, 1, 0, 0, 0}
	props = binary.LittleEndian.AppendUint32(props, uint32(16+len(item)))
	props = append(append(props, make([]byte, 16)...), item...)
	add(0x00069005, props)
	return out
}

func TestWinmail(t *testing.T) {
	const mime = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
	part := func(b []byte) string { return mime + base64.StdEncoding.EncodeToString(b) }
	deep := winmail("a.pdf", "%PDF")
	for range 100 {
		deep = object(deep)
	}
	two := winmail("a.pdf", "%PDF", "b?.txt", "text")
	tests := []struct {
		name, in string
		limits   Limits
		want     string
	}{
		{"two files", multipart("mixed", part(two)), Limits{}, "a.pdf/attachment/4 b_.txt/attachment/4"},
		{"no file", multipart("mixed", part(winmail())), Limits{}, ""},
		{"no name", multipart("mixed", part(winmail("", "x"))), Limits{}, "part-1-1.bin/attachment/1"},
		{"by its name alone", multipart("mixed", "Content-Type: application/octet-stream; name=WINMAIL.DAT\n\n"+string(winmail("a.txt", "x"))), Limits{}, "a.txt/attachment/1"},
		{"item in an item", multipart("mixed", part(object(object(two)))), Limits{}, "a.pdf/attachment/4 b_.txt/attachment/4"},
		{"cut short", multipart("mixed", part(two[:len(two)-5])), Limits{}, fmt.Sprintf("a.pdf/attachment/4 b_.txt/attachment/0 winmail.dat/attachment/%d", len(two)-5)},
		{"none at all", multipart("mixed", mime+"aGVsbG8="), Limits{}, "winmail.dat/attachment/5"},
		{"as many parts as allowed", multipart("mixed", part(two)), Limits{Parts: 4}, "a.pdf/attachment/4 b_.txt/attachment/4"},
		{"one part too many", multipart("mixed", part(two)), Limits{Parts: 3}, "m.eml/message/%d"},
		{"too deep", multipart("mixed", part(deep)), Limits{}, "m.eml/message/%d"},
	}
	for _, tt := range tests {
		if strings.Contains(tt.want, "%d") {
			tt.want = fmt.Sprintf(tt.want, len(tt.in))
		}
		docs, err := takeApart(t, &Source{Limits: tt.limits}, "m.eml", []byte(tt.in))
		if got := summary(docs); err != nil || got != tt.want {
			t.Errorf("%s: handed over %s, %v; want %s", tt.name, got, err, tt.want)
		}
		if broken := strings.Contains(tt.want, "winmail.dat"); err == nil && len(docs) > 0 && broken != (docs[0].Unit.Meta[MetaWarnings] == "tnef-broken") {
			t.Errorf("%s: warnings %q", tt.name, docs[0].Unit.Meta[MetaWarnings])
		}
	}
}
