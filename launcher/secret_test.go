package launcher_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const planted = "hunter2-planted"
	type account struct {
		User     string
		Password launcher.Secret
	}
	a := account{"cold", launcher.SecretText(planted)}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s", "%t"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", a, &a, a.Password)
	}
	if err := json.NewEncoder(&out).Encode(a); err != nil {
		t.Errorf("a struct with a Secret must still marshal: %v", err)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("account", "account", a, "password", a.Password)
	}
	if strings.Contains(out.String(), planted) {
		t.Errorf("the secret was printed:\n%s", out.String())
	}
	if n := strings.Count(out.String(), "[secret]"); n < 20 {
		t.Errorf("[secret] stands there %d times, want at least 20:\n%s", n, out.String())
	}
}

func TestSecretSources(t *testing.T) {
	dir := t.TempDir()
	good, empty, big := filepath.Join(dir, "good"), filepath.Join(dir, "empty"), filepath.Join(dir, "big")
	for path, text := range map[string]string{good: "pässword \r\n", empty: "\n", big: strings.Repeat("x", 70<<10)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("COLDLAUNCHER_TEST_SECRET", "from-env")
	tests := []struct {
		name   string
		secret launcher.Secret
		want   string // "": an error
	}{
		{"text", launcher.SecretText("x"), "x"},
		{"from", launcher.SecretFrom(func() (int, error) { return 7, nil }, strconv.Itoa), "7"},
		{"from a failure", launcher.SecretFrom(func() (int, error) { return 7, io.EOF }, strconv.Itoa), ""},
		{"env", launcher.SecretEnv("COLDLAUNCHER_TEST_SECRET"), "from-env"},
		{"env unset", launcher.SecretEnv("COLDLAUNCHER_TEST_UNSET"), ""},
		{"file keeps blanks, drops the line end", launcher.SecretFile(good), "pässword "},
		{"empty file", launcher.SecretFile(empty), ""},
		{"huge file", launcher.SecretFile(big), ""},
		{"no file", launcher.SecretFile(filepath.Join(dir, "none")), ""},
	}
	for _, tt := range tests {
		got, err := tt.secret(t.Context())
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}
