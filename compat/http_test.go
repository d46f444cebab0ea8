package compat

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// http.ReadRequest and ReadResponse right on connections, in tasks.
func TestHTTPMessagesInTasks(t *testing.T) {
	inTask(t, func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		serving := aio.Go(ctx, func(ctx context.Context) error {
			return aionet.Serve(ctx, l, aionet.PerConnection(func(ctx context.Context, c *aionet.Conn) error {
				in := bufio.NewReader(c)
				for {
					request, err := http.ReadRequest(in)
					if err != nil {
						return err
					}
					body, err := io.ReadAll(request.Body)
					if err != nil {
						return err
					}
					response := &http.Response{
						StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
						Body: io.NopCloser(bytes.NewReader(bytes.ToUpper(body))), Request: request,
					}
					if err := response.Write(c); err != nil {
						return err
					}
				}
			}))
		})
		c, err := aionet.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for i := range 5 {
			text := strings.Repeat("body", 1+i*10000)
			request, _ := http.NewRequest("POST", "http://localhost/", strings.NewReader(text))
			if err := request.Write(c); err != nil {
				return err
			}
			response, err := http.ReadResponse(in, request)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || string(body) != strings.ToUpper(text) {
				return fmt.Errorf("%d bytes of body: %w", len(body), err)
			}
		}
		c.Close()
		serving.Cancel(nil)
		_, _ = serving.Await(ctx)
		return nil
	})
}

// net/http's server on our listener, its client on our dialler, with and without
// TLS by net/http itself.
func TestNetHTTP(t *testing.T) {
	for scheme, secure := range map[string]bool{"http": false, "https": true} {
		t.Run(scheme, func(t *testing.T) {
			inBoth(t, func(ctx context.Context, t *testing.T) error {
				l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					// All of it first: in HTTP/1 the answer ends the request.
					body, _ := io.ReadAll(r.Body)
					_, _ = w.Write(body)
				})}
				config := serverConfig()
				config.NextProtos = []string{"h2", "http/1.1"}
				server.TLSConfig = config
				served := make(chan error, 1)
				go func() {
					if secure {
						served <- server.ServeTLS(l, "", "")
					} else {
						served <- server.Serve(l)
					}
				}()
				trusted := clientConfig()
				trusted.NextProtos = nil
				transport := &http.Transport{
					DialContext:       dial,
					TLSClientConfig:   trusted,
					ForceAttemptHTTP2: true,
				}
				client := &http.Client{Transport: transport}
				for i := range 5 {
					text := strings.Repeat("x", 1+i*30000)
					request, _ := http.NewRequestWithContext(ctx, "POST", scheme+"://"+l.Addr().String(), strings.NewReader(text))
					response, err := client.Do(request)
					if err != nil {
						return err
					}
					body, err := io.ReadAll(response.Body)
					response.Body.Close()
					if err != nil || string(body) != text {
						return fmt.Errorf("%d bytes of body: %w", len(body), err)
					}
					if want := 1 + map[bool]int{true: 1}[secure]; response.ProtoMajor != want {
						t.Errorf("HTTP/%d, want %d", response.ProtoMajor, want)
					}
				}
				transport.CloseIdleConnections()
				if err := server.Shutdown(ctx); err != nil {
					return err
				}
				if err := <-served; err != http.ErrServerClosed {
					return err
				}
				return nil
			})
		})
	}
}
