//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// both runs a test with a handler on the pool and on the loop.
func both(t *testing.T, test func(t *testing.T, mark func(http.Handler) http.Handler)) {
	t.Run("pooled", func(t *testing.T) { test(t, func(h http.Handler) http.Handler { return h }) })
	t.Run("on loop", func(t *testing.T) { test(t, OnLoop) })
}

func dial(t *testing.T, address string) halfCloser {
	t.Helper()
	c := dialTo(t, address)
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestTheContextEndsWhenTheClientLeaves(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		begun, ended := make(chan struct{}), make(chan error, 1)
		address := start(t, &Server{Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			err := aio.Sleep(r.Context(), time.Hour)
			if context.Cause(r.Context()) != errClientLeft {
				err = fmt.Errorf("%w because of %v", err, context.Cause(r.Context()))
			}
			ended <- err
		})), Log: silent()})
		c := dial(t, address)
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		<-begun
		c.Close()
		if err := <-ended; !aio.IsCancelled(err) {
			t.Errorf("got %v", err)
		}
	})
}

// A derived context of package context ends too.
func TestADerivedContextEndsWhenTheClientLeaves(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	address := start(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Hour)
		defer cancel()
		close(begun)
		<-ctx.Done()
		ended <- context.Cause(ctx)
	}), Log: silent()})
	c := dial(t, address)
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-begun
	c.Close()
	if err := <-ended; err != errClientLeft {
		t.Errorf("got %v", err)
	}
}

func TestAnswersOfAPipelineComeInOrder(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		address := start(t, &Server{Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/0" {
				_ = aio.Sleep(r.Context(), 10*time.Millisecond)
			}
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s", r.URL.Path, body)
		}))})
		c := dial(t, address)
		var pipeline strings.Builder
		for i := range 100 {
			fmt.Fprintf(&pipeline, "POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", i, i, strings.Repeat("x", i))
		}
		if _, err := io.WriteString(c, pipeline.String()); err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(c)
		for i := range 100 {
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if want := fmt.Sprintf("/%d %s", i, strings.Repeat("x", i)); err != nil || string(body) != want {
				t.Fatalf("got %q, %v, want %q", body, err, want)
			}
		}
	})
}

// What smuggling is made of is refused, although net/http takes some of it.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	address := start(t, &Server{Handler: OnLoop(router())})
	for _, request := range []string{
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\nX-A: b\r\n folded\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: h\r\n\tfolded: b\r\n\r\n",
	} {
		if got := roundTrip(t, address, request); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%q: got %q", request, got)
		}
	}
}

func TestTooLargeAHeadIsRefused(t *testing.T) {
	address := start(t, &Server{Handler: OnLoop(router()), MaxHeaderBytes: 32 << 10})
	for name, request := range map[string]string{
		"one field":   "GET /hello HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 64<<10),
		"many fields": "GET /hello HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("a: b\r\n", 100_000),
		"no end":      strings.Repeat("x", 64<<10),
	} {
		c := dial(t, address)
		go io.WriteString(c, request)
		got, _ := bufio.NewReader(c).ReadString('\n')
		if got != "HTTP/1.1 431 Request Header Fields Too Large\r\n" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	large := "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: " + strings.Repeat("x", 30<<10) + "\r\n\r\n"
	if got := roundTrip(t, address, large); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("one that is just allowed: got %q", got)
	}
}

func TestASlowHeadTimesOut(t *testing.T) {
	address := start(t, &Server{Handler: OnLoop(router()), ReadHeaderTimeout: 20 * time.Millisecond})
	c := dial(t, address)
	fmt.Fprintf(c, "GET /hello HTTP/1.1\r\nHos")
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestShutdownLetsARequestFinish(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		begun, release := make(chan struct{}), &aio.Event{}
		s := &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			_ = release.Wait(r.Context())
			io.WriteString(w, "finished")
		}))}
		address := start(t, s)
		idle := dial(t, address)
		busy := dial(t, address)
		fmt.Fprintf(busy, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		<-begun
		s.DrainTimeout = time.Minute
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(context.Background()) }()
		if got, err := io.ReadAll(idle); len(got) > 0 || err != nil {
			t.Errorf("idle: got %q, %v", got, err)
		}
		release.Set()
		got, err := io.ReadAll(busy)
		if !strings.HasSuffix(string(got), "finished") || err != nil {
			t.Errorf("busy: got %q, %v", got, err)
		}
		if err := <-down; err != nil {
			t.Error(err)
		}
	})
}
