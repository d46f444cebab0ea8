//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"io"
	"net/http"
	"testing"

	"github.com/goaio/aio"
)

// The answers to a pipeline do not wait for a request behind them whose handler
// takes long.
func TestAnswersDoNotWaitForThoseBehindThem(t *testing.T) {
	for _, subject := range subjects() {
		t.Run(subject.name, func(t *testing.T) {
			var seen aio.Event
			address := subject.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					_ = seen.Wait(r.Context())
				}
				io.WriteString(w, r.URL.Path)
			}))
			c := dial(t, address)
			io.WriteString(c, "GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h\r\n\r\nGET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
			answers := bufio.NewReader(c)
			for _, want := range []string{"/one", "/two", "/slow"} {
				answer, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatal(err)
				}
				if text, err := io.ReadAll(answer.Body); string(text) != want || err != nil {
					t.Errorf("%q, want %q, %v", text, want, err)
				}
				if want == "/two" {
					seen.Set()
				}
			}
		})
	}
}

// An answer in full duplex does not wait for the rest of the request, which the
// client may hold until it has seen it.
func TestFullDuplexAnswersBeforeTheBodyHasCome(t *testing.T) {
	for _, subject := range subjects() {
		t.Run(subject.name, func(t *testing.T) {
			address := subject.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).EnableFullDuplex()
				io.WriteString(w, "hello")
			}))
			c := dial(t, address)
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(answer.Body); string(text) != "hello" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}
