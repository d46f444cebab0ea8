//go:build unix && !aix

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goaio/aio"
)

// show draws a progress bar, ten times a second, until its context ends.
func (c *crawler) show(ctx context.Context, w io.Writer) error {
	for {
		fmt.Fprint(w, "\r", c.progress(), "\x1b[K")
		if err := aio.Sleep(ctx, 100*time.Millisecond); err != nil {
			fmt.Fprintln(w, "\r"+c.progress()+"\x1b[K")
			return err
		}
	}
}

const width = 30

// progress is the bar: how many of the pages that are known were visited.
func (c *crawler) progress() string {
	known := max(1, len(c.seen))
	full := width * c.done / known
	return fmt.Sprintf("[%s%s] %d of %d pages, %d broken, %s", strings.Repeat("#", full), strings.Repeat(".", width-full),
		c.done, len(c.seen), len(c.broken), size(c.bytes))
}

func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
