//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/goaio/aio"
)

func listenPacket(t *testing.T, network, address string) *PacketConn {
	t.Helper()
	c, err := ListenPacket(callersContext(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Datagrams to and from a socket of package net, an empty one among them.
func TestPacketsWithAPeerOfPackageNet(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		directory := t.TempDir()
		for _, test := range [][3]string{
			{"udp", "127.0.0.1:0", "127.0.0.1:0"},
			{"udp4", "127.0.0.1:0", "127.0.0.1:0"},
			{"udp6", "[::1]:0", "[::1]:0"},
			{"unixgram", filepath.Join(directory, "a"), filepath.Join(directory, "b")},
		} {
			t.Run(test[0], func(t *testing.T) {
				c := listenPacket(t, test[0], test[1])
				peer, err := net.ListenPacket(test[0], test[2])
				if err != nil {
					t.Fatal(err)
				}
				defer peer.Close()
				for _, size := range []int{0, 1, 1000, 9000, 0} {
					sent, got := noise(size), make([]byte, 10_000)
					if n, err := c.WriteTo(sent, peer.LocalAddr()); n != size || err != nil {
						t.Fatal(n, err)
					}
					n, from, err := peer.ReadFrom(got)
					if !bytes.Equal(got[:n], sent) || err != nil || from.String() != c.LocalAddr().String() {
						t.Fatalf("the peer got %d bytes from %v, %v", n, from, err)
					}
					if _, err := peer.WriteTo(sent, c.LocalAddr()); err != nil {
						t.Fatal(err)
					}
					n, from, err = c.ReadFrom(got)
					if !bytes.Equal(got[:n], sent) || err != nil || from.String() != peer.LocalAddr().String() {
						t.Fatalf("got %d bytes from %v, %v", n, from, err)
					}
				}
				if _, err := c.Write(nil); !errors.Is(err, ErrNotConnected) {
					t.Errorf("a Write without a peer: %v", err)
				}
				if _, err := c.WriteTo(nil, &net.TCPAddr{}); err == nil {
					t.Error("WriteTo took a TCP address")
				}
				if _, err := c.WriteTo(nil, nil); err == nil {
					t.Error("WriteTo took no address")
				}
			})
		}
	})
}

// A socket for both families reaches either, and gives IPv4 addresses as such.
func TestPacketsOfBothFamilies(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		c := listenPacket(t, "udp", ":0")
		port := c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		for _, ip := range []string{"127.0.0.1", "::1"} {
			d := Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(ip)}}
			peer, err := d.DialPacket(callersContext(), "udp", netip.AddrPortFrom(netip.MustParseAddr(ip), port).String())
			if err != nil {
				t.Skip("this machine has not both families: ", err)
			}
			defer peer.Close()
			if _, err := peer.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 10)
			n, from, err := c.ReadFromAddrPort(got)
			if string(got[:n]) != "hello" || from != peer.LocalAddr().(*net.UDPAddr).AddrPort() || from.Addr().String() != ip || err != nil {
				t.Fatalf("got %q from %v, %v", got[:n], from, err)
			}
			if _, err := c.WriteToAddrPort([]byte("you too"), from); err != nil {
				t.Fatal(err)
			}
			if n, err := peer.Read(got); string(got[:n]) != "you too" || err != nil {
				t.Errorf("the answer was %q, %v", got[:n], err)
			}
			if _, err := peer.WriteToAddrPort(nil, from); !errors.Is(err, ErrConnected) {
				t.Errorf("WriteTo of a connected socket: %v", err)
			}
		}
		only4 := listenPacket(t, "udp4", "127.0.0.1:0")
		if _, err := only4.WriteToAddrPort(nil, netip.MustParseAddrPort("[::1]:9")); err == nil {
			t.Error("an IPv4 socket has sent to an IPv6 address")
		}
	})
}

// unusedPort is a UDP port that nobody listens on.
func unusedPort(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestAConnectedSocketHearsOfARefusal(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		c, err := DialPacket(callersContext(), "udp", unusedPort(t).String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 2 { // the socket can be used on
			if _, err := c.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("read: %v", err)
			}
		}
	})
}

func TestReportErrors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux's alone")
	}
	inTaskAndGoroutine(t, func(t *testing.T) {
		for _, listen := range []string{"127.0.0.1:0", ":0"} {
			c := listenPacket(t, "udp", listen)
			if err := c.ReportErrors(); err != nil {
				t.Fatal(err)
			}
			refusing := []netip.AddrPort{unusedPort(t), unusedPort(t)}
			for _, to := range refusing {
				// The refusal of the first does not fail the second.
				if _, err := c.WriteToAddrPort([]byte("x"), to); err != nil {
					t.Fatal(err)
				}
			}
			for _, to := range refusing {
				_, _, err := c.ReadFrom(make([]byte, 1))
				var op *net.OpError
				if !errors.As(err, &op) || !errors.Is(err, syscall.ECONNREFUSED) || op.Addr.String() != to.String() {
					t.Errorf("refused by %v: %v", to, err)
				}
			}
			// Datagrams still come.
			self := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), c.LocalAddr().(*net.UDPAddr).AddrPort().Port())
			if _, err := c.WriteToAddrPort([]byte("hello"), self); err != nil {
				t.Fatal(err)
			}
			if n, from, err := c.ReadFromAddrPort(make([]byte, 10)); n != 5 || from != self || err != nil {
				t.Errorf("got %d bytes from %v, %v", n, from, err)
			}
		}
		if err := listenPacket(t, "unixgram", filepath.Join(t.TempDir(), "a")).ReportErrors(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("of a Unix socket: %v", err)
		}
	})
}

func TestPacketDeadlineCancelAndClose(t *testing.T) {
	run(t, func(ctx context.Context) error {
		c := listenPacket(t, "udp", "127.0.0.1:0")
		p := make([]byte, 10)
		_ = c.SetDeadline(time.Now().Add(5 * time.Millisecond))
		if _, _, err := c.ReadFrom(p); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after the deadline: %v", err)
		}
		_ = c.SetDeadline(time.Time{})
		err := aio.Timeout(ctx, 5*time.Millisecond, func(context.Context) error {
			_, _, err := c.ReadFrom(p)
			return err
		})
		var timeout *aio.TimeoutError
		if !errors.As(err, &timeout) {
			t.Errorf("within a timeout: %v", err)
		}
		reader := aio.Async(ctx, func(context.Context) (int, error) { return c.Read(p) })
		second := aio.Async(ctx, func(context.Context) (int, error) { return c.Read(p) })
		var conflict *ConflictError
		if _, err := second.Await(ctx); !errors.As(err, &conflict) {
			t.Errorf("a second reader: %v", err)
		}
		// A cancel has lost nothing.
		self := c.LocalAddr().(*net.UDPAddr).AddrPort()
		if _, err := c.WriteToAddrPort([]byte("hello"), self); err != nil {
			return err
		}
		if n, err := reader.Await(ctx); n != 5 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		reader = aio.Async(ctx, func(context.Context) (int, error) { return c.Read(p) })
		_ = aio.Yield(ctx)
		_ = aio.Yield(ctx)
		c.Close()
		if _, err := reader.Await(ctx); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed under a reader: %v", err)
		}
		for _, err := range []error{c.Close(), c.SetDeadline(time.Time{}), c.WaitReadable(ctx)} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
		return nil
	})
}

func TestWaitForAPacket(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		c := listenPacket(t, "udp", "127.0.0.1:0")
		self := c.LocalAddr().(*net.UDPAddr).AddrPort()
		for range 2 {
			if _, err := c.WriteToAddrPort(nil, self); err != nil {
				t.Fatal(err)
			}
			if err := c.WaitReadable(callersContext()); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Read(make([]byte, 10)); n != 0 || err != nil {
				t.Error(n, err)
			}
		}
		ctx, cancel := aio.WithTimeout(callersContext(), 5*time.Millisecond)
		defer cancel()
		if err := c.WaitReadable(ctx); !aio.IsCancelled(err) {
			t.Errorf("with nothing there: %v", err)
		}
	})
}

func TestUnixDatagramFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	// What a process has left behind.
	left, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	left.Close()
	c := listenPacket(t, "unixgram", path)
	if _, err := ListenPacket(context.Background(), "unixgram", path); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second one at the same path: %v", err)
	}
	d := Dialer{LocalAddr: &net.UnixAddr{Name: path + "2", Net: "unixgram"}}
	peer, err := d.DialContext(context.Background(), "unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	if n, from, err := c.ReadFrom(got); string(got[:n]) != "hello" || from.String() != path+"2" || err != nil {
		t.Errorf("got %q from %v, %v", got[:n], from, err)
	}
	nameless, err := DialPacket(context.Background(), "unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = nameless.Write(nil)
	if n, from, err := c.ReadFrom(got); n != 0 || from != nil || err != nil {
		t.Errorf("got %d from %v, %v", n, from, err)
	}
	for _, c := range []net.Conn{peer, nameless, c} {
		c.Close()
	}
	for _, file := range []string{path, path + "2"} {
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file of a closed socket: %v", err)
		}
	}
	if _, err := DialPacket(context.Background(), "unixgram", path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("dialled what is gone: %v", err)
	}
}

func ExampleListenPacket() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		server, err := ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		serving := aio.Go(ctx, func(ctx context.Context) error {
			buffer := make([]byte, 1500)
			for {
				n, from, err := server.ReadFromAddrPort(buffer)
				if err != nil {
					return err
				}
				if _, err := server.WriteToAddrPort(bytes.ToUpper(buffer[:n]), from); err != nil {
					return err
				}
			}
		})
		client, err := DialPacket(ctx, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer client.Close()
		if _, err := client.Write([]byte("hello")); err != nil {
			return err
		}
		answer := make([]byte, 1500)
		n, err := client.Read(answer)
		fmt.Println(string(answer[:n]))
		serving.Cancel(nil)
		_, _ = serving.Await(ctx)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: HELLO
}
