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
				control, soon := http.NewResponseController(w), time.Now().Add(60*time.Millisecond)
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
				time.Sleep(70 * time.Millisecond) // past the deadline, which net/http has on the system's clock
			}
		})
	}
}
