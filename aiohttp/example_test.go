//go:build unix && !aix

package aiohttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

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
		aio.Go(ctx, func(ctx context.Context) error { return server.Serve(ctx, listener) })
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
