//go:build unix && !aix

package eventstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aiohttp/aiohttptest"
	"github.com/goaio/aio/aionet"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		event Event
		want  string
	}{
		{Event{Data: "hello"}, "data: hello\n\n"},
		{Event{Data: "two\nlines"}, "data: two\ndata: lines\n\n"},
		{Event{Data: "a\r\nb\rc\n"}, "data: a\ndata: b\ndata: c\ndata: \n\n"},
		{Event{Data: " space"}, "data:  space\n\n"},
		{Event{ID: "7", Name: "price", Data: "9", Retry: 1500 * time.Millisecond}, "id: 7\nevent: price\nretry: 1500\ndata: 9\n\n"},
		{Event{Name: "empty"}, "event: empty\ndata: \n\n"},
		{Event{ID: "8"}, "id: 8\n\n"},
	} {
		if got := string(c.event.append(nil)); got != c.want {
			t.Errorf("%+v: %q, want %q", c.event, got, c.want)
		}
	}
	for _, bad := range []Event{{ID: "a\nb"}, {ID: "a\x00"}, {Name: "a\rdata: b"}} {
		if bad.check() == nil {
			t.Errorf("%+v is sent", bad)
		}
	}
}

// kinds are the servers.
var kinds = []struct {
	name  string
	serve func(t *testing.T, h http.Handler) string
}{
	{"net/http", func(t *testing.T, h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}},
	{"pooled", start},
	{"on loop", func(t *testing.T, h http.Handler) string { return start(t, aiohttp.OnLoop(h)) }},
}

func start(t *testing.T, h http.Handler) string {
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- "http://" + l.Addr().String()
			s := &aiohttp.Server{Handler: h, DrainTimeout: 100 * time.Millisecond, WriteTimeout: 20 * time.Millisecond}
			err = s.Serve(ctx, l)
			return errors.Join(err, s.Shutdown(context.WithoutCancel(ctx)))
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return <-listening
}

// Events arrive as they are sent, a silent stream has comments, and a client that
// leaves is noticed while nothing is sent.
func TestStream(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			more, left := aio.NewQueue[string](0), make(chan error, 1)
			url := k.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := Open(w, r)
				if err != nil {
					left <- err
					return
				}
				if err := s.Send(r.Context(), Event{Data: "since " + s.LastEventID(), Retry: time.Second}); err != nil {
					left <- err
					return
				}
				left <- s.Follow(r.Context(), 30*time.Millisecond, func(ctx context.Context) (Event, error) {
					data, err := more.Get(ctx)
					return Event{ID: "8", Data: data}, err
				})
			}))
			request, _ := http.NewRequest("GET", url, nil)
			request.Header.Set("Last-Event-ID", "7")
			client := &http.Client{Transport: &http.Transport{}}
			answer, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer client.CloseIdleConnections()
			if answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("Cache-Control") == "" {
				t.Error(answer.Header)
			}
			lines := bufio.NewReader(answer.Body)
			expect := func(want string) {
				t.Helper()
				got := make([]byte, len(want))
				if _, err := io.ReadFull(lines, got); err != nil || string(got) != want {
					t.Fatalf("%q, want %q, %v", got, want, err)
				}
			}
			expect("retry: 1000\ndata: since 7\n\n: \n\n: \n\n")
			_ = more.PutNoWait("news")
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(line, "id") {
					break
				}
			}
			expect("data: news\n\n")
			_ = answer.Body.Close()
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// A silent stream has a comment at each interval, one without an interval has none,
// and an error of next ends it, whatever error it is.
func TestFollowUnderVirtualTime(t *testing.T) {
	own := fmt.Errorf("the database: %w", context.DeadlineExceeded)
	for silence, want := range map[time.Duration]string{
		15 * time.Second: ": \n\n: \n\n: \n\ndata: news\n\n",
		0:                "data: news\n\n",
	} {
		var ended error
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := Open(w, r)
			if err != nil {
				t.Error(err)
				return
			}
			news := aio.NewQueue[string](0)
			sender := aio.Go(r.Context(), func(ctx context.Context) error {
				if err := aio.Sleep(ctx, 50*time.Second); err != nil {
					return err
				}
				return news.PutNoWait("news")
			})
			told := false
			ended = s.Follow(r.Context(), silence, func(ctx context.Context) (Event, error) {
				if told {
					return Event{}, own
				}
				data, err := news.Get(ctx)
				told = err == nil
				return Event{Data: data}, err
			})
			if _, err := sender.Await(r.Context()); err != nil {
				t.Error(err)
			}
		})
		aiohttptest.Run(t, handler, func(ctx context.Context, client *http.Client) {
			response, err := client.Get("/")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if text, err := io.ReadAll(response.Body); string(text) != want || err != nil {
				t.Errorf("silence %v: %q, %v", silence, text, err)
			}
		})
		if ended != own {
			t.Errorf("silence %v: %v", silence, ended)
		}
	}
}

// curl shows events as they come.
func TestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not here: apt-get install curl")
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			url := k.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := Open(w, r)
				if err != nil {
					return
				}
				for _, data := range []string{"one", "two"} {
					_ = s.Send(r.Context(), Event{Data: data})
				}
				_ = s.Comment(r.Context(), "over")
			}))
			out, err := exec.Command("curl", "-sN", url).CombinedOutput()
			if want := "data: one\n\ndata: two\n\n: over\n\n"; string(out) != want || err != nil {
				t.Errorf("%q, %v", out, err)
			}
		})
	}
}

// unflushable hides what a server can do.
type unflushable struct{ http.ResponseWriter }

func TestNoFlusher(t *testing.T) {
	w := httptest.NewRecorder()
	_, err := Open(unflushable{w}, httptest.NewRequest("GET", "/", nil))
	if err == nil || w.Code != 500 || !strings.Contains(w.Body.String(), "flushed") {
		t.Error(err, w.Code, w.Body)
	}
}
