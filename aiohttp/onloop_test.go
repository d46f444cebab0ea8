//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// marks are the ways in which a marked handler is called: by the server, and by a
// router's goroutine.
var marks = map[string]func(http.HandlerFunc) http.Handler{
	"on loop": func(h http.HandlerFunc) http.Handler { return OnLoop(h) },
	"inside":  func(h http.HandlerFunc) http.Handler { return onlyRoot{OnLoop(h)} },
}

// A marked handler's awaits that take no context are interrupted when the client
// leaves.
func TestAwaitsWithoutAContextEndWhenTheClientLeaves(t *testing.T) {
	for name, mark := range marks {
		t.Run(name, func(t *testing.T) {
			begun, ended := make(chan struct{}), make(chan error, 1)
			address := start(t, &Server{Log: silent(), Handler: mark(func(w http.ResponseWriter, r *http.Request) {
				silent, other, err := aionet.SocketPair()
				if err != nil {
					t.Error(err)
					return
				}
				defer silent.Close()
				defer other.Close()
				close(begun)
				_, err = silent.Read(make([]byte, 1))
				ended <- err
			})})
			c := dial(t, address)
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			<-begun
			_ = c.Close()
			if err := <-ended; !aio.IsCancelled(err) {
				t.Error(err)
			}
		})
	}
}

func panicsHere() { panic("boom") }

// The report of a panic says where it was.
func TestAPanicsReportHasItsStack(t *testing.T) {
	for name, mark := range marks {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			s := &Server{Log: slog.New(slog.NewTextHandler(&said, nil)), Handler: mark(func(http.ResponseWriter, *http.Request) { panicsHere() })}
			roundTrip(t, start(t, s), "GET /"+end)
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(said.String(), "panicsHere") || !strings.Contains(said.String(), "boom") {
				t.Errorf("%s", &said)
			}
		})
	}
}
