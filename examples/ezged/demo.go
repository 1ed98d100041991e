package main

import (
	"context"
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed demo.json
var demoScenario string

// What arrives in the demonstration.
var demoFiles = map[string]string{
	"courrier/lettre.pdf":  "%PDF-1.7 lettre",
	"courrier/Thumbs.db":   "what Windows leaves everywhere",
	"factures/F2026-1.pdf": "%PDF-1.7 facture",
	"factures/F2026-1.xml": "<facture id='1'/>",
	"adullact/2026-017/metadata.json": `{"id_facture_cpp":"4711","no_facture":"F-17","type_facture":"380","montant_ttc":"1200.00",
		"fichier_facture_pdf":["F-17.pdf"]}`,
	"adullact/2026-017/F-17.pdf":            "%PDF-1.7 facture Chorus Pro",
	"adullact/2026-017/fichier_termine.txt": "ok\n",
}

// demonstrate runs the host for a while, in a directory of its own, on a
// scenario like one of an administrator, with a stand-in for EzGED.
func demonstrate(ctx context.Context, out io.Writer, d time.Duration) error {
	root, err := os.MkdirTemp("", "coldlauncher-ezged-")
	if err != nil {
		return err
	}
	for name, body := range demoFiles {
		path := filepath.Join(root, "in", filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(body), 0o644)); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	sum := md5.Sum([]byte("demo"))
	server := &http.Server{Handler: &standin{dir: filepath.Join(root, "ezged"), user: "demo", password: hex.EncodeToString(sum[:])}, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	defer func() { server.Close(); <-ended }()
	if err := os.Setenv("EZGED_PASSWORD", "demo"); err != nil {
		return err
	}

	// Paths in a scenario are those of the machine: in JSON a backslash is two.
	text := strings.ReplaceAll(demoScenario, "ROOT", strings.ReplaceAll(root, `\`, `\\`))
	h := host{
		scenario: filepath.Join(root, "scenario.json"), wait: filepath.Join(root, "wait"), ledger: filepath.Join(root, "ledger.db"),
		listen: "127.0.0.1:0", ezged: "http://" + l.Addr().String() + "/data/", user: "demo",
		log: slog.New(slog.NewJSONHandler(out, nil)),
		ready: func(console string) {
			fmt.Fprintf(out, "Console, for the next %v: %s\n\n", d, console)
		},
	}
	if err := os.WriteFile(h.scenario, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "The scenario is %s\n", h.scenario)
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	if err := h.run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nWhat is where now:")
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".coldlauncher") {
			return fs.SkipDir
		}
		name, err := filepath.Rel(root, path)
		if !e.IsDir() {
			fmt.Fprintln(out, "  "+filepath.ToSlash(name))
		}
		return err
	})
}
