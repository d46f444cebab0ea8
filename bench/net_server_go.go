//go:build linux

package main

import (
	"crypto/tls"
	"io"
	"net"
	"os"
)

// netEcho is the net package's idiom: a goroutine a connection, with a buffer of its own.
func netEcho(_ serveOptions, ready func(net.Addr)) error {
	return acceptEach(ready, echoGoroutine)
}

// netTLS is the same under crypto/tls.
func netTLS(o serveOptions, ready func(net.Addr)) error {
	config := &tls.Config{Certificates: []tls.Certificate{o.certificate}}
	return acceptEach(ready, func(conn net.Conn) { echoGoroutine(tls.Server(conn, config)) })
}

// netFile sends the file to each connection; io.Copy does so by sendfile.
func netFile(o serveOptions, ready func(net.Addr)) error {
	return acceptEach(ready, func(conn net.Conn) {
		defer conn.Close()
		file, err := os.Open(o.file)
		if err != nil {
			return // the client sees too few bytes
		}
		defer file.Close()
		io.Copy(conn, file)
	})
}

// netProxy hands each connection on to the backend; io.Copy does so by splice.
func netProxy(o serveOptions, ready func(net.Addr)) error {
	return acceptEach(ready, func(conn net.Conn) {
		defer conn.Close()
		backend, err := net.Dial("tcp", o.backend)
		if err != nil {
			return
		}
		defer backend.Close()
		back := make(chan struct{})
		go func() {
			defer close(back)
			io.Copy(conn, backend)
			conn.(*net.TCPConn).CloseWrite()
		}()
		io.Copy(backend, conn)
		backend.(*net.TCPConn).CloseWrite()
		<-back
	})
}

func echoGoroutine(conn net.Conn) {
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
