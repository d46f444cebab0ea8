//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// everywhere runs a test with a transport in a task and in a plain goroutine.
func everywhere(t *testing.T, fn func(t *testing.T, ctx context.Context, transport *Transport)) {
	t.Run("task", func(t *testing.T) {
		transport := &Transport{}
		defer transport.CloseIdleConnections()
		err := aio.Run(context.Background(), func(ctx context.Context) error {
			fn(t, ctx, transport)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("goroutine", func(t *testing.T) {
		transport := &Transport{}
		defer transport.CloseIdleConnections()
		fn(t, context.Background(), transport)
	})
}

// fetch makes a request and reads the response.
func fetch(ctx context.Context, transport http.RoundTripper, method, url string, body io.Reader) (*http.Response, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, "", err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestConnectionIsUsedAgain(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.RemoteAddr) })
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		_, first, err := fetch(ctx, transport, "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, next, err := fetch(ctx, transport, "GET", url, nil); err != nil || next != first {
				t.Errorf("%q, %v on another connection than %q", next, err, first)
			}
		}
	})
}

func TestBodies(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(body), " ", r.ContentLength, " ", r.TransferEncoding, " ", err, " ", r.Trailer)
	})
	long := strings.Repeat("x", 1<<20)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for want, body := range map[string]io.Reader{
			"5 5 [] <nil> map[]":               strings.NewReader("hello"),
			"5 -1 [chunked] <nil> map[]":       struct{ io.Reader }{strings.NewReader("hello")},
			"1048576 1048576 [] <nil> map[]":   strings.NewReader(long),
			"1048576 -1 [chunked] <nil> map[]": struct{ io.Reader }{strings.NewReader(long)},
			"0 0 [] <nil> map[]":               http.NoBody,
		} {
			if _, text, err := fetch(ctx, transport, "POST", url, body); err != nil || text != want {
				t.Errorf("%q, %v; want %q", text, err, want)
			}
		}
	})
}

// An upload goes on while its response is read, in both directions.
func TestEcho(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(w, r.Body)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		long := strings.Repeat("0123456789", 1<<20)
		_, text, err := fetch(ctx, transport, "PUT", url, struct{ io.Reader }{strings.NewReader(long)})
		if err != nil || text != long {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	})
}

func TestCancelWhileWaitingForTheHead(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		gone := errors.New("gone")
		for name, derive := range map[string]func() (context.Context, func()){
			"own": func() (context.Context, func()) {
				c, cancel := context.WithCancelCause(ctx)
				return c, func() { cancel(gone) }
			},
			"foreign": func() (context.Context, func()) {
				c, cancel := context.WithCancelCause(context.Background())
				return c, func() { cancel(gone) }
			},
		} {
			c, cancel := derive()
			time.AfterFunc(20*time.Millisecond, cancel)
			_, _, err := fetch(c, transport, "GET", url, nil)
			if !errors.Is(err, gone) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A cancel of the task ends a request whatever its context is.
func TestTaskCancelled(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	transport := &Transport{}
	foreign, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, c := range map[string]context.Context{"background": context.Background(), "foreign": foreign} {
		err := aio.Run(context.Background(), func(ctx context.Context) error {
			task := aio.Go(ctx, func(ctx context.Context) error {
				_, _, err := fetch(c, transport, "GET", url, nil)
				return err
			})
			if err := aio.Sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
			task.Cancel(nil)
			_, err := task.Await(ctx)
			if !aio.IsCancelled(err) {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
