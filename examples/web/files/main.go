//go:build unix && !aix

// Command files is a file server: net/http's FileServer, which answers ranges and
// conditional requests, on a loop. Files go from the disk to the connection by
// sendfile, without passing through the process.
//
//	go run . -addr localhost:8080 -dir .
//
// `aio serve` is the one to use; this is how little one needs.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

func main() {
	address := flag.String("addr", "localhost:8080", "where to listen")
	folder := flag.String("dir", ".", "what to serve")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Printf("%s is at http://%s; Ctrl-C ends it\n", *folder, l.Addr())
		return serve(ctx, l, *folder)
	})
	if err != nil && !aio.IsCancelled(err) {
		fmt.Fprintln(os.Stderr, "files:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, l *aionet.Listener, folder string) error {
	// A root does not let symbolic links lead out of the folder.
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	// Opening files may block, so the handlers run on the server's pool.
	server := &aiohttp.Server{Handler: http.FileServerFS(root.FS())}
	err = server.Serve(ctx, l)
	_ = server.Shutdown(context.WithoutCancel(ctx))
	return err
}
