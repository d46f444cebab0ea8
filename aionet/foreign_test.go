//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/goaio/aio"
)

// program finds a program of others.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed, which is the peer", name)
	}
	return path
}

// through has a program send data and returns what it gets until the end.
func through(ctx context.Context, data []byte, name string, args ...string) ([]byte, error) {
	return aio.Blocking(ctx, func(ctx context.Context) ([]byte, error) {
		c := exec.CommandContext(ctx, name, args...)
		var told bytes.Buffer
		c.Stdin, c.Stderr = bytes.NewReader(data), &told
		got, err := c.Output()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, told.Bytes())
		}
		return got, err
	})
}

// nc and socat send a megabyte to an echo server in each form, over TCP, a Unix
// socket and TLS, end their half, and get it all back.
func TestProgramsAsClients(t *testing.T) {
	sent := noise(1 << 20)
	echo := func(t *testing.T, network, address string, h Handler, name string, args func(address string) []string) {
		path := program(t, name)
		run(t, func(ctx context.Context) error {
			l, err := Listen(ctx, network, address)
			if err != nil {
				return err
			}
			serving := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, h) })
			got, err := through(ctx, sent, path, args(l.Addr().String())...)
			if err == nil && !bytes.Equal(got, sent) {
				err = fmt.Errorf("%d bytes came back", len(got))
			}
			serving.Cancel(nil)
			_, _ = serving.Await(ctx)
			return err
		})
	}
	for form, h := range handlers {
		t.Run(form, func(t *testing.T) {
			t.Run("nc", func(t *testing.T) {
				echo(t, "tcp", "127.0.0.1:0", h, "nc", func(address string) []string {
					host, port, _ := net.SplitHostPort(address)
					return []string{"-N", host, port}
				})
			})
			t.Run("nc over a Unix socket", func(t *testing.T) {
				echo(t, "unix", filepath.Join(t.TempDir(), "s"), h, "nc", func(address string) []string { return []string{"-N", "-U", address} })
			})
			t.Run("socat", func(t *testing.T) {
				echo(t, "tcp", "127.0.0.1:0", h, "socat", func(address string) []string { return []string{"-t", "20", "-", "TCP:" + address} })
			})
			t.Run("socat over a Unix socket", func(t *testing.T) {
				echo(t, "unix", filepath.Join(t.TempDir(), "s"), h, "socat", func(address string) []string { return []string{"-t", "20", "-", "UNIX-CONNECT:" + address} })
			})
		})
	}
	t.Run("socat over TLS", func(t *testing.T) {
		h := TLSCallbacks(serverConfig(), func() Protocol { return &echoProtocol{} })
		// socat ends both halves at once under TLS, so an answer of that size may be cut: it sends less than one read.
		whole := sent
		sent = sent[:4000]
		defer func() { sent = whole }()
		echo(t, "tcp", "127.0.0.1:0", h, "socat", func(address string) []string { return []string{"-t", "20", "-", "OPENSSL:" + address + ",verify=0"} })
	})
}

// socat serves what we connect to: TCP, a Unix socket, UDP.
func TestProgramsAsServers(t *testing.T) {
	socat := program(t, "socat")
	for network, listen := range map[string]func(address string) string{
		"tcp":  func(address string) string { return "TCP-LISTEN:" + address + ",bind=127.0.0.1" },
		"unix": func(address string) string { return "UNIX-LISTEN:" + address },
		"udp":  func(address string) string { return "UDP-LISTEN:" + address + ",bind=127.0.0.1" },
	} {
		t.Run(network, func(t *testing.T) {
			address, place := "", filepath.Join(t.TempDir(), "s")
			if network == "unix" {
				address = place
			} else {
				free, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				address = free.Addr().String()
				_, place, _ = net.SplitHostPort(address)
				free.Close()
			}
			server := exec.Command(socat, listen(place), "EXEC:cat")
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = server.Process.Kill()
				_ = server.Wait()
			}()
			run(t, func(ctx context.Context) error {
				if network == "udp" {
					return echoedDatagram(ctx, address)
				}
				c, err := Dial(ctx, network, address)
				for ; err != nil; c, err = Dial(ctx, network, address) {
					if err := aio.Yield(ctx); err != nil { // it does not listen yet
						return err
					}
				}
				defer c.Close()
				sent := noise(1 << 20)
				sending := aio.Go(ctx, func(context.Context) error {
					_, err := c.Write(sent)
					return errors.Join(err, c.CloseWrite())
				})
				got, err := io.ReadAll(c)
				if err == nil && !bytes.Equal(got, sent) {
					err = fmt.Errorf("%d bytes came back", len(got))
				}
				_, failed := sending.Await(ctx)
				return errors.Join(err, failed)
			})
		})
	}
}

// echoedDatagram sends until an answer comes, for a server that may not listen
// yet.
func echoedDatagram(ctx context.Context, address string) error {
	r := newDatagramRecorder()
	transport, err := DialDatagramProtocol(ctx, "udp", address, r)
	if err != nil {
		return err
	}
	defer transport.Abort()
	for {
		if err := transport.SendTo([]byte("hello"), nil); err != nil {
			return err
		}
		got, err := r.events.Get(ctx)
		if err != nil {
			return err
		}
		// cat may read several datagrams at once, and answer them with one.
		n := 0
		_, _ = fmt.Sscanf(got, "%d bytes from "+address, &n)
		switch {
		case n > 0 && n%len("hello") == 0:
			return nil
		case got != "made" && got != "refused":
			return errors.New(got)
		}
	}
}
