//go:build unix && !aix

package aionet

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

const shortOfDescriptors = "AIONET_TEST_SHORT_OF_DESCRIPTORS"

// With few descriptors left a server goes on accepting as they come back, and
// says so once.
func TestOutOfDescriptors(t *testing.T) {
	if os.Getenv(shortOfDescriptors) != "" {
		outOfDescriptors(t)
		return
	}
	if os.Getenv("AIO_DRIVER") == "portable" {
		t.Skip("the portable driver takes a second descriptor for each connection, so that one it cannot have ends the connection")
	}
	child := exec.Command(os.Args[0], "-test.run=^TestOutOfDescriptors$", "-test.v")
	child.Env = append(os.Environ(), shortOfDescriptors+"=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := bytes.Count(out, []byte("cannot accept connections for now")); n != 1 {
		t.Errorf("it was said %d times\n%s", n, out)
	}
}

func outOfDescriptors(t *testing.T) {
	_ = serving(t, handlers["protocol"], []ServerOption{DrainTimeout(time.Nanosecond)}, func(address string) {
		// All clients have their sockets before descriptors become scarce.
		first := dialServer(t, address)
		ask(t, first)
		var sockets []int
		for range 20 {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			sockets = append(sockets, fd)
		}
		used, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			used, err = os.ReadDir("/dev/fd")
		}
		if err != nil {
			t.Skip("cannot count descriptors here")
		}
		var was unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Fatal(err)
		}
		few := was
		setTo(&few.Cur, len(used)+5)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &was) }()
		to, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range sockets {
			if err := unix.Connect(fd, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
				t.Fatal(err)
			}
		}
		// Each waits in the backlog until one before it has gone.
		for i, fd := range sockets {
			if _, err := unix.Write(fd, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if n, err := unix.Read(fd, make([]byte, 5)); n != 5 {
				t.Fatalf("client %d: %d, %v", i, n, err)
			}
			ask(t, first) // the others are served meanwhile
			unix.Close(fd)
		}
	})
}

// setTo is for a field whose type differs between systems.
func setTo[T int64 | uint64](field *T, n int) { *field = T(n) }

// A panic in a handler of each form ends its connection alone, and is told with
// the stack.
func TestHandlerPanics(t *testing.T) {
	boom := func(data []byte) {
		if string(data) == "bomb!" {
			panic("oh no")
		}
	}
	forms := map[string]Handler{
		"per connection": PerConnection(func(ctx context.Context, c *Conn) error {
			for {
				data := make([]byte, 5)
				if _, err := io.ReadFull(c, data); err != nil {
					return err
				}
				boom(data)
				_, _ = c.Write(data)
			}
		}),
		"per event": PerEvent(func(ctx context.Context, c *Conn) error {
			data := make([]byte, 5)
			if _, err := c.Read(data); err != nil {
				return err
			}
			boom(data)
			_, err := c.Write(data)
			return err
		}),
		"protocol": Callbacks(func() Protocol { return &bombProtocol{boom: boom} }),
	}
	for name, h := range forms {
		t.Run(name, func(t *testing.T) {
			heard := heardOn(t, h, func(ctx context.Context, c *Conn) error {
				other, err := Dial(ctx, "tcp", c.RemoteAddr().String())
				if err != nil {
					return err
				}
				defer other.Close()
				hello := func() error {
					if _, err := other.Write([]byte("hello")); err != nil {
						return err
					}
					_, err := io.ReadFull(other, make([]byte, 5))
					return err
				}
				if err := hello(); err != nil {
					return err
				}
				if _, err := c.Write([]byte("bomb!")); err != nil {
					return err
				}
				if err := expectEnd(c); err != nil {
					return err
				}
				return hello()
			})
			if len(heard) != 1 || !strings.Contains(heard[0].Err.Error(), "survival_test.go") {
				t.Errorf("heard %v", heard)
			}
		})
	}
}

type bombProtocol struct {
	echoProtocol
	boom func([]byte)
}

func (p *bombProtocol) DataReceived(data []byte) {
	p.boom(data)
	p.echoProtocol.DataReceived(data)
}

// heapAfter returns how much the heap has grown in fn, garbage left out.
func heapAfter(fn func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	fn()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// Peers that send without end and never read hold no more than the write limit
// each, in each form.
func TestPeersThatNeverRead(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		const peers = 20
		_ = serving(t, h, []ServerOption{DrainTimeout(time.Nanosecond)}, func(address string) {
			conns := make([]net.Conn, peers)
			for i := range conns {
				conns[i] = dialServer(t, address)
			}
			grown := heapAfter(func() {
				var all sync.WaitGroup
				for _, c := range conns {
					all.Go(func() {
						data := make([]byte, 256<<10)
						for sent := 0; sent < 64<<20; sent += len(data) {
							_ = c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
							if _, err := c.Write(data); err != nil {
								return // held up
							}
						}
						t.Error("64 MB were taken from a peer that does not read")
					})
				}
				all.Wait()
			})
			// What was read once, before the protocol paused, is above the mark.
			if limit := int64(peers * (2*highWater + 2*transportBuffer)); grown > limit {
				t.Errorf("%d bytes for %d peers that do not read", grown, peers)
			}
		})
	})
}

// A peer that sends a byte now and then holds a connection and no buffer of a
// request's size; with a first byte that never comes, or an idle timeout, not
// even that (TestIdleTimeout).
func TestPeersThatSendAByteAtATime(t *testing.T) {
	const peers = 200
	h := counted{Requests(withPool(t, 1, 1), LengthPrefixed(1<<20), upper), make(chan struct{}, peers)}
	_ = serving(t, h, []ServerOption{DrainTimeout(time.Nanosecond)}, func(address string) {
		conns := make([]net.Conn, peers)
		for i := range conns {
			conns[i] = dialServer(t, address)
			<-h.accept
		}
		grown := heapAfter(func() {
			for range 5 {
				for _, c := range conns {
					_, _ = c.Write([]byte{0}) // a length of 0 to 255, then nothing
				}
			}
		})
		if grown > peers*2048 {
			t.Errorf("%d bytes for %d slow peers", grown, peers)
		}
	})
}

// Peers that reset at any moment, in each form, harm nobody and leave nothing.
func TestResetsInEveryState(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		report := serving(t, h, []ServerOption{Loops(2)}, func(address string) {
			good := dialServer(t, address)
			for range 300 {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				switch random.IntN(4) {
				case 0: // before a byte
				case 1: // with an answer on its way
					_, _ = c.Write([]byte("hello"))
				case 2: // with answers unread, and the server held up
					_ = c.SetWriteDeadline(time.Now().Add(time.Millisecond))
					_, _ = c.Write(make([]byte, 1<<20))
				case 3: // after the end of its own half
					_, _ = c.Write([]byte("hello"))
					_ = c.(*net.TCPConn).CloseWrite()
				}
				_ = c.(*net.TCPConn).SetLinger(0)
				c.Close()
			}
			ask(t, good)
			good.Close()
		})
		if e, is := report.(*ShutdownError); is && (e.Left > 0 || e.Cancelled > 1) {
			t.Error(report)
		}
	})
}

// A storm of short connections is served by each form.
func TestAcceptStorm(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		report := serving(t, h, []ServerOption{Loops(2), MaxConnections(50)}, func(address string) {
			var served atomic.Int64
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					for range 50 {
						c, err := net.Dial("tcp", address)
						if err != nil {
							t.Error(err)
							return
						}
						_, _ = c.Write([]byte("hello"))
						if _, err := io.ReadFull(c, make([]byte, 5)); err == nil {
							served.Add(1)
						}
						c.Close()
					}
				})
			}
			all.Wait()
			if n := served.Load(); n != 1000 {
				t.Errorf("%d of 1000 were served", n)
			}
		})
		if e, is := report.(*ShutdownError); is && e.Left > 0 {
			t.Error(report)
		}
	})
}

// A million bytes without a separator are cut off at the limit, and the memory
// is given back.
func TestAMillionBytesWithoutASeparator(t *testing.T) {
	h := Requests(withPool(t, 1, 1), bufio.ScanLines, upper, RequestSize(64<<10))
	var told atomic.Int64
	silent := OnStart(func(context.Context) {
		loop.Current().SetExceptionHandler(func(*loop.Loop, loop.Exception) { told.Add(1) })
	})
	_ = serving(t, h, []ServerOption{silent}, func(address string) {
		grown := heapAfter(func() {
			for range 50 {
				c := dialServer(t, address)
				_, _ = c.Write(bytes.Repeat([]byte("x"), 1_000_000))
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Error("an answer came")
				}
			}
		})
		if grown > 2<<20 {
			t.Errorf("%d bytes are held", grown)
		}
	})
	if told.Load() != 50 {
		t.Errorf("told %d times", told.Load())
	}
}

// A connection has the keepalive that notices a peer that has vanished.
func TestAcceptedConnectionsHaveKeepAlive(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		var on int
		p := newRecorder()
		p.onMade = func() {
			_ = p.transport.Control(func(fd uintptr) { on, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE) })
		}
		server := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, Callbacks(func() Protocol { return p })) })
		c, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		if err := p.expect(ctx, "made"); err != nil {
			return err
		}
		c.Close()
		server.Cancel(nil)
		_, _ = server.Await(ctx)
		if on == 0 {
			return fmt.Errorf("no keepalive")
		}
		return nil
	})
}
