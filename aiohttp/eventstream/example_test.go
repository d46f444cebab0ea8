//go:build unix && !aix

package eventstream_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/aiohttptest"
	"github.com/goaio/aio/aiohttp/eventstream"
)

// countdown sends three events, a second apart.
func countdown(w http.ResponseWriter, r *http.Request) {
	s, err := eventstream.Open(w, r)
	if err != nil {
		return // the client has its answer
	}
	for n := 3; n > 0; n-- {
		if s.Send(r.Context(), eventstream.Event{Name: "tick", Data: fmt.Sprint(n)}) != nil {
			return
		}
		if aio.Sleep(r.Context(), time.Second) != nil {
			return // the client has left
		}
	}
}

// A stream of events, and its test under virtual time.
func ExampleOpen() {
	TestCountdown := func(t *testing.T) {
		aiohttptest.Run(t, http.HandlerFunc(countdown), func(ctx context.Context, client *http.Client) {
			response, err := client.Get("/")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if text, _ := io.ReadAll(response.Body); len(text) == 0 {
				t.Error("no events")
			}
		})
	}
	_ = TestCountdown
}

// What some part of a program has to say, for whoever listens: a comment goes out
// every 15 seconds in which it is silent.
func ExampleStream_Follow() {
	news := aio.NewQueue[string](100)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := eventstream.Open(w, r)
		if err != nil {
			return
		}
		_ = s.Follow(r.Context(), 15*time.Second, func(ctx context.Context) (eventstream.Event, error) {
			text, err := news.Get(ctx)
			return eventstream.Event{Data: text}, err
		})
	})
	http.Handle("GET /news", handler)
}
