package compat

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// inTask runs fn as a task; its error fails the test.
func inTask(t *testing.T, fn func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := aio.Run(ctx, fn, aio.NoInterrupt()); err != nil {
		t.Error(err)
	}
}

// inBoth tries fn, which may block, through aio.Blocking in a task, and in a
// goroutine.
func inBoth(t *testing.T, fn func(ctx context.Context, t *testing.T) error) {
	t.Run("blocking", func(t *testing.T) {
		inTask(t, func(ctx context.Context) error {
			_, err := aio.Blocking(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx, t) })
			return err
		})
	})
	t.Run("goroutine", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := fn(ctx, t); err != nil {
			t.Error(err)
		}
	})
}

// start starts a program that is stopped at the end of the test.
func start(t *testing.T, name string, arguments ...string) (output *bytes.Buffer) {
	t.Helper()
	command := exec.Command(name, arguments...)
	output = &bytes.Buffer{}
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatalf("%v; Debian's packages redis-server, postgresql and openssl have what is needed", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, output)
		}
	})
	return output
}

// eventually tries until there is no error.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
