package launcher

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	tests := []struct{ in, want string }{
		{"facture.pdf", "facture.pdf"},
		{"été 2026.pdf", "été 2026.pdf"},
		{"../../etc/passwd", "passwd"},
		{`C:\Users\x\scan.pdf`, "scan.pdf"},
		{"a/", "unnamed"},
		{"", "unnamed"},
		{".", "unnamed"},
		{"..", "unnamed"},
		{"...", "unnamed"},
		{" x ", "x"},
		{"x.pdf. . ", "x.pdf"},
		{".htaccess", ".htaccess"},
		{"a\x00b\r\nc\x1b[31m.pdf", "abc[31m.pdf"},
		{"invoice\u202efdp.exe", "invoicefdp.exe"},
		{"a\xffb", "a_b"},
		{`a<b>c:d"e|f?g*h`, "a_b_c_d_e_f_g_h"},
		{"file.txt:stream", "file.txt_stream"},
		{"CON", "_CON"},
		{"nul.txt", "_nul.txt"},
		{"nul." + strings.Repeat("a", 250), "_nul." + strings.Repeat("a", 195)},
		{"com1.pdf", "_com1.pdf"},
		{"COM", "COM"},
		{"comment.pdf", "comment.pdf"},
		{"a\u00a0b", "a b"},
		{strings.Repeat("x", 300) + ".pdf", strings.Repeat("x", 196) + ".pdf"},
		{strings.Repeat("é", 150) + ".pdf", strings.Repeat("é", 98) + ".pdf"},
		{strings.Repeat("x", 199) + ".", strings.Repeat("x", 199)},
	}
	for _, tt := range tests {
		if got := CleanName(tt.in); got != tt.want {
			t.Errorf("CleanName(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCleanDir(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""}, {"a/b", "a/b"}, {"/a//b/", "a/b"}, {"../a/./..", "a"}, {"a/CON/x", "a/_CON/x"},
	}
	for _, tt := range tests {
		if got := CleanDir(tt.in); got != tt.want {
			t.Errorf("CleanDir(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"a.pdf", "../x", "CON.CON", "\xff\u202e", "x. .", strings.Repeat("é.", 200), "COM¹"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanName(s)
		if again := CleanName(got); again != got {
			t.Errorf("CleanName(%q) = %q, but cleaned again it is %q", s, got, again)
		}
		if !filepath.IsLocal(got) || strings.ContainsAny(got, `/\:`) || len(got) > maxName || !utf8.ValidString(got) {
			t.Errorf("CleanName(%q) = %q, which is not a safe file name", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("CleanName(%q) = %q, which holds %U", s, got, r)
			}
		}
	})
}
