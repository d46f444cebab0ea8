package compat

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// Our client, and our streams, against openssl's server, which sends each line
// back reversed.
func TestClientOfOpenssl(t *testing.T) {
	certificateFile, keyFile := files(t)
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			port := freePort(t)
			start(t, "openssl", "s_server", "-accept", port, "-cert", certificateFile, "-key", keyFile, "-rev", "-alpn", "echo", version)
			eventually(t, func() error { return listens(port) })
			inTask(t, func(ctx context.Context) error {
				c, err := aionet.DialTLS(ctx, "tcp", "127.0.0.1:"+port, clientConfig())
				if err != nil {
					return err
				}
				stream := aionet.NewStream(c)
				defer stream.Close()
				for range 10 {
					if _, err := stream.Write(ctx, []byte("stressed\n")); err != nil {
						return err
					}
					if line, err := stream.ReadLine(ctx); string(line) != "desserts\n" || err != nil {
						return fmt.Errorf("%q, %w", line, err)
					}
				}
				if protocol := c.ConnectionState().NegotiatedProtocol; protocol != "echo" {
					t.Errorf("the protocol is %q", protocol)
				}
				return nil
			})
		})
	}
}

// openssl's client against our servers of both forms.
func TestServersForOpenssl(t *testing.T) {
	certificateFile, _ := files(t)
	echo := func(ctx context.Context, c *aionet.TLSConn) error {
		p := make([]byte, 10)
		n, err := c.Read(p)
		if err != nil {
			return err
		}
		_, err = c.Write(p[:n])
		return err
	}
	handlers := map[string]aionet.Handler{
		"per event": aionet.TLSPerEvent(serverConfig(), echo),
		"per connection": aionet.TLSPerConnection(serverConfig(), func(ctx context.Context, c *aionet.TLSConn) error {
			for {
				if err := echo(ctx, c); err != nil {
					return err
				}
			}
		}),
	}
	for name, handler := range handlers {
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			t.Run(name+version, func(t *testing.T) {
				inTask(t, func(ctx context.Context) error {
					l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
					if err != nil {
						return err
					}
					serving := aio.Go(ctx, func(ctx context.Context) error { return aionet.Serve(ctx, l, handler) })
					text := strings.Repeat("a line of some length\n", 50)
					got, err := aio.Blocking(ctx, func(context.Context) (string, error) {
						client := exec.Command("openssl", "s_client", "-connect", l.Addr().String(), "-CAfile", certificateFile,
							"-verify_return_error", "-servername", "localhost", "-quiet", "-no_ign_eof", version)
						in, err := client.StdinPipe()
						if err != nil {
							return "", err
						}
						out, err := client.StdoutPipe()
						if err != nil {
							return "", err
						}
						if err := client.Start(); err != nil {
							return "", err
						}
						go func() { _, _ = in.Write([]byte(text)) }()
						got := make([]byte, len(text))
						if _, err := io.ReadFull(out, got); err != nil {
							return "", err
						}
						in.Close()
						return string(got), client.Wait()
					})
					if got != text {
						t.Errorf("%d bytes came back changed", len(got))
					}
					serving.Cancel(nil)
					_, _ = serving.Await(ctx)
					return err
				})
			})
		}
	}
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func listens(port string) error {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		c.Close()
	}
	return err
}
