// Command thumbnails makes thumbnails of a folder of images, on a pool of
// processes with a limit of memory: a file that is broken, or that would take
// all memory, costs one line of error.
//
//	go run ./examples/thumbnails -to /tmp/thumbnails ~/Pictures
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

type options struct {
	from, to string
	size     int
	workers  int
	memory   int64 // bytes a worker
}

// makeThumbnails makes a thumbnail of each image and returns how many images
// there were and how many of them failed.
func makeThumbnails(ctx context.Context, o options, out io.Writer) (all, failed int, err error) {
	paths, err := images(o.from)
	if err != nil {
		return 0, 0, err
	}
	if err := os.MkdirAll(o.to, 0o755); err != nil {
		return 0, 0, err
	}
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{
		Workers: o.workers, MemoryLimit: o.memory, Timeout: time.Minute, Stderr: io.Discard,
	})
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = pool.Shutdown(context.WithoutCancel(ctx), executor.KillAll) }()
	for made, err := range thumbnail.MapAsCompleted(ctx, pool, requests(paths, o.size)) {
		if made.Index < 0 {
			return all, failed, err
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(o.to, filepath.Base(made.In.Path)+".jpg"), made.Out, 0o644)
		}
		all++
		fmt.Fprintf(out, "%d of %d: %s", all, len(paths), filepath.Base(made.In.Path))
		if err != nil {
			failed++
			// What a worker has said at its end follows in further lines.
			reason, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Fprintf(out, ": %s", reason)
		}
		fmt.Fprintln(out)
	}
	return all, failed, nil
}

// images finds the images of a folder.
func images(folder string) (paths []string, err error) {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".gif", ".jpeg", ".jpg", ".png":
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	return paths, err
}

func requests(paths []string, size int) iter.Seq[request] {
	return func(yield func(request) bool) {
		for _, path := range paths {
			if !yield(request{path, size}) {
				return
			}
		}
	}
}

func main() {
	executor.Main() // a worker's process goes no further
	var o options
	flag.StringVar(&o.to, "to", "thumbnails", "the folder of the thumbnails")
	flag.IntVar(&o.size, "size", 200, "pixels of the longer side")
	flag.IntVar(&o.workers, "workers", 0, "processes; 0 is one for each processor")
	megabytes := flag.Int64("memory", 512, "megabytes that a worker may have")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: thumbnails [flags] FOLDER")
		flag.PrintDefaults()
		os.Exit(2)
	}
	o.from, o.memory = flag.Arg(0), *megabytes<<20
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		all, failed, err := makeThumbnails(ctx, o, os.Stdout)
		if err == nil && failed > 0 {
			err = fmt.Errorf("%d images of %d have no thumbnail", failed, all)
		}
		return err
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
