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

// makeThumbnails makes a thumbnail of each image. One that cannot be made is no
// error here; the display counts it.
func makeThumbnails(ctx context.Context, o options, d *display) error {
	paths, err := images(o.from)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("no images in %s", o.from)
	}
	if err := os.MkdirAll(o.to, 0o755); err != nil {
		return err
	}
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{
		Workers: o.workers, MemoryLimit: o.memory, Timeout: time.Minute, Stderr: io.Discard,
	})
	if err != nil {
		return err
	}
	d.all, d.memory = len(paths), o.memory
	defer d.over(o.to)
	defer func() { _ = pool.Shutdown(context.WithoutCancel(ctx), executor.KillAll) }()
	for made, err := range thumbnail.MapAsCompleted(ctx, pool, requests(paths, o.size)) {
		if made.Index < 0 {
			return err
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(o.to, filepath.Base(made.In.Path)+".jpg"), made.Out, 0o644)
		}
		d.ended(made.In.Path, err)
	}
	return nil
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
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: thumbnails [flags] FOLDER")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	o.from, o.memory = flag.Arg(0), *megabytes<<20
	d := &display{out: os.Stdout}
	if info, err := os.Stdout.Stat(); err == nil {
		d.terminal = info.Mode()&os.ModeCharDevice != 0
	}
	err := aio.Run(context.Background(), func(ctx context.Context) error { return makeThumbnails(ctx, o, d) })
	if err == nil && d.wrong > 0 {
		err = fmt.Errorf("%d images of %d have no thumbnail", d.wrong, d.all)
	}
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
