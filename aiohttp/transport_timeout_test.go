//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// said is an error's text without what depends on which of http.Client's own timers
// is first, with net/http's transport too.
func said(err error) string {
	text := regexp.MustCompile(` \(Client\.Timeout.*\)`).ReplaceAllString(fmt.Sprint(err), "")
	return strings.Replace(text, "net/http: request canceled", context.DeadlineExceeded.Error(), 1)
}

// A client's Timeout, and a context's deadline, are told of as with net/http's
// transport, wherever the time is up.
func TestClientTimeout(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else net/http's server does not see that the client leaves
		if r.URL.Path == "/body" {
			fmt.Fprint(w, "start")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
	one := serve(t, handler)
	two, config, _ := servingHTTP2(t, handler)
	const short = 50 * time.Millisecond
	waits := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for _, c := range []struct {
		name, url string
		dial      func(context.Context, string, string) (net.Conn, error)
		upload    string
	}{
		{"the head", one + "/", nil, ""},
		{"the body", one + "/body", nil, ""},
		{"an upload", one + "/", nil, "hello"},
		{"a dial", one + "/", waits, ""},
		{"the head, HTTP/2", two + "/", nil, ""},
		{"the body, HTTP/2", two + "/body", nil, ""},
	} {
		for _, how := range []string{"Timeout", "deadline", "cancel"} {
			t.Run(c.name+", "+how, func(t *testing.T) {
				attempt := func(ctx context.Context, transport http.RoundTripper, limit time.Duration) string {
					client := &http.Client{Transport: transport}
					switch how {
					case "Timeout":
						client.Timeout = limit
					case "deadline":
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, limit)
						defer cancel()
					case "cancel":
						var cancel context.CancelFunc
						ctx, cancel = context.WithCancel(ctx)
						defer time.AfterFunc(limit, cancel).Stop()
					}
					request, err := http.NewRequestWithContext(ctx, "POST", c.url, strings.NewReader(c.upload))
					if err != nil {
						t.Fatal(err)
					}
					response, err := client.Do(request)
					text := ""
					if err == nil {
						var got []byte
						got, err = io.ReadAll(response.Body)
						text = string(got)
						_ = response.Body.Close()
					}
					var network net.Error
					is := errors.As(err, &network)
					return fmt.Sprintf("%q, %s; a net.Error %v, timeout %v; DeadlineExceeded %v, Canceled %v", text, said(err), is, is && network.Timeout(),
						errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled))
				}
				outcome := func(ctx context.Context, transport http.RoundTripper) string {
					for limit := short; ; limit *= 2 {
						// On a slow machine the time may be up too early.
						if got := attempt(ctx, transport, limit); strings.HasPrefix(got, `"start"`) || !strings.HasPrefix(c.name, "the body") {
							return got
						}
					}
				}
				measure := &http.Transport{TLSClientConfig: config.Clone(), ForceAttemptHTTP2: true, DialContext: c.dial}
				defer measure.CloseIdleConnections()
				want := outcome(context.Background(), measure)
				everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
					speaking(transport, config)
					transport.DialContext = c.dial
					if got := outcome(ctx, transport); got != want {
						t.Errorf("got  %s\nwant %s", got, want)
					}
				})
			})
		}
	}
}
