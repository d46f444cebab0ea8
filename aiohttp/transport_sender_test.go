//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// wrapped is a body of a type that nobody knows.
type wrapped struct{ io.ReadCloser }

// taking is one whose Close waits for a Read, as that of net/http's server does.
type taking struct {
	io.Reader
	turn sync.Mutex
}

func (b *taking) Read(p []byte) (int, error) {
	b.turn.Lock()
	defer b.turn.Unlock()
	return b.Reader.Read(p)
}

func (b *taking) Close() error {
	b.turn.Lock()
	defer b.turn.Unlock()
	return nil
}

func noSenderLeft() bool {
	buffer := make([]byte, 1<<20)
	stacks := string(buffer[:runtime.Stack(buffer, true)])
	return !strings.Contains(stacks, "aiohttp.(*sender)") && !strings.Contains(stacks, "aiohttp.(*probedBody)")
}

// A cancel closes a body that a goroutine reads, whatever its type is, and does not
// wait for that.
func TestCancelClosesABodyOfAnyType(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) { _, _ = io.Copy(io.Discard, r) })
	for _, method := range []string{"POST", "GET"} {
		for name, wrap := range map[string]func(*io.PipeReader) io.ReadCloser{
			"wrapped": func(r *io.PipeReader) io.ReadCloser { return wrapped{r} },
			"taking":  func(r *io.PipeReader) io.ReadCloser { return &taking{Reader: r} },
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				transport := &Transport{}
				reader, writer := io.Pipe()
				ctx, cancel := context.WithCancel(context.Background())
				request, err := http.NewRequestWithContext(ctx, method, url, wrap(reader))
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					_, _ = io.WriteString(writer, "hello") // it waits for more from here on
					cancel()
				}()
				if _, err := transport.RoundTrip(request); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if name == "taking" {
					_ = writer.Close()
				}
				eventually(t, "the sender has ended", noSenderLeft)
				_ = writer.Close()
			})
		}
	}
}

// The body of a request that usually has none may say nothing for long: neither
// its loop nor a cancel waits for it.
func TestCancelBeforeTheFirstByteOfABody(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) { _, _ = io.Copy(io.Discard, r) })
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		reader, writer := io.Pipe()
		defer writer.Close()
		own, cancel := context.WithCancel(ctx)
		request, err := http.NewRequestWithContext(own, "DELETE", url, reader)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		if _, err := transport.RoundTrip(request); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		eventually(t, "the sender has ended", noSenderLeft)
	})
}

// A body that is slow to begin is sent once it does, and an empty one is none.
func TestFirstByteOfABody(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Join(r.TransferEncoding, " ")+" ")
		_ = http.NewResponseController(w).EnableFullDuplex()
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(w, r.Body)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		for _, c := range []struct{ text, want string }{{"hello", "chunked hello"}, {"", " "}} {
			reader, writer := io.Pipe()
			go func() {
				if c.text != "" { // a pipe hands an empty write on
					_, _ = io.WriteString(writer, c.text)
				}
				_ = writer.Close()
			}()
			if _, text, err := fetch(ctx, transport, "GET", url, reader); text != c.want || err != nil {
				t.Errorf("%q, want %q, %v", text, c.want, err)
			}
		}
		// One that begins after the answer has.
		reader, writer := io.Pipe()
		request, err := http.NewRequestWithContext(ctx, "GET", url, reader)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		go func() {
			_, _ = io.WriteString(writer, "hello")
			_ = writer.Close()
		}()
		if text, err := io.ReadAll(response.Body); string(text) != "chunked hello" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// Closing a response before its end ends the sending of the request, which nobody
// reads any more.
func TestClosingAResponseEndsTheSender(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
		_, _ = io.Copy(io.Discard, r)
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		pipe, writer := io.Pipe()
		defer writer.Close()
		bodies := []io.ReadCloser{pipe}
		if ctx == context.Background() {
			other, writer := io.Pipe()
			defer writer.Close()
			bodies = append(bodies, wrapped{other})
		} else {
			silent, other, err := aionet.SocketPair()
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			bodies = append(bodies, silent)
		}
		for _, body := range bodies {
			request, err := http.NewRequestWithContext(ctx, "POST", url, body)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if ctx != context.Background() {
				if err := aio.Sleep(ctx, 0); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "the sender has ended", noSenderLeft)
		}
	})
}
