package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ezged/coldlauncher/launcher/console"
	"github.com/ezged/coldlauncher/launcher/scenario"
)

// serve opens the console. The function that it returns closes it.
//
// With $COLD_CONSOLE_PASSWORD the console asks for a password, and whoever
// knows it may act; without, everybody may read and nobody act.
func (h *host) serve(runner *scenario.Runner) (shut func() error, err error) {
	if h.listen == "" {
		return func() error { return nil }, nil
	}
	l, err := net.Listen("tcp", h.listen)
	if err != nil {
		return nil, err
	}
	con := &console.Handler{Launchers: runner.Launchers, Title: "EzGED COLD"}
	var handler http.Handler = con
	if password := os.Getenv("COLD_CONSOLE_PASSWORD"); password != "" {
		con.Authorise = func(*http.Request, console.Action, string) error { return nil }
		handler = locked(con, password)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	h.log.Info("console", "address", "http://"+l.Addr().String()+"/")
	if h.ready != nil {
		h.ready("http://" + l.Addr().String() + "/")
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := server.Shutdown(ctx)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// locked asks for a password before next. Health checks need none.
func locked(next http.Handler, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, given, _ := r.BasicAuth()
		if r.URL.Path != "/healthz" && subtle.ConstantTimeCompare([]byte(given), []byte(password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="EzGED COLD", charset="UTF-8"`)
			http.Error(w, "password required", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
