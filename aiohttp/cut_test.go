//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// A response that the end of the server has cut looks cut to its client, and one
// that had not begun does not come at all, whatever the handler does when its
// context ends. net/http's Close is the same.
func TestShutdownCutsResponses(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		begun := make(chan struct{}, 4)
		s := &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/stream":
				io.WriteString(w, "a part")
				_ = http.NewResponseController(w).Flush()
			case "/declared":
				w.Header().Set("Content-Length", "20")
				io.WriteString(w, "a part")
				_ = http.NewResponseController(w).Flush()
			case "/kept":
				io.WriteString(w, "a part")
			}
			begun <- struct{}{}
			_ = (&aio.Event{}).Wait(r.Context())
			if r.URL.Path == "/declared" {
				io.WriteString(w, " and")
			}
		}))}
		address := start(t, s)
		answers := map[string]*bufio.Reader{}
		for _, path := range []string{"/stream", "/declared", "/kept", "/silent"} {
			c := dial(t, address)
			io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
			answers[path] = bufio.NewReader(c)
			<-begun
		}
		report := new(aionet.ShutdownError)
		if err := s.Shutdown(context.Background()); !errors.As(err, &report) || report.Cancelled != 4 {
			t.Error(err)
		}
		for path, c := range answers {
			answer, err := http.ReadResponse(c, nil)
			if path == "/kept" || path == "/silent" {
				if err == nil {
					t.Errorf("%s: %v", path, answer)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if text, err := io.ReadAll(answer.Body); err != io.ErrUnexpectedEOF {
				t.Errorf("%s: %q, %v", path, text, err)
			}
		}
	})
}
