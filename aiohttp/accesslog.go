//go:build unix && !aix

package aiohttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/goaio/aio/aiohttp/internal/clock"
)

func (s *Server) logAccess(r *http.Request, status int, written int64, took time.Duration) {
	s.AccessLog.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("peer", r.RemoteAddr),
		slog.String("method", r.Method),
		slog.String("target", r.RequestURI),
		slog.String("protocol", r.Proto),
		slog.Int("status", status),
		slog.Int64("bytes", written),
		slog.Duration("took", took))
}

// logged is a handler of HTTP/2 whose requests go to the access log.
func (s *Server) logged(h http.Handler) http.Handler {
	if s.AccessLog == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := clock.Now()
		counting := &counting{ResponseWriter: w, status: http.StatusOK}
		defer func() { s.logAccess(r, counting.status, counting.written, clock.Now().Sub(start)) }()
		h.ServeHTTP(counting, r)
	})
}

// counting is a response writer that knows what was written.
type counting struct {
	http.ResponseWriter
	begun   bool
	status  int
	written int64
}

func (w *counting) WriteHeader(status int) {
	if !w.begun && (status < 100 || status > 199) {
		w.begun, w.status = true, status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *counting) Write(p []byte) (int, error) {
	w.begun = true
	n, err := w.ResponseWriter.Write(p)
	w.written += int64(n)
	return n, err
}

func (w *counting) Flush() { _ = w.FlushError() }

// FlushError is for [http.ResponseController].
func (w *counting) FlushError() error {
	w.begun = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (w *counting) Unwrap() http.ResponseWriter { return w.ResponseWriter }
