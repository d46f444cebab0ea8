//go:build linux

package main

import (
	"net"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// gnetEcho is gnet's idiom: OnTraffic is called on the event loop and must not block.
func gnetEcho(o serveOptions, ready func(net.Addr)) error {
	logs := zap.NewProductionConfig() // gnet's own writes to standard output, where the port goes
	logs.Level.SetLevel(zap.ErrorLevel)
	logger, err := logs.Build()
	if err != nil {
		return err
	}
	return gnet.Run(&gnetHandler{ready: ready}, "tcp://127.0.0.1:0",
		gnet.WithNumEventLoop(o.loops), gnet.WithLogger(logger.Sugar()))
}

type gnetHandler struct {
	gnet.BuiltinEventEngine
	ready func(net.Addr)
}

func (h *gnetHandler) OnBoot(engine gnet.Engine) gnet.Action {
	fd, err := engine.Dup() // gnet does not tell which port it got
	if err != nil {
		return gnet.Shutdown
	}
	defer unix.Close(fd)
	bound, err := unix.Getsockname(fd)
	address, ok := bound.(*unix.SockaddrInet4)
	if err != nil || !ok {
		return gnet.Shutdown
	}
	h.ready(&net.TCPAddr{IP: address.Addr[:], Port: address.Port})
	return gnet.None
}

func (h *gnetHandler) OnTraffic(conn gnet.Conn) gnet.Action {
	bytes, err := conn.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := conn.Write(bytes); err != nil {
		return gnet.Close
	}
	return gnet.None
}
