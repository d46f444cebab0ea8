//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// With one connection a host, each way that a call ends lets the next one have it or
// dial, and nothing of an answer is taken for the next.
func TestEverySlotIsFreed(t *testing.T) {
	url := speak(t, func(r *bufio.Reader, c net.Conn) {
		for {
			q, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			switch q.URL.Path {
			case "/hang":
				_, _ = io.Copy(io.Discard, r)
				return
			case "/reset":
				_ = c.(*net.TCPConn).SetLinger(0)
				return
			case "/bad":
				_, _ = io.WriteString(c, "nonsense\r\n\r\n")
			case "/half":
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
				_, _ = io.Copy(io.Discard, r)
				return
			case "/early":
				_, _ = io.WriteString(c, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
				_, _ = io.Copy(io.Discard, r)
				return
			case "/more":
				_, _ = io.Copy(io.Discard, q.Body)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
			case "/upgrade":
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			default:
				_, _ = io.Copy(io.Discard, q.Body)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		}
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.MaxConnsPerHost = 1
		for _, path := range []string{"", "hang", "", "reset", "bad", "", "half", "half-read", "", "early", "more", "", "upgrade", "", "canceled", "body", ""} {
			limit := 10 * time.Second
			if path == "hang" || path == "half" {
				limit = 20 * time.Millisecond
			}
			limited, cancel := aio.WithTimeout(ctx, limit)
			if path == "canceled" {
				cancel()
			}
			var body io.Reader
			if path == "early" {
				body = endless{}
			}
			if path == "body" {
				body = io.MultiReader(io.LimitReader(endless{}, 100), failing{})
			}
			if path == "more" {
				body = io.LimitReader(endless{}, 100000)
			}
			target := path
			if path == "half-read" {
				target = "half"
			}
			request, err := http.NewRequestWithContext(limited, "POST", url+target, body)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(request)
			switch path {
			case "hang", "reset", "bad", "canceled", "body":
				if err == nil {
					t.Errorf("%s: no error", path)
				}
			default:
				if err != nil {
					t.Fatalf("%q: %v", path, err)
				}
				if path == "half-read" {
					_, _ = response.Body.Read(make([]byte, 2))
				} else if path != "upgrade" {
					text, err := io.ReadAll(response.Body)
					if path == "" && (string(text) != "ok" || err != nil) {
						t.Errorf("after an odd one: %q, %v", text, err)
					}
					if path == "half" && err == nil {
						t.Error("half: no error")
					}
				}
				_ = response.Body.Close()
			}
			cancel()
		}
		if open, _, waiting := transport.pool.counts(); open > 1 || waiting != 0 {
			t.Errorf("%d open, %d wait", open, waiting)
		}
	})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the body fails") }
