//go:build unix && !aix

package websocket

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
)

func TestProof(t *testing.T) {
	if got := proof(sampleKey); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" { // RFC 6455, section 1.3
		t.Error(got)
	}
}

func TestAccept(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Mine", "yes")
		c, err := Accept(w, r, &AcceptOptions{
			Options: Options{Subprotocols: []string{"two", "one"}, Compression: true},
			Origins: []string{"*.example.com"},
		})
		if err == nil {
			c.CloseNow()
		}
	})
	base := []string{"Host: here.org", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + sampleKey}
	without := func(name string, more ...string) (fields []string) {
		for _, field := range base {
			if !strings.HasPrefix(field, name+":") {
				fields = append(fields, field)
			}
		}
		return append(fields, more...)
	}
	with := func(more ...string) []string { return without("-", more...) }
	for _, s := range subjects {
		address := s.serve(t, handler)
		for _, c := range []struct {
			name   string
			line   string
			fields []string
			status int
			says   string // a field of the answer, or a part of its body
		}{
			{"plain", "", base, 101, "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
			{"fields of the handler", "", base, 101, "X-Mine: yes"},
			{"subprotocols, the server's best", "", with("Sec-WebSocket-Protocol: one, two"), 101, "Sec-Websocket-Protocol: two"},
			{"subprotocols in two lines", "", with("Sec-WebSocket-Protocol: none", "Sec-WebSocket-Protocol: one"), 101, "Sec-Websocket-Protocol: one"},
			{"no such subprotocol", "", with("Sec-WebSocket-Protocol: three"), 101, "Connection: Upgrade"},
			{"compression", "", with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), 101,
				"Sec-Websocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
			{"compression, second choice", "", with("Sec-WebSocket-Extensions: bzip, permessage-deflate; server_max_window_bits=9, permessage-deflate"), 101,
				"Sec-Websocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
			{"the same origin", "", with("Origin: http://HERE.org"), 101, ""},
			{"an origin that may", "", with("Origin: https://www.example.com"), 101, ""},
			{"an origin that may not", "", with("Origin: https://example.org"), 403, "Origins"},
			{"an origin of no host", "", with("Origin: null"), 403, "Origins"},
			{"POST", "POST / HTTP/1.1", base, 405, "GET"},
			{"HTTP/1.0", "GET / HTTP/1.0", base, 400, "HTTP/1.1"},
			{"no Connection", "", without("Connection"), 426, "Upgrade: websocket"},
			{"no Upgrade", "", without("Upgrade"), 426, "Upgrade: websocket"},
			{"another upgrade", "", without("Upgrade", "Upgrade: h2c"), 426, "Upgrade: websocket"},
			{"version 12", "", without("Sec-WebSocket-Version", "Sec-WebSocket-Version: 12"), 426, "Sec-Websocket-Version: 13"},
			{"no key", "", without("Sec-WebSocket-Key"), 400, "Sec-WebSocket-Key"},
			{"a short key", "", without("Sec-WebSocket-Key", "Sec-WebSocket-Key: AQID"), 400, "Sec-WebSocket-Key"},
			{"two keys", "", with("Sec-WebSocket-Key: " + sampleKey), 400, "Sec-WebSocket-Key"},
		} {
			t.Run(s.name+", "+c.name, func(t *testing.T) {
				line := c.line
				if line == "" {
					line = "GET / HTTP/1.1"
				}
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
				fmt.Fprintf(conn, "%s\r\n%s\r\n\r\n", line, strings.Join(c.fields, "\r\n"))
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				var text strings.Builder
				_ = answer.Header.Write(&text)
				if answer.StatusCode != 101 {
					body, _ := io.ReadAll(answer.Body)
					text.Write(body)
				} else if answer.Header["Transfer-Encoding"] != nil || answer.Header["Content-Length"] != nil {
					t.Errorf("a body is announced: %v", answer.Header)
				}
				if answer.StatusCode != c.status || !strings.Contains(text.String(), c.says) {
					t.Errorf("%s\n%s", answer.Status, &text)
				}
				if c.name == "no such subprotocol" && answer.Header.Get("Sec-WebSocket-Protocol") != "" {
					t.Error("a subprotocol that is not spoken")
				}
			})
		}
	}
}

// A ResponseWriter that cannot be hijacked is an error that says so.
func TestAcceptWithoutHijacker(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {sampleKey}}
	_, err := Accept(w, r, nil)
	if err == nil || w.Code != http.StatusNotImplemented || w.Header().Get("Upgrade") != "" || !strings.Contains(w.Body.String(), "hijacked") {
		t.Error(err, w.Code, w.Header(), w.Body)
	}
}

// answers are what a server may answer to a client.
func TestDialAnswers(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: KEY\r\n"
	for _, c := range []struct {
		name, answer, says string
	}{
		{"good", good + "\r\n", ""},
		{"a subprotocol that was offered", good + "Sec-WebSocket-Protocol: one\r\n\r\n", ""},
		{"one that was not", good + "Sec-WebSocket-Protocol: two\r\n\r\n", `subprotocol "two"`},
		{"compression", good + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n", ""},
		{"compression with a memory", good + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "extension"},
		{"twice", good + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover\r\n\r\n", "extension"},
		{"another extension", good + "Sec-WebSocket-Extensions: x-mine\r\n\r\n", "extension"},
		{"200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 OK"},
		{"no Upgrade", strings.Replace(good, "Upgrade: websocket\r\n", "", 1) + "\r\n", "does not upgrade"},
		{"no Connection", strings.Replace(good, "Connection: upgrade\r\n", "", 1) + "\r\n", "does not upgrade"},
		{"another key's proof", strings.Replace(good, "KEY", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 1) + "\r\n", "Accept"},
		{"no HTTP", "hello\r\n\r\n", "malformed"},
		{"nothing", "", "EOF"},
		{"an endless head", "HTTP/1.1 101 Switching Protocols\r\nX: " + strings.Repeat("x", 100_000), "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := scripted(t, func(conn net.Conn, key string) {
				_, _ = io.WriteString(conn, strings.Replace(c.answer, "KEY", proof(key), 1))
			})
			inBoth(t, func(t *testing.T, ctx context.Context) {
				conn, err := Dial(ctx, "ws://"+address, &DialOptions{Options: Options{Subprotocols: []string{"one"}, Compression: true}})
				if c.says == "" {
					if err != nil {
						t.Fatal(err)
					}
					conn.CloseNow()
					return
				}
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Fatal(err)
				}
				var bad *HandshakeError
				if errors.As(err, &bad) && bad.Response.StatusCode == 200 {
					if body, err := io.ReadAll(bad.Response.Body); string(body) != "hi" || err != nil {
						t.Errorf("%q, %v", body, err)
					}
				}
			})
		})
	}
}

// scripted is a server that reads a handshake, has answer write, and closes.
func scripted(t *testing.T, answer func(conn net.Conn, key string)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				answer(conn, r.Header.Get("Sec-WebSocket-Key"))
			}
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// Frames that come right behind the answer are not lost.
func TestFramesBehindTheAnswer(t *testing.T) {
	many := strings.Repeat("x", 3000)
	address := scripted(t, func(conn net.Conn, key string) {
		frames := appendFrame(nil, false, false, 1, true, []byte("hello"))
		frames = appendFrame(frames, false, false, 1, true, []byte(many))
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: "+proof(key)+"\r\n\r\n"+string(frames))
	})
	inBoth(t, func(t *testing.T, ctx context.Context) {
		c := dial(t, ctx, address, nil)
		for _, want := range []string{"hello", many} {
			if _, got, err := c.Read(ctx); string(got) != want || err != nil {
				t.Errorf("%.10q, %v", got, err)
			}
		}
	})
}

// An http.Client brings its redirects and cookies, and its transport the connection.
func TestDialThroughClient(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusFound) })
	mux.HandleFunc("/new", forms[1].echo(t, nil))
	mux.HandleFunc("/none", http.NotFound)
	address := subjects[2].serve(t, mux)
	inBoth(t, func(t *testing.T, ctx context.Context) {
		transport := &aiohttp.Transport{}
		defer transport.CloseIdleConnections()
		o := &DialOptions{Client: &http.Client{Transport: transport}}
		c, err := Dial(ctx, "ws://"+address+"/old", o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		if err := c.Write(ctx, Text, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if err := c.Close(StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		var bad *HandshakeError
		if _, err := Dial(ctx, "ws://"+address+"/none", o); !errors.As(err, &bad) || bad.Response.StatusCode != 404 {
			t.Error(err)
		}
	})
	standard := &http.Transport{}
	defer standard.CloseIdleConnections()
	_, err := Dial(background, "ws://"+address+"/new", &DialOptions{Client: &http.Client{Transport: standard}})
	if err == nil || !strings.Contains(err.Error(), "aiohttp.Transport") {
		t.Error(err)
	}
}

func TestDialErrors(t *testing.T) {
	for address, says := range map[string]string{
		"ftp://x":    "ws://",
		"x:80":       "ws://",
		"ws://":      "no host",
		"ws://\x00x": "invalid",
	} {
		if _, err := Dial(background, address, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", address, err)
		}
	}
	silent := scripted(t, func(conn net.Conn, _ string) { _, _ = io.Copy(io.Discard, conn) })
	inBoth(t, func(t *testing.T, ctx context.Context) {
		_, err := Dial(ctx, "ws://"+silent, &DialOptions{HandshakeTimeout: 10 * time.Millisecond})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := Dial(ctx, "ws://"+silent, nil); !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
}
