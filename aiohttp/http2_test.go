//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// speakHTTP2 runs a test over TLS and with prior knowledge, with a handler on a
// goroutine and on the loop.
func speakHTTP2(t *testing.T, s func() *Server, test func(t *testing.T, s *Server, client *http.Client, url string), h http.HandlerFunc) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		t.Run("TLS", func(t *testing.T) {
			server := s()
			server.Handler = mark(h)
			address := strings.TrimPrefix(startTLS(t, server), "tls:")
			transport := &http.Transport{TLSClientConfig: clientTLS(), ForceAttemptHTTP2: true}
			t.Cleanup(transport.CloseIdleConnections)
			test(t, server, &http.Client{Transport: transport}, "https://"+address)
		})
		t.Run("prior knowledge", func(t *testing.T) {
			server := s()
			server.Handler = mark(h)
			server.Protocols = new(http.Protocols)
			server.Protocols.SetUnencryptedHTTP2(true)
			address := start(t, server)
			transport := &http.Transport{Protocols: server.Protocols}
			t.Cleanup(transport.CloseIdleConnections)
			test(t, server, &http.Client{Transport: transport}, "http://"+address)
		})
	})
}

func quietServer() *Server { return &Server{Log: silent()} }

func TestHTTP2(t *testing.T) {
	type key struct{}
	server := func() *Server {
		s := quietServer()
		s.BaseContext = func(net.Listener) context.Context { return context.WithValue(context.Background(), key{}, "base") }
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, key{}, ctx.Value(key{}).(string)+" and "+c.RemoteAddr().Network())
		}
		return s
	}
	speakHTTP2(t, server, func(t *testing.T, s *Server, client *http.Client, url string) {
		body := strings.Repeat("0123456789abcdef", 20_000) // more than a window
		for range 3 {
			answer, err := client.Post(url+"/echo", "text/plain", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || string(got) != body {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			want := fmt.Sprintf("HTTP/2.0 %v base and tcp true true", strings.HasPrefix(url, "https"))
			if got := answer.Header.Get("X-Seen"); got != want || answer.ProtoMajor != 2 {
				t.Errorf("got %q, want %q", got, want)
			}
			if got := answer.Trailer.Get("X-Sum"); got != "done" {
				t.Errorf("trailer %q", got)
			}
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		_, server := ctx.Value(http.ServerContextKey).(*http.Server)
		w.Header().Set("X-Seen", fmt.Sprint(r.Proto, " ", r.TLS != nil, " ", ctx.Value(key{}), " ", server, " ", ctx.Value(http.LocalAddrContextKey) != nil))
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusEarlyHints)
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Sum", "done")
	})
}

// A marked handler runs on the loop, whoever calls it.
func TestHTTP2OnTheLoop(t *testing.T) {
	visits := 0 // which needs no lock
	server := &Server{Log: silent(), Handler: OnLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if loop.Current() == nil {
			t.Error("a goroutine")
		}
		if err := aio.Sleep(r.Context(), 0); err != nil {
			t.Error(err)
		}
		visits++
		w.Header().Set("X-Visits", strconv.Itoa(visits))
		if r.URL.Path == "/panic" {
			panic(http.ErrAbortHandler)
		}
	}))}
	address := strings.TrimPrefix(startTLS(t, server), "tls:")
	transport := &http.Transport{TLSClientConfig: clientTLS(), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			answer, err := client.Get("https://" + address)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
		})
	}
	all.Wait()
	if _, err := client.Get("https://" + address + "/panic"); err == nil {
		t.Error("an aborted handler's answer")
	}
	answer, err := client.Get("https://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got := answer.Header.Get("X-Visits"); got != "52" {
		t.Errorf("%s visits", got)
	}
}

func TestHTTP2TheContextEndsWhenTheClientLeaves(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	speakHTTP2(t, quietServer, func(t *testing.T, s *Server, client *http.Client, url string) {
		ctx, leave := context.WithCancel(context.Background())
		go func() {
			<-begun
			leave()
		}()
		request, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
		if _, err := client.Do(request); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-ended; !aio.IsCancelled(err) {
			t.Errorf("got %v", err)
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		ended <- aio.Sleep(r.Context(), time.Hour)
	})
}

func TestHTTP2ShutdownLetsARequestFinish(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	server := func() *Server { return &Server{Log: silent(), DrainTimeout: time.Minute} }
	speakHTTP2(t, server, func(t *testing.T, s *Server, client *http.Client, url string) {
		down := make(chan error, 1)
		s.RegisterOnShutdown(func() { release <- struct{}{} })
		go func() {
			<-begun
			down <- s.Shutdown(context.Background())
		}()
		answer, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(got) != "finished" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if err := <-down; err != nil {
			t.Error(err)
		}
		if _, err := client.Get(url); err == nil {
			t.Error("the server serves on")
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		_, _, _ = aio.Recv(r.Context(), release)
		io.WriteString(w, "finished")
	})
}

// One that does not finish is cancelled.
func TestHTTP2ShutdownCancelsWhatIsLeft(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	server := func() *Server { return &Server{Log: silent(), DrainTimeout: 10 * time.Millisecond} }
	speakHTTP2(t, server, func(t *testing.T, s *Server, client *http.Client, url string) {
		down := make(chan error, 1)
		go func() {
			<-begun
			down <- s.Shutdown(context.Background())
		}()
		if _, err := client.Get(url); err == nil {
			t.Error("an answer")
		}
		if err := <-down; err == nil {
			t.Error("the shutdown did not say so")
		}
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		ended <- aio.Sleep(r.Context(), time.Hour)
	})
}

// HTTP/1 and HTTP/2 share a port, if the server allows it, and only then.
func TestPriorKnowledge(t *testing.T) {
	preface := http2Preface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // and empty settings
	for _, test := range []struct {
		allow func(*http.Protocols)
		send  string
		want  string
	}{
		{func(p *http.Protocols) { p.SetHTTP1(true) }, preface, "HTTP/1.1 505"},
		{func(p *http.Protocols) { p.SetHTTP1(true); p.SetUnencryptedHTTP2(true) }, preface, "\x00\x00"},
		{func(p *http.Protocols) { p.SetHTTP1(true); p.SetUnencryptedHTTP2(true) }, "PUT /hello" + end, "HTTP/1.1 200"},
		{func(p *http.Protocols) { p.SetHTTP1(true); p.SetUnencryptedHTTP2(true) }, "PRI *" + end, "HTTP/1.1 4"},
		{func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }, "GET /hello" + end, ""},
	} {
		p := new(http.Protocols)
		test.allow(p)
		address := start(t, &Server{Log: silent(), Handler: OnLoop(router()), Protocols: p})
		for _, cut := range []int{1, 10, len(test.send)} {
			c := dial(t, address)
			io.WriteString(c, test.send[:cut])
			time.Sleep(time.Millisecond) // so that they mostly come apart
			io.WriteString(c, test.send[cut:])
			got := make([]byte, len(test.want))
			n, _ := io.ReadFull(c, got)
			if string(got[:n]) != test.want {
				t.Errorf("%v, %.20q: got %q, want %q", p, test.send, got[:n], test.want)
			}
			c.Close()
		}
	}
}

func TestTheAccessLogOfHTTP2(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	server := func() *Server {
		log.Reset()
		return &Server{Log: silent(), AccessLog: slog.New(slog.NewTextHandler(&locked{&mu, &log}, nil))}
	}
	speakHTTP2(t, server, func(t *testing.T, s *Server, client *http.Client, url string) {
		answer, err := client.Get(url + "/path?q")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		_ = s.Shutdown(context.Background())
		mu.Lock()
		defer mu.Unlock()
		for _, want := range []string{"method=GET", "target=/path?q", "protocol=HTTP/2.0", "status=418", "bytes=6", "took="} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%s is not in %q", want, log.String())
			}
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "teapot")
	})
}

// locked lets several write.
type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
