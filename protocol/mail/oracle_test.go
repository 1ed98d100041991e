package mail

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// An oracleMail is what Python's e-mail package finds in a mail.
type oracleMail struct {
	Attachments []oracleFile
}

type oracleFile struct {
	Filename string
	Size     int64
	SHA256   string
	Path     string
}

// A difference is where we find something else than Python, and why.
type difference struct {
	name string // as we have it
	size int64  // as we have it; -1: no document
	why  string
}

// differences are all of them, by mail and Python's path of the part.
var differences = map[string]difference{
	"enmime-low-quality-bad-header-wrap.eml 2": {"7DDA4_foo_9E5D72.zip", 7,
		"a header line that wraps without a blank: Python decodes the rest of the header as base64"},
	"mime4j-twopart.eml 2": {"uk7200_110_6.jpg", 30631,
		"the encoding has a blank behind it: Python leaves the base64 as it is; ours is a JPEG to its last byte"},
	"mimekit-rfc2046.0.eml m1": {"", -1,
		"a fragment of a larger mail: Python opens what it breaks off in; we hand the mail over whole"},
	"stalwart-rfc-001.eml 1.m1":  {"part-1.eml", 79, "message/external-body stands for a file that is elsewhere"},
	"stalwart-rfc-001.eml 2.m1":  {"part-2.eml", 79, "message/external-body stands for a file that is elsewhere"},
	"stalwart-rfc-001.eml 3.m1":  {"part-3.eml", 97, "message/external-body stands for a file that is elsewhere"},
	"zbateson-m1006.eml 1.2":     {"nsmailV0.png", 1325, "a path of Windows: Python drops the backslashes, we keep the last element"},
	"zbateson-m1006.eml 1.3":     {"nsmailNM.png", 1453, "a path of Windows"},
	"zbateson-m4004.eml 1.1.2.2": {"nsmailEG.png", 1325, "a path of Windows"},
	"zbateson-m4004.eml 1.1.2.3": {"nsmail39.png", 1453, "a path of Windows"},
	"zbateson-m2012.eml 4":       {"HasenundFrösche.txt", 747, "a raw Latin-1 name, which Python does not decode"},
	"zbateson-m2013.eml 2":       {"HasenundFrösche.txt", 747, "a raw Latin-1 name"},
	"zbateson-m3007.eml 4":       {"HasenundFrösche.txt", 747, "a raw Latin-1 name"},
}

func samples(t testing.TB, parts ...string) string {
	root := launchertest.Samples(t)
	return filepath.Join(append([]string{root}, parts...)...)
}

// Every attachment that Python finds in the samples is found, with the same
// bytes and, cleaned, the same name, but for the differences above.
func TestNothingIsFoundLessThanByPython(t *testing.T) {
	b, err := os.ReadFile(samples(t, "mail", "oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct{ Mails map[string]oracleMail }
	if err := json.Unmarshal(b, &oracle); err != nil {
		t.Fatal(err)
	}
	unused := maps.Clone(differences)
	same, total := 0, 0
	for mail, want := range oracle.Mails {
		raw, err := os.ReadFile(samples(t, "mail", "eml", mail))
		if err != nil {
			t.Fatal(err)
		}
		docs, err := takeApart(t, &Source{Pictures: Pictures{Shown: -1, Small: -1}}, mail, raw)
		if err != nil {
			t.Errorf("%s: %v", mail, err)
		}
		for _, a := range want.Attachments {
			total++
			matches := func(d taken) bool { return d.sum == a.SHA256 && (a.Filename == "" || d.Name == clean(a.Filename)) }
			if diff, ok := unused[mail+" "+a.Path]; ok {
				delete(unused, mail+" "+a.Path)
				if slices.ContainsFunc(docs, matches) {
					t.Errorf("%s part %s: the same as in Python, although listed as different: %s", mail, a.Path, diff.why)
				}
				matches = func(d taken) bool { return d.Name == diff.name && d.Size == diff.size }
				if diff.size < 0 {
					continue
				}
			} else {
				same++
			}
			i := slices.IndexFunc(docs, matches)
			if i < 0 {
				t.Errorf("%s part %s: %q of %d bytes, SHA-256 %s, is not among %s", mail, a.Path, a.Filename, a.Size, a.SHA256, list(docs))
				continue
			}
			docs = slices.Delete(docs, i, i+1) // each document is found once
		}
	}
	for key := range unused {
		t.Errorf("difference %q is listed but was not met", key)
	}
	t.Logf("%d attachments in %d mails: %d as in Python, %d explained", total, len(oracle.Mails), same, total-same)
}

func clean(name string) string { return launcher.CleanName(norm.NFC.String(name)) }

func list(docs []taken) []string {
	var s []string
	for _, d := range docs {
		s = append(s, d.Name+" "+d.sum)
	}
	return s
}

// No sample is lost: its text or the mail itself can always be had.
func TestNothingIsLost(t *testing.T) {
	paths, err := filepath.Glob(samples(t, "mail", "eml", "*.eml"))
	if err != nil || len(paths) < 300 {
		t.Fatalf("%d samples, %v", len(paths), err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := takeApart(t, &Source{Raw: true}, filepath.Base(path), raw)
		if err != nil || len(docs) == 0 || string(docs[0].body) != string(raw) || docs[0].Role != "message" {
			t.Errorf("%s: %d documents, %v; want the mail itself first, byte for byte", filepath.Base(path), len(docs), err)
		}
	}
}
