//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// closes counts how often a body was closed.
type closes struct {
	io.Reader
	n chan struct{}
}

func (c closes) Close() error { c.n <- struct{}{}; return nil }

func TestBodyIsClosed(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	mute := speak(t, func(r *bufio.Reader, c net.Conn) { _, _ = http.ReadRequest(r) })
	failing := errors.New("failing")
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for name, c := range map[string]struct {
			url    string
			body   io.Reader
			length int64
			fails  bool
		}{
			"short":        {url, strings.NewReader("hello"), 5, false},
			"stream":       {url, iotest.OneByteReader(strings.NewReader("hello")), -1, false},
			"too short":    {url, strings.NewReader("hello"), 6, true},
			"too long":     {url, strings.NewReader("hello"), 4, true},
			"fails":        {url, iotest.ErrReader(failing), -1, true},
			"fails within": {url, io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(failing)), 100, true},
			"no answer":    {mute, strings.NewReader("hello"), 5, true},
			"no server":    {"http://127.0.0.1:" + strconv.Itoa(freePort(t)), strings.NewReader("hello"), 5, true},
			"no host":      {"http:///x", strings.NewReader("hello"), 5, true},
			"no scheme":    {"ftp://x", strings.NewReader("hello"), 5, true},
		} {
			body := closes{c.body, make(chan struct{}, 5)}
			request, err := http.NewRequestWithContext(ctx, "POST", c.url, body)
			if err != nil {
				t.Fatal(err)
			}
			request.ContentLength = c.length
			response, err := transport.RoundTrip(request)
			if (err != nil) != c.fails {
				t.Errorf("%s: %v", name, err)
			}
			if strings.HasPrefix(name, "fails") && !errors.Is(err, failing) {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				_ = response.Body.Close()
			}
			if _, _, err := aio.Recv(ctx, body.n); err != nil {
				t.Error(err)
			}
			if len(body.n) > 0 {
				t.Errorf("%s: closed twice", name)
			}
		}
	})
}

// A pipe blocks, and must not stop the loop.
func TestPipeBody(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		_, _ = w.Write(text)
	})
	inTask(t, func(ctx context.Context) {
		transport := &Transport{}
		home := loop.Current()
		r, w := io.Pipe()
		go func() {
			for i := range 3 {
				turned := make(chan struct{})
				home.CallSoon(func() { close(turned) })
				<-turned
				fmt.Fprint(w, i)
			}
			_ = w.Close()
		}()
		if _, text, err := fetch(ctx, transport, "POST", url, r); err != nil || text != "012" {
			t.Errorf("%q, %v", text, err)
		}
	})
}

func TestFileBody(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		_, _ = w.Write(text)
	})
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 100000)), 0o600); err != nil {
		t.Fatal(err)
	}
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, text, err := fetch(ctx, transport, "POST", url, f); err != nil || len(text) != 100000 {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	})
}

// speak accepts connections and has each answered by fn.
func speak(t *testing.T, fn func(r *bufio.Reader, c net.Conn)) string {
	return "http://" + speakRaw(t, func(c net.Conn) { fn(bufio.NewReader(c), c) }) + "/"
}

func speakRaw(t *testing.T, fn func(c net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				fn(c)
			}()
		}
	}()
	return l.Addr().String()
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A server may answer before it has read the request, and never read the rest.
func TestEarlyAnswer(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
		_, _ = c.Read(make([]byte, 1))
		time.Sleep(20 * time.Millisecond)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		response, text, err := fetch(ctx, transport, "POST", url, endless{})
		if err != nil || response.StatusCode != 413 || text != "no" {
			t.Errorf("%v %q, %v", response, text, err)
		}
		for end := time.Now().Add(patience); ; _ = aio.Sleep(ctx, time.Millisecond) {
			if open, _, _ := transport.pool.counts(); open == 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the connection is used on")
			}
		}
	})
}

func TestExpectContinue(t *testing.T) {
	for name, c := range map[string]struct {
		answer string // to the head
		body   string // that the server gets
		status int
	}{
		"told":       {"HTTP/1.1 100 Continue\r\n\r\n", "hello", 200},
		"not told":   {"", "hello", 200},
		"refused":    {"HTTP/1.1 417 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "", 417},
		"hinted too": {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", "hello", 200},
	} {
		got := make(chan string, 2)
		url := speak(t, func(r *bufio.Reader, conn net.Conn) {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, c.answer)
			body, _ := io.ReadAll(request.Body)
			if got <- string(body); c.status == 200 {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
			transport.ExpectContinueTimeout = 30 * time.Millisecond
			request, _ := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader("hello"))
			request.Header.Set("Expect", "100-continue")
			response, err := transport.RoundTrip(request)
			if err != nil || response.StatusCode != c.status {
				t.Fatalf("%s: %v, %v", name, response, err)
			}
			_ = response.Body.Close()
			if body, _, err := aio.Recv(ctx, got); err != nil || body != c.body {
				t.Errorf("%s: the server got %q, %v", name, body, err)
			}
		})
	}
}

// A connection of another package lives on when the time for 100 Continue has
// passed.
func TestExpectContinueOnAForeignConnection(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(60 * time.Millisecond) // says nothing before it reads
		text, _ := io.ReadAll(r.Body)
		_, _ = w.Write(text)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.DialContext = (&net.Dialer{}).DialContext
		transport.ExpectContinueTimeout = 20 * time.Millisecond
		for range 2 {
			request, _ := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader("hello"))
			request.Header.Set("Expect", "100-continue")
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(response.Body); string(text) != "hello" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
			_ = response.Body.Close()
		}
	})
}

// A cancel closes a pipe that the request's body is read from, so that neither its
// writer nor its reader is left waiting.
func TestCancelClosesAPipe(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) { _, _ = io.Copy(io.Discard, r) })
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		reader, writer := io.Pipe()
		own, cancel := context.WithCancel(ctx)
		request, err := http.NewRequestWithContext(own, "POST", url, reader)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(writer, "hello") // the sender waits for more from here on
			cancel()
		}()
		if _, err := transport.RoundTrip(request); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		eventually(t, "the sender has ended", func() bool {
			buffer := make([]byte, 1<<20)
			return !strings.Contains(string(buffer[:runtime.Stack(buffer, true)]), "aiohttp.(*sender)")
		})
		_ = writer.Close()
	})
}

func TestHeaderTimeout(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) { _, _ = io.Copy(io.Discard, r) })
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.ResponseHeaderTimeout = 20 * time.Millisecond
		for _, body := range []io.Reader{nil, strings.NewReader("hello"), iotest.OneByteReader(strings.NewReader("hello"))} {
			_, _, err := fetch(ctx, transport, "POST", url, body)
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%v", err)
			}
		}
		eventually(t, "the connections are counted off", func() bool { // a sender may do that, on a goroutine of its own
			open, _, _ := transport.pool.counts()
			return open == 0
		})
	})
}

func TestMaxResponseHeaderBytes(t *testing.T) {
	server := newScriptedServer(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.MaxResponseHeaderBytes = 1000
		for answer, fails := range map[string]bool{
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: " + strings.Repeat("x", 900) + "\r\n\r\n":                    false,
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: " + strings.Repeat("x", 1000) + "\r\n\r\n":                   true,
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: " + strings.Repeat("x", 1000):                                true,
			strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": true,
		} {
			server.script(answer, false, 0)
			if _, _, err := fetch(ctx, transport, "GET", server.url(), nil); (err != nil) != fails {
				t.Errorf("%.60q: %v", answer, err)
			}
		}
	})
}

func TestRequestTrailers(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Trailer)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		request, _ := http.NewRequestWithContext(ctx, "POST", url, io.MultiReader(strings.NewReader("hello")))
		request.Trailer = http.Header{"Checksum": nil}
		request.Body = io.NopCloser(io.MultiReader(request.Body, readerFunc(func([]byte) (int, error) {
			request.Trailer.Set("Checksum", "abc") // known only at the end
			return 0, io.EOF
		})))
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		if string(text) != "map[Checksum:[abc]]" {
			t.Errorf("%q", text)
		}
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestUpgrade(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nwelcome ")
		_, _ = io.Copy(c, r)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for detach := range 2 {
			c, cancel := context.WithCancel(ctx)
			request, _ := http.NewRequestWithContext(c, "GET", url, nil)
			request.Header.Set("Connection", "Upgrade")
			request.Header.Set("Upgrade", "echo")
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			cancel() // concerns the connection no more
			conn, is := response.Body.(io.ReadWriteCloser)
			if !is || response.StatusCode != 101 {
				t.Fatalf("%T", response.Body)
			}
			if detach == 1 {
				raw, unread := response.Body.(*Upgraded).Detach()
				conn = struct {
					io.Reader
					io.WriteCloser
				}{io.MultiReader(strings.NewReader(string(unread)), raw), raw}
			}
			_, _ = io.WriteString(conn, "hello")
			var b [13]byte
			if _, err := io.ReadFull(conn, b[:]); err != nil || string(b[:]) != "welcome hello" {
				t.Errorf("%q, %v", b, err)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			if open, _, _ := transport.pool.counts(); open != 0 {
				t.Errorf("%d open", open)
			}
		}
	})
}

func TestTrace(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.Copy(w, r.Body)
	})
	url = strings.Replace(url, "127.0.0.1", "localhost", 1)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		var seen []string
		note := func(what string) { seen = append(seen, what) }
		trace := &httptrace.ClientTrace{
			GetConn:              func(string) { note("GetConn") },
			GotConn:              func(i httptrace.GotConnInfo) { note(fmt.Sprintf("GotConn %v %v", i.Reused, i.WasIdle)) },
			PutIdleConn:          func(err error) { note(fmt.Sprint("PutIdleConn ", err)) },
			GotFirstResponseByte: func() { note("GotFirstResponseByte") },
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
				note(fmt.Sprint("Got1xxResponse ", code))
				return nil
			},
			DNSStart:         func(httptrace.DNSStartInfo) { note("DNSStart") },
			DNSDone:          func(httptrace.DNSDoneInfo) { note("DNSDone") },
			ConnectStart:     func(string, string) { note("ConnectStart") },
			ConnectDone:      func(_, _ string, err error) { note(fmt.Sprint("ConnectDone ", err)) },
			WroteHeaderField: func(key string, _ []string) { note("WroteHeaderField " + key) },
			WroteHeaders:     func() { note("WroteHeaders") },
			WroteRequest:     func(i httptrace.WroteRequestInfo) { note(fmt.Sprint("WroteRequest ", i.Err)) },
		}
		for range 2 {
			if _, text, err := fetch(httptrace.WithClientTrace(ctx, trace), transport, "POST", url, strings.NewReader("hello")); err != nil || text != "hello" {
				t.Errorf("%q, %v", text, err)
			}
		}
		text := strings.Join(seen, "\n")
		text = strings.ReplaceAll(text, "ConnectStart\nConnectStart", "ConnectStart") // of two addresses
		rest := "WroteHeaderField Host\nWroteHeaderField User-Agent\nWroteHeaderField Content-Length\nWroteHeaderField Accept-Encoding\nWroteHeaders\nWroteRequest <nil>\nGotFirstResponseByte\nGot1xxResponse 103\nPutIdleConn <nil>"
		want := "GetConn\nDNSStart\nDNSDone\nConnectStart\nConnectDone <nil>\nGotConn false false\n" + rest + "\nGetConn\nGotConn true true\n" + rest
		if text != want {
			t.Errorf("got\n%s\nwant\n%s", text, want)
		}
	})
}
