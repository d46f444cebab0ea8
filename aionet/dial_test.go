//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// callersContext is the innermost context of a task, and one of nothing in a
// plain goroutine.
func callersContext() context.Context {
	if scope := loop.CurrentScope(); scope != nil {
		return scope
	}
	return context.Background()
}

// greeter listens with package net and greets who connects.
func greeter(t *testing.T, network, address string) net.Addr {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skip("this machine cannot listen there: ", err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "hello")
			c.Close()
		}
	}()
	return l.Addr()
}

func greeted(c io.ReadCloser) error {
	defer c.Close()
	if p, err := io.ReadAll(c); string(p) != "hello" || err != nil {
		return fmt.Errorf("got %q, %v", p, err)
	}
	return nil
}

// answers makes a lookup with a given result.
func answers(ips ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(context.Context, string, string) (result []netip.Addr, err error) {
		for _, ip := range ips {
			result = append(result, netip.MustParseAddr(ip))
		}
		return result, nil
	}
}

func TestDialAddresses(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "socket")
		tests := [][2]string{{"tcp", "127.0.0.1:0"}, {"tcp4", "127.0.0.1:0"}, {"tcp", "[::1]:0"}, {"tcp6", "[::1]:0"}, {"unix", path}}
		if runtime.GOOS == "linux" {
			tests = append(tests, [2]string{"unix", "@aionet-test-" + t.Name()})
		}
		for _, test := range tests {
			t.Run(strings.Join(test[:], " "), func(t *testing.T) {
				to := greeter(t, test[0], test[1])
				c, err := Dial(callersContext(), test[0], to.String())
				if err != nil {
					t.Fatal(err)
				}
				if c.RemoteAddr().String() != to.String() {
					t.Errorf("connected to %v", c.RemoteAddr())
				}
				if err := greeted(c); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

func TestDialHereWithoutAHost(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		to := greeter(t, "tcp", "127.0.0.1:0").(*net.TCPAddr)
		c, err := Dial(callersContext(), "tcp", fmt.Sprintf(":%d", to.Port))
		if err != nil {
			t.Fatal(err)
		}
		if err := greeted(c); err != nil {
			t.Error(err)
		}
	})
}

// The first address refuses, the second answers.
func TestDialTriesTheNextAddress(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		to := greeter(t, "tcp", "127.0.0.1:0").(*net.TCPAddr)
		d := Dialer{LookupNetIP: answers("127.0.0.2", "127.0.0.3", "127.0.0.1")}
		c, err := d.Dial(callersContext(), "tcp", fmt.Sprintf("example.com:%d", to.Port))
		if err != nil {
			t.Fatal(err)
		}
		if err := greeted(c); err != nil {
			t.Error(err)
		}
	})
}

// refusing is a port of 127.0.0.0/8 on which nobody listens, nor can: a socket
// is bound to it.
func refusing(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(fd)
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return name.(*unix.SockaddrInet4).Port
}

func TestDialErrorsNameEveryAttempt(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		port := refusing(t)
		d := Dialer{LookupNetIP: answers("127.0.0.2", "127.0.0.3")}
		_, err := d.Dial(callersContext(), "tcp", fmt.Sprintf("example.com:%d", port))
		var attempts *DialError
		if !errors.As(err, &attempts) || len(attempts.Attempts) != 2 || !errors.Is(err, syscall.ECONNREFUSED) || attempts.Timeout() {
			t.Errorf("%#v", err)
		}
		want := fmt.Sprintf("dial tcp example.com:%[1]d: none of 2 addresses answered: "+
			"127.0.0.2:%[1]d: connect: connection refused; 127.0.0.3:%[1]d: connect: connection refused", port)
		if err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	})
}

func TestDialErrors(t *testing.T) {
	long := strings.Repeat("x", 200)
	for _, test := range []struct{ network, address, want string }{
		{"tcp", "127.0.0.1", "missing port"},
		{"tcp", "127.0.0.1:99999", "invalid port"},
		{"tcp", "127.0.0.1:nosuchservice", "nosuchservice"},
		{"tcp4", "[::1]:1", "no suitable address for tcp4"},
		{"tcp6", "127.0.0.1:1", "no suitable address for tcp6"},
		{"carrier-pigeon", "x", "unknown network carrier-pigeon"},
		{"unix", "", "it is empty"},
		{"unix", long, "this one 200"},
		{"unix", "/no/such/socket", "no such file"},
		{"tcp", fmt.Sprintf("127.0.0.1:%d", refusing(t)), "connect: connection refused"},
	} {
		inTaskAndGoroutine(t, func(t *testing.T) {
			c, err := Dial(callersContext(), test.network, test.address)
			var op *net.OpError
			if c != nil || !errors.As(err, &op) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s %s: %v", test.network, test.address, err)
			}
		})
	}
}

func TestDialerSetsTheSocket(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		to := greeter(t, "tcp", "127.0.0.1:0")
		called := ""
		d := Dialer{
			LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)},
			KeepAlive: -1,
			Control: func(network, address string, c syscall.RawConn) error {
				called = network + " " + address
				return c.Control(func(fd uintptr) {
					if on, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE); on != 0 {
						t.Error("it keeps alive")
					}
				})
			},
		}
		c, err := d.Dial(callersContext(), "tcp", to.String())
		if err != nil {
			t.Fatal(err)
		}
		if from := c.LocalAddr().(*net.TCPAddr); !from.IP.Equal(net.IPv4(127, 0, 0, 9)) {
			t.Errorf("from %v", from)
		}
		if called != "tcp4 "+to.String() {
			t.Errorf("Control was called with %q", called)
		}
		if err := greeted(c); err != nil {
			t.Error(err)
		}
		refused := errors.New("no")
		d.Control = func(string, string, syscall.RawConn) error { return refused }
		if _, err := d.Dial(callersContext(), "tcp", to.String()); !errors.Is(err, refused) {
			t.Errorf("Control refused, and the dial ended with %v", err)
		}
		if _, err := d.Dial(callersContext(), "tcp", "[::1]:1"); !strings.Contains(err.Error(), "no suitable address") {
			t.Errorf("from IPv4 to IPv6: %v", err)
		}
	})
}

func TestDialAService(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		address := ""
		d := Dialer{Control: func(_, to string, _ syscall.RawConn) error { address = to; return errors.New("enough") }}
		_, _ = d.Dial(callersContext(), "tcp", "127.0.0.1:http")
		if address != "127.0.0.1:80" {
			t.Errorf("http is at %s", address)
		}
	})
}

func TestDialTimeoutDuringTheLookup(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		d := Dialer{Timeout: 10 * time.Millisecond, LookupNetIP: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			return nil, aio.Sleep(ctx, time.Hour)
		}}
		_, err := d.Dial(callersContext(), "tcp", "example.com:1")
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// deaf is a port of 127.0.0.0/8 that takes no more connections.
func deaf(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("how many connections a listener that does not accept takes is the system's affair")
	}
	socket := func() int {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.CloseOnExec(fd)
		_ = unix.SetNonblock(fd, true)
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	l := socket()
	if err := errors.Join(unix.Bind(l, &unix.SockaddrInet4{}), unix.Listen(l, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(l)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*unix.SockaddrInet4).Port
	for range 3 {
		fd := socket()
		_ = unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port})
		connecting := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, _ := unix.Poll(connecting, 50); n == 0 {
			return port
		}
	}
	t.Skip("the listener takes every connection")
	return 0
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip("the system does not list open files: ", err)
	}
	return len(entries)
}

func TestDialTimeoutAndCancelLeaveNothingBehind(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		port := deaf(t)
		_ = aio.Sleep(callersContext(), time.Millisecond) // the loop's timer is a descriptor
		before := openFiles(t)
		d := Dialer{Timeout: 300 * time.Millisecond, AttemptDelay: 5 * time.Millisecond, LookupNetIP: answers("127.0.0.1", "127.0.0.2", "127.0.0.3")}
		address := fmt.Sprintf("example.com:%d", port)
		var attempts *DialError
		var err error
		// On a busy machine not all attempts may have begun when the time is up, and none after a long stall.
		for try := 0; try < 5 && attempts == nil; try++ {
			if _, err = d.Dial(callersContext(), "tcp", address); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			_ = errors.As(err, &attempts)
		}
		if attempts == nil || len(attempts.Attempts) == 0 || !attempts.Timeout() {
			t.Errorf("%v", err)
		}
		if _, err = d.Dial(callersContext(), "tcp", fmt.Sprintf("127.0.0.1:%d", port)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("of one address: %v", err)
		}
		d.Timeout = 0
		for _, to := range []string{address, fmt.Sprintf("127.0.0.1:%d", port)} {
			err = aio.Timeout(callersContext(), 30*time.Millisecond, func(ctx context.Context) error {
				_, err := d.DialContext(ctx, "tcp", to)
				return err
			})
			var timeout *aio.TimeoutError
			if !errors.As(err, &timeout) {
				t.Errorf("%v", err)
			}
		}
		// The descriptors of the background loop may go a little later.
		for deadline := time.Now().Add(5 * time.Second); openFiles(t) > before && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if after := openFiles(t); after > before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}

// A Unix listener whose queue is full is waited for, as connect does it.
func TestDialAUnixSocketWithAFullQueue(t *testing.T) {
	inTaskAndGoroutine(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "socket")
		l, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(l)
		if err := errors.Join(unix.Bind(l, &unix.SockaddrUnix{Name: path}), unix.Listen(l, 0)); err != nil {
			t.Fatal(err)
		}
		first, err := Dial(callersContext(), "unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		d := Dialer{Timeout: 10 * time.Millisecond}
		if _, err := d.Dial(callersContext(), "unix", path); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Skip("the system does not have one wait here, for its queues are longer: ", err)
		}
		go func() {
			if fd, _, err := unix.Accept(l); err == nil {
				unix.Close(fd)
			}
		}()
		second, err := Dial(callersContext(), "unix", path)
		if err != nil {
			t.Fatal(err)
		}
		second.Close()
	})
}

// A goroutine that a task waits for in the wrong way, stopping its loop, dials
// with the task's context.
func TestAGoroutineDialsWhileTheLoopOfItsContextStandsStill(t *testing.T) {
	to := greeter(t, "tcp", "127.0.0.1:0").(*net.TCPAddr)
	run(t, func(ctx context.Context) error {
		result := make(chan error)
		go func() {
			d := Dialer{Timeout: time.Minute, LookupNetIP: answers("127.0.0.2", "127.0.0.1")}
			c, err := d.Dial(ctx, "tcp", fmt.Sprintf("example.com:%d", to.Port))
			if err == nil {
				err = greeted(c)
			}
			result <- err
		}()
		return <-result
	})
}

// net/http dials through us, in a task.
func TestDialContextForOthers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	served := make(chan struct{})
	go func() { _ = server.Serve(l); close(served) }()
	defer func() { server.Close(); <-served }()
	inTaskAndGoroutine(t, func(t *testing.T) {
		transport := &http.Transport{DialContext: new(Dialer).DialContext}
		defer transport.CloseIdleConnections()
		_, err := aio.Blocking(callersContext(), func(ctx context.Context) (struct{}, error) {
			request, err := http.NewRequestWithContext(ctx, "GET", "http://"+l.Addr().String(), nil)
			if err != nil {
				return struct{}{}, err
			}
			response, err := transport.RoundTrip(request)
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, greeted(response.Body)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func ExampleDialer() {
	dialer := aionetDialer()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		_, err := dialer.Dial(ctx, "tcp", "database.example:5432")
		return err
	})
	fmt.Println(err)
	// Output: dial tcp database.example:5432: none of 2 addresses answered: [::1]:5432: refused here; 127.0.0.1:5432: refused here
}

func aionetDialer() *Dialer {
	return &Dialer{
		Timeout: 5 * time.Second,
		LookupNetIP: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
		},
		Control: func(string, string, syscall.RawConn) error { return errors.New("refused here") },
	}
}
