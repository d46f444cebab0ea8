//go:build unix && !aix

package aionet

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// Deadlines of a task's wait are moved by goroutines while the background loop
// comes and goes with the waits of others.
func TestDeadlinesMoveWhileTheBackgroundLoopComesAndGoes(t *testing.T) {
	run(t, func(ctx context.Context) error {
		a, b, err := SocketPair()
		if err != nil {
			return err
		}
		defer a.Close()
		defer b.Close()
		busy := aio.Go(ctx, func(ctx context.Context) error { // while a is read
			_, err := aio.Blocking(ctx, func(context.Context) (struct{}, error) {
				var others sync.WaitGroup
				others.Go(func() {
					for range 50 {
						c, d, err := SocketPair()
						if err != nil {
							t.Error(err)
							return
						}
						_ = c.SetReadDeadline(time.Now().Add(100 * time.Microsecond))
						_, _ = c.Read(make([]byte, 1)) // waits on the background loop
						c.Close()
						d.Close()
					}
				})
				others.Go(func() {
					for range 5000 {
						_ = a.SetReadDeadline(time.Now().Add(time.Hour))
					}
				})
				others.Wait()
				return struct{}{}, nil
			})
			if err != nil {
				return err
			}
			_, err = b.Write([]byte("x"))
			return err
		})
		if _, err := a.Read(make([]byte, 1)); err != nil {
			return err
		}
		_, err = busy.Await(ctx)
		return err
	})
}
