//go:build unix && !aix

package main

import (
	"context"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

func start(t *testing.T, more ...func(http.Handler) http.Handler) (url string) {
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- "http://" + l.Addr().String()
			return serve(ctx, l, more...)
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
	return <-listening
}

// One curl after the other: what a person would type.
func TestNotesWithCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl: apt-get install curl")
	}
	url := start(t)
	for _, c := range []struct {
		arguments []string
		want      string // the body and the status
	}{
		{[]string{"/notes"}, "[] 200"},
		{[]string{"-d", `{"text":"buy milk"}`, "/notes"}, `{"id":1,"text":"buy milk","done":false} 201`},
		{[]string{"-d", `{"text":"κόσμε"}`, "-H", "Transfer-Encoding: chunked", "/notes"}, `{"id":2,"text":"κόσμε","done":false} 201`},
		{[]string{"/notes/1"}, `{"id":1,"text":"buy milk","done":false} 200`},
		{[]string{"-X", "PUT", "-d", `{"text":"buy milk","done":true}`, "/notes/1"}, `{"id":1,"text":"buy milk","done":true} 200`},
		{[]string{"--compressed", "/notes"}, `[{"id":1,"text":"buy milk","done":true},{"id":2,"text":"κόσμε","done":false}] 200`},
		{[]string{"-X", "DELETE", "/notes/1"}, "204"},
		{[]string{"/notes/1"}, `{"error":"there is no note \"1\""} 404`},
		{[]string{"/notes/x"}, `{"error":"there is no note \"x\""} 404`},
		{[]string{"-d", `{"text":" "}`, "/notes"}, `{"error":"a note needs a text"} 422`},
		{[]string{"-d", `[]`, "/notes"}, `{"error":"the body is no note: json: cannot unmarshal array into Go value of type main.note"} 400`},
		{[]string{"-d", `{"text":"` + strings.Repeat("x", 70<<10) + `"}`, "/notes"}, `{"error":"a note has at most 65536 bytes"} 413`},
		{[]string{"-d", "x", "-H", "Content-Type: text/plain", "/notes"}, "415"},
		{[]string{"-X", "PATCH", "/notes"}, "Method Not Allowed 405"},
	} {
		last := len(c.arguments) - 1
		arguments := append([]string{"-sS", "-w", " %{http_code}"}, c.arguments[:last]...)
		out, err := exec.Command("curl", append(arguments, url+c.arguments[last])...).CombinedOutput()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != c.want {
			t.Errorf("curl %.80q: %s, %v; want %s", c.arguments, got, err, c.want)
		}
	}
}

// Middleware of the program comes before that of the service.
func TestMiddlewareSeesARequest(t *testing.T) {
	seen := make(chan string, 1)
	url := start(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen <- r.Method + " " + r.URL.Path
			next.ServeHTTP(w, r)
		})
	})
	answer, err := http.Get(url + "/notes")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if got := <-seen; got != "GET /notes" {
		t.Error(got)
	}
}
