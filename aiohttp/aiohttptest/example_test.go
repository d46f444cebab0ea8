//go:build unix && !aix

package aiohttptest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/aiohttptest"
	"github.com/goaio/aio/aiotest"
)

func ExampleRun() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = aio.Sleep(r.Context(), time.Hour) // takes no time
		fmt.Fprint(w, "hello ", r.URL.Query().Get("name"))
	})
	TestHello := func(t *testing.T) {
		aiohttptest.Run(t, handler, func(ctx context.Context, client *http.Client) {
			response, err := client.Get("/?name=you")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if text, _ := io.ReadAll(response.Body); string(text) != "hello you" {
				t.Errorf("%q", text)
			}
		})
	}
	_ = TestHello
}

// A server whose limits the test sets, and a client with one of its own.
func ExampleNewServer() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = aio.Sleep(r.Context(), time.Hour) })
	TestPatience := func(t *testing.T) {
		aiotest.Run(t, func(ctx context.Context) {
			server := aiohttptest.NewServer(ctx, handler)
			server.Config.ReadTimeout = 10 * time.Second
			server.Transport().ResponseHeaderTimeout = time.Minute
			_, err := server.Client().Get("/")
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%v, want a timeout", err)
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	_ = TestPatience
}
