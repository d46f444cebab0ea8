//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"io"
	"net/http"
	"testing"
	"time"
)

// A deadline that a handler has set is its request's: the connection serves the next
// one when it has passed.
func TestDeadlinesOfAHandlerEndWithIt(t *testing.T) {
	for _, subject := range subjects() {
		t.Run(subject.name, func(t *testing.T) {
			address := subject.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, r.URL.Path)
				control, soon := http.NewResponseController(w), time.Now().Add(10*time.Millisecond)
				switch r.URL.Path {
				case "/read":
					_ = control.SetReadDeadline(soon)
				case "/write":
					_ = control.SetWriteDeadline(soon)
				}
			}))
			c := dial(t, address)
			answers := bufio.NewReader(c)
			for _, path := range []string{"/read", "/one", "/write", "/two"} {
				io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
				answer, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if text, err := io.ReadAll(answer.Body); string(text) != path || err != nil {
					t.Errorf("%q, want %q, %v", text, path, err)
				}
				time.Sleep(15 * time.Millisecond) // past the deadline
			}
		})
	}
}

// A request that cannot be read is answered, although the time for the answer before
// it has passed.
func TestWriteTimeoutIsOfOneAnswer(t *testing.T) {
	address := start(t, &Server{Log: silent(), WriteTimeout: 10 * time.Millisecond, Handler: OnLoop(router())})
	c := dial(t, address)
	answers := bufio.NewReader(c)
	for _, request := range []string{"GET /hello HTTP/1.1\r\nHost: h\r\n\r\n", "no request\r\n\r\n"} {
		io.WriteString(c, request)
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("%q: %v", request, err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		time.Sleep(15 * time.Millisecond)
	}
}
