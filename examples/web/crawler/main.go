//go:build unix && !aix

// Command crawler visits the pages of a site and tells of broken links.
//
//	go run -C examples/web ./crawler -pages 500 https://go.dev/
//
// It has one loop and a number of tasks. The frontier is a queue, the requests
// under way are bounded by a semaphore, and what the tasks share needs no lock.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
)

func main() {
	pages := flag.Int("pages", 1000, "the most pages to visit")
	tasks := flag.Int("tasks", 32, "tasks that visit pages")
	requests := flag.Int("requests", 8, "requests at a time")
	flag.Parse()
	if flag.NArg() != 1 || *pages < 1 || *tasks < 1 || *requests < 1 {
		fmt.Fprintln(os.Stderr, "usage: crawler [-pages N] [-tasks N] [-requests N] URL")
		os.Exit(2)
	}
	client := &http.Client{Transport: aiohttp.DefaultTransport}
	c := newCrawler(client, *tasks, *pages, *requests)
	var bar io.Writer
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		bar = os.Stderr
	}
	if err := run(context.Background(), c, flag.Arg(0), os.Stdout, bar); err != nil {
		if !errors.Is(err, aio.ErrInterrupted) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

// run crawls and reports. Without a terminal there is no bar.
func run(ctx context.Context, c *crawler, start string, out, bar io.Writer) error {
	began := time.Now()
	err := aio.Run(ctx, func(ctx context.Context) error {
		if bar != nil {
			showing := aio.Go(ctx, func(ctx context.Context) error { return c.show(ctx, bar) })
			defer func() {
				showing.Cancel(nil)
				_, _ = showing.Await(context.WithoutCancel(ctx))
			}()
		}
		return c.crawl(ctx, start)
	})
	for _, b := range c.broken {
		fmt.Fprintln(out, b)
	}
	fmt.Fprintf(out, "%d pages, %s, %d broken links, %v\n", c.done, size(c.bytes), len(c.broken), time.Since(began).Round(time.Millisecond))
	return err
}
