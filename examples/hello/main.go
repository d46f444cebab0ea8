// Command hello is the README's first program.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/goaio/aio"
)

func main() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		price := aio.Async(ctx, func(ctx context.Context) (float64, error) { // runs from here on
			return 9.5, aio.Sleep(ctx, time.Second)
		})
		stock := aio.Async(ctx, func(ctx context.Context) (int, error) {
			return 3, aio.Sleep(ctx, time.Second)
		})
		p, err := price.Await(ctx)
		if err != nil {
			return err
		}
		n, err := stock.Await(ctx)
		fmt.Println(p, n) // after one second, not two
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
