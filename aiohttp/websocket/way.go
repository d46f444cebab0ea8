//go:build unix && !aix

package websocket

import (
	"context"
	"net"
	"time"

	"github.com/goaio/aio/loop"
)

// innermost is the nil context, which stands for the innermost scope of the task
// and, in a plain goroutine, for none.
var innermost context.Context

// way is the connection underneath.
type way interface {
	ReadContext(ctx context.Context, p []byte) (int, error)
	WriteContext(ctx context.Context, p []byte) (int, error)
	WaitReadable(ctx context.Context) error
	TryWrite(p []byte) (int, error)
	Close() error
	netConn() net.Conn
}

// asynchronous is what the connections of package aionet have.
type asynchronous interface {
	net.Conn
	ReadContext(ctx context.Context, p []byte) (int, error)
	WriteContext(ctx context.Context, p []byte) (int, error)
	WaitReadable(ctx context.Context) error
	TryWrite(p []byte) (int, error)
}

func wayOf(conn net.Conn) way {
	if ours, is := conn.(asynchronous); is {
		return direct{ours}
	}
	return foreign{conn}
}

// direct is a connection of package aionet.
type direct struct{ asynchronous }

func (d direct) netConn() net.Conn { return d.asynchronous }

// foreign is one of any other package: a cancel is handed to it as a deadline.
type foreign struct{ net.Conn }

func (f foreign) netConn() net.Conn { return f.Conn }

func (f foreign) ReadContext(ctx context.Context, p []byte) (int, error) {
	return interruptible(ctx, f.SetReadDeadline, func() (int, error) { return f.Read(p) })
}

func (f foreign) WriteContext(ctx context.Context, p []byte) (int, error) {
	return interruptible(ctx, f.SetWriteDeadline, func() (int, error) { return f.Write(p) })
}

func interruptible(ctx context.Context, setDeadline func(time.Time) error, fn func() (int, error)) (int, error) {
	if ctx == nil || ctx.Done() == nil {
		return fn()
	}
	if ctx.Err() != nil {
		return 0, loop.CancelledBy(ctx, context.Cause(ctx))
	}
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = setDeadline(time.Unix(1, 0))
		close(over)
	})
	n, err := fn()
	if !stop() {
		<-over
		_ = setDeadline(time.Time{})
		if err != nil {
			err = loop.CancelledBy(ctx, context.Cause(ctx))
		}
	}
	return n, err
}

// WaitReadable does not wait: the read does.
func (f foreign) WaitReadable(context.Context) error { return nil }

// TryWrite takes nothing: a goroutine writes instead.
func (f foreign) TryWrite([]byte) (int, error) { return 0, nil }

// unreadFirst reads what somebody has read already, and then the connection.
type unreadFirst struct {
	way
	unread []byte
}

func (u *unreadFirst) ReadContext(ctx context.Context, p []byte) (int, error) {
	if len(u.unread) > 0 {
		n := copy(p, u.unread)
		u.unread = u.unread[n:]
		return n, nil
	}
	return u.way.ReadContext(ctx, p)
}

func (u *unreadFirst) WaitReadable(ctx context.Context) error {
	if len(u.unread) > 0 {
		return nil
	}
	return u.way.WaitReadable(ctx)
}
