//go:build unix && !aix

package aionet

import (
	"context"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// In debug mode who looks at a task is told which connection it waits for.
func TestASnapshotNamesTheConnection(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		reader := aio.Go(ctx, func(context.Context) error {
			_, err := c.Read(make([]byte, 1))
			return err
		})
		if err := aio.Yield(ctx); err != nil {
			return err
		}
		awaits := ""
		for _, info := range loop.Current().Snapshot() {
			if info.State == loop.Waiting {
				awaits = info.Awaits
			}
		}
		if want := c.LocalAddr().String() + " with " + l.Addr().String(); !strings.HasSuffix(awaits, want) {
			t.Errorf("awaits %q, want it to end with %q", awaits, want)
		}
		reader.Cancel(nil)
		_, _ = reader.Await(ctx)
		return nil
	}, aio.Debug())
}
