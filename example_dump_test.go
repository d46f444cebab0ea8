package aio_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/goaio/aio"
)

func ExampleDump() {
	_ = aio.Run(context.Background(), func(ctx context.Context) error {
		jobs := aio.NewQueue[int](0)
		return aio.Group(ctx, func(ctx context.Context) error {
			worker := aio.Go(ctx, func(ctx context.Context) error {
				_, err := jobs.Get(ctx)
				return err
			}, aio.Name("worker"))
			aio.Go(ctx, func(ctx context.Context) error {
				_, err := worker.Await(ctx)
				return err
			}, aio.Name("watcher"))
			aio.Go(ctx, func(ctx context.Context) error {
				if err := aio.Sleep(ctx, time.Minute); err != nil {
					return err
				}
				var dump strings.Builder // os.Stderr in a program
				if err := aio.Dump(&dump); err != nil {
					return err
				}
				// The loops of other examples, the addresses of objects, the stacks
				// and what debug mode adds are left out here.
				text := regexp.MustCompile(`loop \d+| \(0x[0-9a-f]+\)|, steps: .*|\n[│ ]*aio.*|, held by.*|\n[│ ]*\[.*|\n +[a-z].*`).ReplaceAllString(dump.String(), "")
				for _, loop := range strings.Split(text, "\n\n") {
					if strings.Contains(loop, "dumper") {
						fmt.Println(strings.TrimSpace(loop))
					}
				}
				return jobs.PutNoWait(1)
			}, aio.Name("dumper"))
			return nil
		})
	}, aio.Driver("simulated"))
	// Output:
	// (simulated), 4 tasks
	// main waits for aio.Group, since 1m0s
	// ├─ worker waits for aio.Queue.Get, since 1m0s
	// ├─ watcher waits for task worker, since 1m0s
	// │  └─ worker, see above
	// └─ dumper is running
}

func ExampleLogHandler() {
	text := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
	log := slog.New(aio.LogHandler(text))
	_ = aio.Run(context.Background(), func(ctx context.Context) error {
		_, err := aio.Go(ctx, func(ctx context.Context) error {
			log.Info("working", "item", 7)
			return nil
		}, aio.Name("worker")).Await(ctx)
		return err
	})
	// Output: level=INFO msg=working item=7 task=worker
}
