//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

func TestDebugModeReportsAConflict(t *testing.T) {
	var reports []loop.Report
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		var a, b net.Conn
		listener, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		if a, err = Dial(ctx, "tcp", listener.Addr().String()); err != nil {
			return err
		}
		defer a.Close()
		if b, err = listener.Accept(); err != nil {
			return err
		}
		defer b.Close()
		read := func(context.Context) (int, error) { return a.Read(make([]byte, 1)) }
		first := aio.Async(ctx, read, aio.Name("first"))
		second := aio.Async(ctx, read, aio.Name("second"))
		var conflict *ConflictError
		if _, err := second.Await(ctx); !errors.As(err, &conflict) {
			t.Errorf("got %v", err)
		}
		// Where a task stands is a line of the program, and none of this package's.
		if where := first.Core().Where(); !strings.HasPrefix(where, "aionet.(*Conn).Read at debug_test.go:") {
			t.Errorf("it stands in %s", where)
		}
		if _, err := b.Write([]byte("x")); err != nil {
			return err
		}
		_, err = first.Await(ctx)
		return err
	}, aio.Debug(), aio.Watchdog(-1), aio.ReportHandler(func(r loop.Report) { reports = append(reports, r) }))
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 || reports[0].Kind != loop.Conflict || reports[0].Advice == "" ||
		!strings.Contains(reports[0].Message, "task second") || !strings.Contains(reports[0].Place, "debug_test.go:") {
		t.Errorf("got %v", reports)
	}
}
