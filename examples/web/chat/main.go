//go:build unix && !aix

// Command chat is a chat in a web page: rooms over WebSocket.
//
//	go run . -addr localhost:8080
//
// Everything runs on one loop, so the rooms are plain maps, and there is no lock.
// Who is in a room and says nothing costs some memory, and nothing else.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

//go:embed page.html
var page []byte

func main() {
	address := flag.String("addr", "localhost:8080", "where to listen")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Printf("open http://%s in two windows; Ctrl-C ends it\n", l.Addr())
		return serve(ctx, l)
	})
	if err != nil && !aio.IsCancelled(err) {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, l *aionet.Listener) error {
	hall := rooms{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	mux.HandleFunc("GET /rooms/{room}", hall.join)
	server := &aiohttp.Server{Handler: aiohttp.OnLoop(mux)}
	err := server.Serve(ctx, l)
	_ = server.Shutdown(context.WithoutCancel(ctx))
	return err
}
