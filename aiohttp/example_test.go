//go:build unix && !aix

package aiohttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// get asks a server once, with net/http's client.
func get(url string) (string, error) {
	defer http.DefaultClient.CloseIdleConnections()
	answer, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func ExampleServer() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.PathValue("name"))
	})
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		listener, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &aiohttp.Server{Handler: mux}
		serving := aio.Go(ctx, func(ctx context.Context) error { return server.Serve(ctx, listener) })
		body, err := aio.Blocking(ctx, func(context.Context) (string, error) {
			return get("http://" + listener.Addr().String() + "/hello/you")
		})
		fmt.Println(body, err)
		if err := server.Shutdown(ctx); err != nil {
			return err
		}
		if _, err := serving.Await(ctx); !errors.Is(err, aiohttp.ErrServerClosed) {
			return err
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// hello you <nil>
	// <nil>
}

// A counter that handlers of one loop share needs no lock, for only an await
// lets another handler in.
func ExampleOnLoop() {
	visitors := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitors++
		fmt.Fprintf(w, "visitor %d", visitors)
	})
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		listener, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &aiohttp.Server{Handler: aiohttp.OnLoop(handler)}
		aio.Go(ctx, func(ctx context.Context) error {
			if err := server.Serve(ctx, listener); !errors.Is(err, aiohttp.ErrServerClosed) {
				return err
			}
			return nil
		})
		for range 2 {
			body, err := aio.Blocking(ctx, func(context.Context) (string, error) {
				return get("http://" + listener.Addr().String())
			})
			fmt.Println(body, err)
		}
		return server.Shutdown(ctx)
	})
	fmt.Println(err)
	// Output:
	// visitor 1 <nil>
	// visitor 2 <nil>
	// <nil>
}

// A server of https, with what its handlers share set up before the first
// request and taken down after the last.
func ExampleServer_ServeTLS() {
	certificates := httptest.NewUnstartedServer(nil) // for its certificate and client
	certificates.EnableHTTP2 = true
	certificates.StartTLS()
	certificates.Close()
	var greeting string
	server := &aiohttp.Server{
		TLSConfig: &tls.Config{Certificates: certificates.TLS.Certificates},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s over %s", greeting, r.Proto)
		}),
		IdleTimeout: time.Minute,
		OnStartup:   func(context.Context) error { greeting = "hello"; return nil },
		OnCleanup:   func(context.Context) error { fmt.Println("cleaned up"); return nil },
	}
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		listener, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		aio.Go(ctx, func(ctx context.Context) error {
			if err := server.ServeTLS(ctx, listener, "", ""); !errors.Is(err, aiohttp.ErrServerClosed) {
				return err
			}
			return nil
		})
		client := certificates.Client() // which trusts the certificate
		defer client.CloseIdleConnections()
		body, err := aio.Blocking(ctx, func(context.Context) (string, error) {
			answer, err := client.Get("https://" + listener.Addr().String())
			if err != nil {
				return "", err
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			return string(body), err
		})
		fmt.Println(body, err)
		return server.Shutdown(ctx)
	})
	fmt.Println(err)
	// Output:
	// hello over HTTP/2.0 <nil>
	// cleaned up
	// <nil>
}
