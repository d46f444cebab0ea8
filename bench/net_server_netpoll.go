//go:build linux && (amd64 || arm64)

package main

import (
	"context"
	"net"

	"github.com/cloudwego/netpoll"
)

var netpollServes = map[string]netServer{"echo": netpollEcho}

// netpollEcho is netpoll's idiom: OnRequest is called on a pooled
// goroutine when there is data, on buffers that are handed on without a copy.
func netpollEcho(o serveOptions, ready func(net.Addr)) error {
	if err := netpoll.Configure(netpoll.Config{PollerNum: o.loops}); err != nil {
		return err
	}
	listener, err := netpoll.CreateListener("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	loop, err := netpoll.NewEventLoop(func(_ context.Context, conn netpoll.Connection) error {
		reader, writer := conn.Reader(), conn.Writer()
		for n := reader.Len(); n > 0; n = reader.Len() {
			bytes, err := reader.Next(n)
			if err != nil {
				return err
			}
			if _, err := writer.WriteBinary(bytes); err != nil {
				return err
			}
			if err := writer.Flush(); err != nil {
				return err
			}
			if err := reader.Release(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	ready(listener.Addr())
	return loop.Serve(listener)
}
