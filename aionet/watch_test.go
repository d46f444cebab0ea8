//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/goaio/aio"
)

// An idle connection tells of bytes and of its end, once, wherever it lives.
func TestOnReadable(t *testing.T) {
	check := func(t *testing.T, ctx context.Context) {
		for name, does := range map[string]func(*Conn) error{
			"bytes": func(c *Conn) error { _, err := c.Write([]byte("hello")); return err },
			"end":   (*Conn).CloseWrite,
			"close": (*Conn).Close,
		} {
			a, b, err := SocketPair()
			if err != nil {
				t.Fatal(err)
			}
			heard := make(chan struct{}, 2)
			if err := a.OnReadable(func() { heard <- struct{}{} }); err != nil {
				t.Fatal(name, err)
			}
			if a.Readable() {
				t.Error(name, "readable before")
			}
			if err := does(b); err != nil {
				t.Fatal(name, err)
			}
			if _, _, err := aio.Recv(ctx, heard); err != nil {
				t.Fatal(name, err)
			}
			if !a.Readable() {
				t.Error(name, "not readable after")
			}
			// What is there when the watch begins is told of too.
			if err := a.OnReadable(func() { heard <- struct{}{} }); err != nil {
				t.Fatal(name, err)
			}
			if _, _, err := aio.Recv(ctx, heard); err != nil {
				t.Fatal(name, err)
			}
			if len(heard) > 0 {
				t.Error(name, "told twice")
			}
			_ = a.Close()
			if err := a.OnReadable(func() {}); !errors.Is(err, net.ErrClosed) {
				t.Error(name, err)
			}
			_ = b.Close()
		}
	}
	t.Run("goroutine", func(t *testing.T) { check(t, context.Background()) })
	t.Run("task", func(t *testing.T) {
		if err := aio.Run(context.Background(), func(ctx context.Context) error { check(t, ctx); return nil }); err != nil {
			t.Error(err)
		}
	})
}

func TestOnReadableTakenBack(t *testing.T) {
	a, b, err := SocketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	if err := a.OnReadable(func() { t.Error("called") }); err != nil {
		t.Fatal(err)
	}
	if err := a.OnReadable(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	var p [10]byte
	if n, err := a.Read(p[:]); n != 5 || err != nil {
		t.Error(n, err)
	}
	// Closing beside it is no race.
	for range 100 {
		c, d, err := SocketPair()
		if err != nil {
			t.Fatal(err)
		}
		var closing sync.WaitGroup
		closing.Go(func() { _ = c.Close() })
		_ = c.OnReadable(func() {})
		_ = d.Close()
		closing.Wait()
	}
}
