package compat

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"github.com/goaio/aio/aionet"
	"golang.org/x/net/nettest"
)

// What every net.Conn is to do, by the Go project's own test.
func TestNettest(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
				first, second, err := pair(t, network)
				return first, second, func() { first.Close(); second.Close() }, err
			})
		})
	}
	t.Run("tls", func(t *testing.T) {
		nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
			first, second, err := pair(t, "tcp")
			if err != nil {
				return nil, nil, nil, err
			}
			client, server := aionet.TLSClient(first, clientConfig()), aionet.TLSServer(second, serverConfig())
			shaken := make(chan error)
			go func() { shaken <- server.Handshake(context.Background()) }()
			if err := client.Handshake(context.Background()); err != nil {
				return nil, nil, nil, err
			}
			return client, server, func() { client.Close(); server.Close() }, <-shaken
		})
	})
}

func pair(t *testing.T, network string) (a, b *aionet.Conn, err error) {
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	ctx := context.Background()
	l, err := aionet.Listen(ctx, network, address)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if a, err = aionet.Dial(ctx, network, l.Addr().String()); err != nil {
		return nil, nil, err
	}
	b, err = l.AcceptConn(ctx)
	return a, b, err
}
