//go:build unix && !aix

// Command rest is a REST service: notes in memory. The routes are those of
// net/http's ServeMux, the middleware is chi's, both unchanged.
//
//	go run . -addr localhost:8080
//	curl -d '{"text":"buy milk"}' localhost:8080/notes
//	curl localhost:8080/notes
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

func main() {
	address := flag.String("addr", "localhost:8080", "where to listen")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Printf("listening on http://%s/notes; Ctrl-C ends it\n", l.Addr())
		return serve(ctx, l, middleware.Logger)
	})
	if err != nil && !aio.IsCancelled(err) {
		fmt.Fprintln(os.Stderr, "rest:", err)
		os.Exit(1)
	}
}

// serve serves notes, behind more middleware than its own.
func serve(ctx context.Context, l *aionet.Listener, more ...func(http.Handler) http.Handler) error {
	var handler http.Handler = (&notes{byID: map[int]note{}}).routes()
	// The last one is the first that sees a request.
	for _, wrap := range append([]func(http.Handler) http.Handler{
		middleware.Compress(5, "application/json"),
		middleware.AllowContentType("application/json", "application/x-www-form-urlencoded"),
		middleware.Recoverer,
		middleware.RequestSize(64 << 10),
		middleware.RequestID,
	}, more...) {
		handler = wrap(handler)
	}
	server := &aiohttp.Server{
		// All handlers are tasks of one loop, so the notes need no lock.
		Handler:           aiohttp.OnLoop(handler),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
	}
	err := server.Serve(ctx, l)
	_ = server.Shutdown(context.WithoutCancel(ctx))
	return err
}
