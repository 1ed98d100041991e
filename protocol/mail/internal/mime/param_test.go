package mime

import (
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"quoted", `attachment; filename="facture.pdf"`, "facture.pdf"},
		{"bare", `attachment; filename=facture.pdf`, "facture.pdf"},
		{"blanks around", `attachment ; filename = "facture.pdf" ; size=3`, "facture.pdf"},
		{"no semicolon before", `attachment filename="facture.pdf"`, "facture.pdf"},
		{"no semicolon after", `attachment; filename="facture.pdf" size=3`, "facture.pdf"},
		{"two semicolons", `attachment;; filename=facture.pdf;`, "facture.pdf"},
		{"upper case", `ATTACHMENT; FILENAME="Facture.PDF"`, "Facture.PDF"},
		{"bare with blanks", `attachment; filename=facture de mai.pdf`, "facture de mai.pdf"},
		{"bare with blanks, more behind", `attachment; filename=facture de mai.pdf; size=3`, "facture de mai.pdf"},
		{"bare with semicolon", `attachment; filename=a;b.pdf`, "a;b.pdf"},
		{"quoted semicolon", `attachment; filename="a;b.pdf"; size=3`, "a;b.pdf"},
		{"quoted equals", `attachment; filename="a;b=c.pdf"`, "a;b=c.pdf"},
		{"escaped quotes", `attachment; filename="a \"b\" c.pdf"`, `a "b" c.pdf`},
		{"escaped quote at the end", `attachment; filename="a \"b\""`, `a "b"`},
		{"quotes not escaped", `attachment; filename="a "b" c.pdf"`, `a "b" c.pdf`},
		{"backslashes of Windows", `attachment; filename="C:\temp\new\facture.pdf"`, `C:\temp\new\facture.pdf`},
		{"doubled backslashes", `attachment; filename="C:\\temp\\facture.pdf"`, `C:\temp\facture.pdf`},
		{"share", `attachment; filename="\\\\server\\share\\facture.pdf"`, `\\server\share\facture.pdf`},
		{"unclosed", `attachment; filename="facture.pdf`, "facture.pdf"},
		{"unclosed, more behind", `attachment; filename="facture.pdf; size=3`, "facture.pdf"},
		{"closed only", `attachment; filename=facture.pdf"; size=3`, `facture.pdf"`},
		{"comment behind", `attachment; filename="facture.pdf" (copie)`, "facture.pdf"},
		{"comment behind bare", `attachment; filename=facture.pdf (copie)`, "facture.pdf"},
		{"comment before", `(the file) attachment; (its name) filename=facture.pdf`, "facture.pdf"},
		{"parentheses in bare", `attachment; filename=facture (1).pdf`, "facture (1).pdf"},
		{"parentheses in quoted", `attachment; filename="facture (1).pdf"`, "facture (1).pdf"},
		{"twice", `attachment; filename="a.pdf"; filename="b.pdf"`, "a.pdf"},
		{"twice, first empty", `attachment; filename=""; filename="b.pdf"`, "b.pdf"},
		{"empty", `attachment; filename=""`, ""},
		{"none", `attachment`, ""},
		{"no value", `attachment; filename`, ""},
		{"stray words", `attachment; the filename=a.pdf`, "a.pdf"},

		{"RFC 2047 B", `attachment; filename="=?UTF-8?B?w6l0w6kucGRm?="`, "été.pdf"},
		{"RFC 2047 Q", `attachment; filename="=?iso-8859-1?Q?=E9t=E9_2.pdf?="`, "été 2.pdf"},
		{"RFC 2047 bare", `attachment; filename==?iso-8859-1?Q?=E9t=E9.pdf?=`, "été.pdf"},
		{"RFC 2047 bare, more behind", `attachment; filename==?iso-8859-1?Q?a=3Bb;c.pdf?=; size=3`, "a;b;c.pdf"},
		{"RFC 2047 two words", `attachment; filename="=?utf-8?Q?fac?= =?utf-8?Q?ture.pdf?="`, "facture.pdf"},
		{"RFC 2047 character split", `attachment; filename="=?utf-8?Q?=C3?= =?utf-8?Q?=A9.pdf?="`, "é.pdf"},
		{"RFC 2047 two charsets", `attachment; filename="=?utf-8?Q?=C3=A9?= =?iso-8859-1?Q?=E9.pdf?="`, "éé.pdf"},
		{"RFC 2047 text beside", `attachment; filename="=?utf-8?Q?factur=C3=A9e?=.pdf"`, "facturée.pdf"},
		{"RFC 2047 no padding", `attachment; filename="=?utf-8?B?w6l0w6kucGR?="`, "été.pd"},
		{"RFC 2047 unknown charset", `attachment; filename="=?x-nope?Q?=E9.pdf?="`, "é.pdf"},
		{"RFC 2047 empty", `attachment; filename="=?utf-8?Q??=a.pdf"`, "a.pdf"},
		{"RFC 2047 broken", `attachment; filename="=?utf-8?X?abc?=.pdf"`, "=?utf-8?X?abc?=.pdf"},
		{"RFC 2047 unclosed", `attachment; filename="=?utf-8?Q?abc.pdf"`, "=?utf-8?Q?abc.pdf"},
		{"RFC 2047 utf-7", `attachment; filename="=?utf-7?Q?+AOk-t+AOk-.pdf?="`, "été.pdf"},
		{"RFC 2047 cp-850", `attachment; filename="=?cp-850?Q?=82t=82.pdf?="`, "été.pdf"},
		{"RFC 2047 unknown-8bit", `attachment; filename="=?unknown-8bit?Q?=E9t=E9.pdf?="`, "été.pdf"},
		{"RFC 2047 8859-1", `attachment; filename="=?8859-15?Q?=A4.pdf?="`, "€.pdf"},
		{"RFC 2047 shift_jis", `attachment; filename="=?shift_jis?B?g2WDWINnLnR4dA==?="`, "テスト.txt"},
		{"RFC 2047 lying ascii", `attachment; filename="=?us-ascii?Q?=C3=A9.pdf?="`, "é.pdf"},

		{"RFC 2231", `attachment; filename*=UTF-8''%C3%A9t%C3%A9.pdf`, "été.pdf"},
		{"RFC 2231 Latin-1", `attachment; filename*=iso-8859-1''relev%E9.pdf`, "relevé.pdf"},
		{"RFC 2231 windows-1252", `attachment; filename*=windows-1252'fr'prix%20%80.pdf`, "prix €.pdf"},
		{"RFC 2231 quoted", `attachment; filename*="iso-8859-15''%A4.pdf"`, "€.pdf"},
		{"RFC 2231 no charset", `attachment; filename*=''%C3%A9.pdf`, "é.pdf"},
		{"RFC 2231 no quotes", `attachment; filename*=%C3%A9.pdf`, "é.pdf"},
		{"RFC 2231 not escaped", `attachment; filename*=utf-8''100%.pdf`, "100%.pdf"},
		{"RFC 2231 continued", `attachment; filename*0="ev"; filename*1="idence.pdf"`, "evidence.pdf"},
		{"RFC 2231 continued, coded", `attachment; filename*0*=iso-8859-1''%E9v; filename*1="i"; filename*2*=d%E9.pdf`, "évidé.pdf"},
		{"RFC 2231 character split", `attachment; filename*0*=utf-8''%C3; filename*1*=%A9.pdf`, "é.pdf"},
		{"RFC 2231 out of order", `attachment; filename*1=ture.pdf; filename*0=fac`, "facture.pdf"},
		{"RFC 2231 ten and more", "attachment; " + counted(12), "abcdefghijkl"},
		{"RFC 2231 and plain", `attachment; filename="ete.pdf"; filename*=utf-8''%C3%A9t%C3%A9.pdf`, "été.pdf"},
		{"RFC 2231 and plain, other order", `attachment; filename*=utf-8''%C3%A9t%C3%A9.pdf; filename="ete.pdf"`, "été.pdf"},
		{"RFC 2231 empty beside plain", `attachment; filename*=utf-8''; filename="ete.pdf"`, "ete.pdf"},
		{"RFC 2231 with words inside", `attachment; filename*0="=?utf-8?Q?=C3=A9"; filename*1="?=.pdf"`, "é.pdf"},
		{"RFC 2231 escape in quotes mark", `attachment; filename*=utf-8''it%27s.pdf`, "it's.pdf"},

		{"raw UTF-8", "attachment; filename=\"\xc3\xa9t\xc3\xa9.pdf\"", "été.pdf"},
		{"raw Latin-1", "attachment; filename=\"\xe9t\xe9.pdf\"", "été.pdf"},
		{"raw windows-1252", "attachment; filename=\"\x80.pdf\"", "€.pdf"},
		{"raw UTF-8, cut", "attachment; filename=\"\xc3\xa9t\xc3\xa9\xc3\"", "été\uFFFD"},
		{"percent in plain", `attachment; filename="100%20.pdf"`, "100%20.pdf"},
	}
	for _, tt := range tests {
		got := ParseValue(tt.field)
		if got.Main != "attachment" {
			t.Errorf("%s: %s: disposition %q, want attachment", tt.name, tt.field, got.Main)
		}
		if name := got.FileName; name != tt.want {
			t.Errorf("%s: %s: file name %q, want %q", tt.name, tt.field, name, tt.want)
		}
	}
}

// counted returns a parameter in n segments of one letter.
func counted(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("filename*" + string("0123456789"[i/10%10]) + string("0123456789"[i%10]) + "=" + string(rune('a'+i)) + ";")
	}
	return b.String()
}

func TestMediaType(t *testing.T) {
	tests := []struct{ field, main, boundary string }{
		{`multipart/mixed; boundary="b"`, "multipart/mixed", "b"},
		{"multipart/mixed\tboundary=\"b\"", "multipart/mixed", "b"},
		{`Multipart/Mixed; Boundary=b`, "multipart/mixed", "b"},
		{`multipart/mixed; boundary="=_a:b?c"; charset=x`, "multipart/mixed", "=_a:b?c"},
		{`multipart/mixed; boundary==_a_=`, "multipart/mixed", "=_a_="},
		{`"multipart/mixed"; boundary=b`, "multipart/mixed", "b"},
		{"multipart/mixed; boundary=\"\xe9=?a?q?b?=\"", "multipart/mixed", "\xe9=?a?q?b?="},
		{`text/plain>`, "text/plain", ""},
		{`text/html;charset=utf-8`, "text/html", ""},
		{`; name=x`, "", ""},
		{``, "", ""},
	}
	for _, tt := range tests {
		got := ParseValue(tt.field)
		if got.Main != tt.main || got.Boundary != tt.boundary {
			t.Errorf("%s: %q with boundary %q, want %q with %q", tt.field, got.Main, got.Boundary, tt.main, tt.boundary)
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"=?utf-8?Q?R=C3=A9union?= =?utf-8?B?IGRlIG1haQ==?=", "Réunion de mai"},
		{"a =?utf-8?Q?b?= c", "a b c"},
		{"=?utf-8?Q?a?=  =?utf-8?Q?b?=", "ab"},
		{"=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x"},
		{"=?utf-8*fr?Q?=C3=A9?=", "é"},
		{"=?utf-8?Q?a\u202eb?=", "ab"},
		{"=?", "=?"},
		{"a =? b =?utf-8?q?=41?=", "a =? b A"},
		{"\xe9", "é"},
	}
	for _, tt := range tests {
		if got := Text(tt.in); got != tt.want {
			t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a@example.org", "a@example.org"},
		{"=?utf-8?Q?Ren=C3=A9e?= <r@example.org>", "Renée <r@example.org>"},
		{"=?utf-8?Q?Dupont,_Ren=C3=A9e?= <r@example.org>", `"Dupont, Renée" <r@example.org>`},
		{`"=?utf-8?Q?Dupont,_=22R=22?=" <r@example.org>`, `"Dupont, \"R\"" <r@example.org>`},
		{"=?utf-8?Q?boss=40example.com=3E=2C?= <r@example.org>", `"boss@example.com>," <r@example.org>`},
		{`"a \" b" =?utf-8?Q?x=40y?= <r@example.org>`, `"a \" b" "x@y" <r@example.org>`},
		{"A <a@example.org>,\r\n =?utf-8?B?QiwgYg==?= <b@example.org>", `A <a@example.org>,   "B, b" <b@example.org>`},
	}
	for _, tt := range tests {
		got := Addresses(tt.in)
		if got != tt.want {
			t.Errorf("Addresses(%q) = %q, want %q", tt.in, got, tt.want)
		}
		list, err := mail.ParseAddressList(got)
		if err != nil || !strings.HasSuffix(list[len(list)-1].Address, "@example.org") {
			t.Errorf("Addresses(%q) = %q, which reads as %v, %v", tt.in, got, list, err)
		}
	}
}

func TestFieldsAreReadInLinearTime(t *testing.T) {
	const size = 256 << 10
	for _, piece := range []string{`name="x; `, `=?a?B?`, `;`, `(name=b;`, `"a" `, `name*0=b;`, `name=b;`, `name=;`, `a=b;`, `\"`, `name="b\";`, `; ;a`, `=?a?q?b?=`, "name=\xff;"} {
		field := strings.Repeat(piece, size/len(piece))
		start := time.Now()
		ParseValue(field)
		ParseValue("x; name=" + field)
		ParseValue(`x; name="` + field)
		Text(field)
		if took := time.Since(start); took > 30*time.Second { // what is not linear takes longer, anywhere
			t.Errorf("a field of %d times %q took %v", size/len(piece), piece, took)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, s := range []string{
		`attachment; filename="a.pdf"`, `x; a*0*=utf-8''%C3; a*1="b"`, `x; a==?utf-8?Q?b?=; c="d`, `(c(d\)) x; (e) f = g`, "x;\xff=\xfe",
		`x; name*0*=utf-8''%C3; name*1="b"; charset=c`, `x; name==?utf-8?Q?b?=; filename="d\\e\"f`, "x; boundary=\xff; name=\xfe",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := ParseValue(s)
		for name, value := range map[string]string{"boundary": v.Boundary, "charset": v.Charset, "name": v.Name, "filename": v.FileName} {
			if name != "boundary" && !utf8.ValidString(value) {
				t.Errorf("ParseValue(%q): %s is %q, which is not UTF-8", s, name, value)
			}
			if len(value) > 9*len(s)+9 {
				t.Errorf("ParseValue(%q): %s has %d bytes", s, name, len(value))
			}
		}
		if text := Text(s); !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") {
			t.Errorf("Text(%q) = %q, want one line of UTF-8", s, text)
		}
	})
}
