//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// serving runs a server on a loop of its own and fn beside it, in a plain
// goroutine.
func serving(t *testing.T, handler Handler, options []ServerOption, fn func(address string)) (report error) {
	t.Helper()
	l, err := Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(handler, options...)
	served := make(chan error)
	go func() { served <- s.Serve(context.Background(), l) }()
	fn(l.Addr().String())
	report = s.Shutdown(context.Background())
	if err := <-served; !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	return report
}

func dialServer(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a message and reads the echo.
func ask(t *testing.T, c net.Conn) {
	t.Helper()
	if err := tryAsk(c); err != nil {
		t.Fatal(err)
	}
}

func tryAsk(c net.Conn) error {
	if _, err := c.Write([]byte("hello")); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 5))
	return err
}

// counted is a handler that tells of each connection.
type counted struct {
	Handler
	accept chan struct{}
}

func (h counted) accepted(r *reactor, a arrival) {
	h.Handler.accepted(r, a)
	h.accept <- struct{}{}
}

// handlers are an echo server in each form.
var handlers = map[string]Handler{
	"per connection": PerConnection(echoConnection),
	"per event":      PerEvent(echoEvent),
	"protocol":       Callbacks(func() Protocol { return &echoProtocol{} }),
}

// inEachForm runs a test with each of them.
func inEachForm(t *testing.T, fn func(t *testing.T, h Handler)) {
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) { fn(t, h) })
	}
}

// onLoops counts connections by the loop that has them.
type onLoops struct {
	mu    sync.Mutex
	count map[*loop.Loop]int
}

func (o *onLoops) handle(ctx context.Context, c *Conn) error {
	o.mu.Lock()
	if o.count == nil {
		o.count = map[*loop.Loop]int{}
	}
	o.count[loop.Current()]++
	o.mu.Unlock()
	return echoConnection(ctx, c)
}

func (o *onLoops) counts() (counts []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.count {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	return counts
}

func TestLoopsTakeTurns(t *testing.T) {
	var on onLoops
	_ = serving(t, PerConnection(on.handle), []ServerOption{Loops(3), DrainTimeout(time.Nanosecond)}, func(address string) {
		for range 9 {
			ask(t, dialServer(t, address))
		}
	})
	if got := on.counts(); !slices.Equal(got, []int{3, 3, 3}) {
		t.Errorf("connections on the loops: %v", got)
	}
}

// Two loops; every second connection ends at once, so that turns alone would
// leave one loop with all that stay.
func TestLeastConnections(t *testing.T) {
	var open onLoops
	var mu sync.Mutex
	live := map[*loop.Loop]int{}
	handle := func(ctx context.Context, c *Conn) error {
		here := loop.Current()
		mu.Lock()
		live[here]++
		mu.Unlock()
		defer func() {
			mu.Lock()
			live[here]--
			mu.Unlock()
		}()
		return open.handle(ctx, c)
	}
	_ = serving(t, PerConnection(handle), []ServerOption{Loops(2), LeastConnections(), DrainTimeout(time.Nanosecond)}, func(address string) {
		var kept []net.Conn
		for range 10 {
			c := dialServer(t, address)
			ask(t, c)
			kept = append(kept, c)
			short := dialServer(t, address)
			ask(t, short)
			_ = short.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, short) // the server has closed it
		}
		mu.Lock()
		defer mu.Unlock()
		for _, n := range live {
			if n < 4 || n > 6 {
				t.Errorf("%d of %d connections are on one loop", n, len(kept))
			}
		}
	})
}

func TestReusePort(t *testing.T) {
	l, err := ListenReusePort(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var on onLoops
	s := NewServer(PerConnection(on.handle), Loops(3), ReusePort(), DrainTimeout(time.Nanosecond))
	served := make(chan error)
	go func() { served <- s.Serve(context.Background(), l) }()
	for range 60 {
		ask(t, dialServer(t, l.Addr().String()))
	}
	_ = s.Shutdown(context.Background())
	if err := <-served; !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	// The system distributes by a hash of the addresses.
	if got := on.counts(); len(got) != 3 {
		t.Errorf("connections on the loops: %v", got)
	}
}

func TestReusePortNeedsItsListener(t *testing.T) {
	l, err := Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := Serve(context.Background(), l, handlers["protocol"], Loops(2), ReusePort()); err == nil {
		t.Error("an ordinary listener was taken")
	}
}

// With two connections open a third one waits until one ends.
func TestMaxConnections(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		_ = serving(t, h, []ServerOption{MaxConnections(2), DrainTimeout(time.Nanosecond)}, func(address string) {
			first, second, third := dialServer(t, address), dialServer(t, address), dialServer(t, address)
			ask(t, first)
			ask(t, second)
			if _, err := third.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			_ = third.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if n, err := third.Read(make([]byte, 5)); err == nil {
				t.Errorf("the third connection got %d bytes", n)
			}
			first.Close()
			_ = third.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.ReadFull(third, make([]byte, 5)); err != nil {
				t.Errorf("the third connection: %v", err)
			}
		})
	})
}

// A server that waits for a slot can be stopped.
func TestShutdownAtMaxConnections(t *testing.T) {
	report := serving(t, handlers["protocol"], []ServerOption{MaxConnections(1)}, func(address string) { ask(t, dialServer(t, address)) })
	if report != nil {
		t.Error(report)
	}
}

// Shutdown and Serve at the same time leave nothing behind, whoever is first.
func TestShutdownWhileStarting(t *testing.T) {
	for range 200 {
		l, err := Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := NewServer(handlers["per event"], Loops(2))
		served := make(chan error)
		go func() { served <- s.Serve(context.Background(), l) }()
		go func() {
			if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
				c.Close()
			}
		}()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
	}
}

// Shutdown waits for a handler that works, and cancels one that does not end.
func TestShutdownDrains(t *testing.T) {
	var begun, finish aio.Event
	handler := PerEvent(func(ctx context.Context, c *Conn) error {
		begun.Set()
		if err := finish.Wait(ctx); err != nil {
			return err
		}
		return echoEvent(ctx, c)
	})
	l, err := Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(handler)
	served := make(chan error)
	go func() { served <- s.Serve(context.Background(), l) }()
	idle, busy := dialServer(t, l.Addr().String()), dialServer(t, l.Addr().String())
	_, _ = busy.Write([]byte("hello"))
	_ = begun.Wait(context.Background())
	report := make(chan error)
	go func() { report <- s.Shutdown(context.Background()) }()
	if _, err := idle.Read(make([]byte, 1)); err == nil {
		t.Error("the idle connection was not closed")
	}
	finish.Set()
	if _, err := io.ReadFull(busy, make([]byte, 5)); err != nil {
		t.Errorf("the busy connection: %v", err)
	}
	if err := <-report; err != nil {
		t.Error(err)
	}
	<-served
}

func TestShutdownReports(t *testing.T) {
	report := serving(t, PerConnection(echoConnection), []ServerOption{DrainTimeout(10 * time.Millisecond)}, func(address string) {
		ask(t, dialServer(t, address))
		ask(t, dialServer(t, address))
	})
	var e *ShutdownError
	if !errors.As(report, &e) || e.Cancelled != 2 || e.Left != 0 {
		t.Errorf("report: %v", report)
	}
}

// A protocol with Drain decides itself when it is done.
func TestShutdownTellsProtocols(t *testing.T) {
	heard := make(chan struct{})
	report := serving(t, Callbacks(func() Protocol { return &politeProtocol{} }), nil, func(address string) {
		c := dialServer(t, address)
		ask(t, c)
		go func() {
			defer close(heard)
			got, err := io.ReadAll(c)
			if string(got) != "goodbye" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		}()
	})
	<-heard
	if report != nil {
		t.Error(report)
	}
}

type politeProtocol struct{ echoProtocol }

func (p *politeProtocol) Drain() {
	p.transport.Loop().CallLater(5*time.Millisecond, func() {
		_, _ = p.transport.Write([]byte("goodbye"))
		_ = p.transport.Close()
	})
}

// A handler that has an end of its own is not closed while it waits, and gets its
// events until it ends or time is up.
func TestShutdownLetsHandlersFinish(t *testing.T) {
	for _, c := range []struct {
		name    string
		patient time.Duration
		bye     string
		report  bool
	}{{"it does", time.Minute, "bye", false}, {"it does not", 20 * time.Millisecond, "", true}} {
		t.Run(c.name, func(t *testing.T) {
			asked, over := make(chan struct{}, 9), make(chan struct{})
			handler := Events(func(c *Conn) EventHandler { return &finisher{c: c, asked: asked} })
			report := serving(t, handler, []ServerOption{DrainTimeout(c.patient)}, func(address string) {
				client := dialServer(t, address)
				ask(t, client)
				go func() {
					defer close(over)
					<-asked
					ask(t, client)
					_, _ = io.WriteString(client, c.bye)
					if _, err := io.ReadAll(client); err != nil {
						t.Error(err)
					}
				}()
			})
			<-over
			if (report != nil) != c.report {
				t.Error(report)
			}
		})
	}
}

// finisher echoes and ends when it hears bye.
type finisher struct {
	c     *Conn
	asked chan<- struct{}
}

func (f *finisher) Event(context.Context) error {
	b := make([]byte, 9)
	n, err := f.c.Read(b)
	if err == nil && string(b[:n]) == "bye" {
		err = io.EOF
	}
	if err == nil {
		_, err = f.c.Write(b[:n])
	}
	return err
}
func (*finisher) HungUp()           {}
func (*finisher) Closed()           {}
func (f *finisher) Finishing() bool { f.asked <- struct{}{}; return true }

// Transports that are left when the server is cancelled hear of their end.
func TestCancelledServerEndsProtocols(t *testing.T) {
	r := newRecorder()
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		aio.Go(ctx, func(ctx context.Context) error {
			return NewServer(Callbacks(func() Protocol { return r })).Serve(ctx, l)
		})
		c, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		return r.expect(ctx, "made")
	})
	if err := r.expect(context.Background(), fmt.Sprintf("lost %v", ErrServerClosed)); err != nil {
		t.Error(err)
	}
}

// OnStart runs on each loop, before the first connection.
func TestOnStart(t *testing.T) {
	var loops []*loop.Loop // started one after the other, so no lock
	started := NewLocal(func(l *loop.Loop) *bool { return new(bool) })
	var early atomic.Bool
	handler := PerConnection(func(ctx context.Context, c *Conn) error {
		if !*started.Get() {
			early.Store(true)
		}
		return echoConnection(ctx, c)
	})
	options := []ServerOption{Loops(3), DrainTimeout(time.Nanosecond), OnStart(func(context.Context) {
		loops = append(loops, loop.Current())
		*started.Get() = true
	})}
	_ = serving(t, handler, options, func(address string) {
		for range 6 {
			ask(t, dialServer(t, address))
		}
	})
	slices.SortFunc(loops, func(a, b *loop.Loop) int { return strings.Compare(fmt.Sprintf("%p", a), fmt.Sprintf("%p", b)) })
	if len(slices.Compact(loops)) != 3 || early.Load() {
		t.Errorf("%d loops, a connection came before: %v", len(loops), early.Load())
	}
}
