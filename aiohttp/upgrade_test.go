//go:build unix && !aix

package aiohttp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/goaio/aio/aiohttp/internal/upgrade"
	"github.com/goaio/aio/aionet"
)

// bouncing echoes what comes, event by event.
type bouncing struct {
	conn    upgrade.Conn
	unread  []byte
	running atomic.Int32 // events under way
	closed  chan struct{}
}

func (b *bouncing) Event(context.Context) error {
	b.running.Add(1)
	defer b.running.Add(-1)
	p := make([]byte, 100)
	n := copy(p, b.unread)
	if b.unread = nil; n == 0 {
		var err error
		if n, err = b.conn.Read(p); err != nil {
			return err
		}
	}
	_, err := b.conn.Write(p[:n])
	return err
}

func (b *bouncing) HungUp() {}
func (b *bouncing) Closed() { close(b.closed) }

// A handler takes the connection over and leaves it on the loop.
func TestAConnectionThatIsTakenOver(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		for _, begin := range []func(testing.TB, *Server) string{start, startTLS} {
			taken := make(chan *bouncing, 1)
			s := &Server{Log: silent(), IdleTimeout: 5 * short, ReadHeaderTimeout: 5 * short, Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				to := upgrade.Of(struct{ wrapping }{wrapping{w}})
				c, unread, err := to.Take()
				if err != nil {
					t.Error(err)
					return
				}
				if _, _, err := to.Take(); err != http.ErrHijacked {
					t.Errorf("twice: %v", err)
				}
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: bounce\r\n\r\n")
				b := &bouncing{conn: c, unread: unread, closed: make(chan struct{})}
				to.Keep(b, len(unread) > 0)
				taken <- b
			}))}
			address := begin(t, s)
			c, in := bounced(t, address)
			b := <-taken
			expect := func(want string) {
				t.Helper()
				got := make([]byte, len(want))
				if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
					t.Fatalf("got %q, %v, want %q", got, err, want)
				}
			}
			expect("early")
			for i := range 3 {
				message := fmt.Sprint("message ", i)
				io.WriteString(c, message)
				expect(message)
			}
			idle := dial(t, address) // begins to be idle later, and ends by the timeout
			if got, err := io.ReadAll(idle); len(got) > 0 || err != nil {
				t.Errorf("of an idle connection: %q, %v", got, err)
			}
			if b.running.Load() != 0 {
				t.Error("an event is under way that nobody has sent")
			}
			io.WriteString(c, "late")
			expect("late")
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if got, err := io.ReadAll(in); len(got) > 0 || err != nil {
				t.Errorf("after the end: %q, %v", got, err)
			}
			<-b.closed
		}
	})
}

// bounced upgrades a connection. On a busy machine the server's short limit may
// have passed before the request comes; it is made again then.
func bounced(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	for attempt := 1; ; attempt++ {
		c := dial(t, address)
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: bounce\r\n\r\nearly")
		in := bufio.NewReader(c)
		switch answer, err := http.ReadResponse(in, nil); {
		case err == nil && answer.StatusCode == 101:
			return c, in
		case err == nil || attempt == 10:
			t.Fatal(answer, err)
		}
	}
}

type wrapping struct{ http.ResponseWriter }

func (w wrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var _ aionet.EventHandler = (*bouncing)(nil)

// Who takes the connection over and does not leave it there has it to himself.
func TestAHijackedConnectionIsNotTheServers(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		for _, begin := range []func(testing.TB, *Server) string{start, startTLS} {
			hijackedConn := make(chan io.ReadWriteCloser, 1)
			s := &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
				}
				hijackedConn <- c
			}))}
			c := dial(t, begin(t, s))
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			mine := <-hijackedConn
			defer mine.Close()
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			io.WriteString(c, "still")
			got := make([]byte, 5)
			if _, err := io.ReadFull(mine, got); err != nil || string(got) != "still" {
				t.Errorf("%q, %v", got, err)
			}
		}
	})
}
