//go:build linux

package main

import (
	"net"
)

// netEcho is the net package's idiom: a goroutine a connection, with a buffer of its own.
func netEcho(_ serveOptions, ready func(net.Addr)) error {
	return acceptEach(ready, func(conn net.Conn) {
		defer conn.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if n > 0 {
				if _, err := conn.Write(buffer[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
}

func acceptEach(ready func(net.Addr), handle func(net.Conn)) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	ready(listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go handle(conn)
	}
}
