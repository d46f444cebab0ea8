//go:build linux

package load

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTLSConnections(t *testing.T) {
	identity := httptest.NewTLSServer(nil) // has the standard library's certificate for tests
	certificate := identity.TLS.Certificates[0]
	roots := identity.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	identity.Close()
	serverConfig := &tls.Config{Certificates: []tls.Certificate{certificate}}
	clientConfig := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
	for name, test := range map[string]struct {
		handle func(net.Conn)
		fails  bool
	}{
		"echo":        {func(conn net.Conn) { io.Copy(conn, conn) }, false},
		"other bytes": {func(conn net.Conn) { conn.Read(make([]byte, 64)); conn.Write(bytes.Repeat([]byte{7}, 64)) }, true},
		"nothing":     {func(conn net.Conn) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(raw net.Conn) { test.handle(tls.Server(raw, serverConfig)) })
			connections, err := DialTLS(t.Context(), address, 40, 3990, 64, clientConfig)
			if test.fails {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := len(connections.connections); n != 40 {
				t.Errorf("%d connections, want 40", n)
			}
			sources := map[string]bool{}
			for _, conn := range connections.connections {
				sources[conn.LocalAddr().(*net.TCPAddr).IP.String()] = true
			}
			if len(sources) != 2 {
				t.Errorf("source addresses %v, want two", sources)
			}
			if err := connections.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
