//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// A subject is a server that the table of behaviours is run against: net/http's
// is the measure.
type subject struct {
	name  string
	serve func(t *testing.T, h http.Handler) (address string)
}

func subjects() []subject {
	return []subject{
		{"net/http", func(t *testing.T, h http.Handler) string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := &http.Server{Handler: h, ErrorLog: quiet()}
			go s.Serve(l)
			t.Cleanup(func() { _ = s.Close() })
			return l.Addr().String()
		}},
		{"pooled", func(t *testing.T, h http.Handler) string { return start(t, &Server{Handler: h, Log: silent()}) }},
		{"on loop", func(t *testing.T, h http.Handler) string { return start(t, &Server{Handler: OnLoop(h), Log: silent()}) }},
		{"TLS", func(t *testing.T, h http.Handler) string {
			return startTLS(t, &Server{Handler: OnLoop(h), Log: silent()})
		}},
		{"on loop, inside", func(t *testing.T, h http.Handler) string {
			mux := http.NewServeMux()
			mux.Handle("/", OnLoop(h))
			return start(t, &Server{Handler: onlyRoot{OnLoop(h)}, Log: silent()})
		}},
	}
}

// onlyRoot stands for a router around a marked handler.
type onlyRoot struct{ h http.Handler }

func (o onlyRoot) ServeHTTP(w http.ResponseWriter, r *http.Request) { o.h.ServeHTTP(w, r) }

// start runs a server on a loop of its own until the test ends.
func start(t testing.TB, s *Server) (address string) {
	t.Helper()
	return startWith(t, s, s.Serve)
}

// startTLS is start for https; see dialTo.
func startTLS(t testing.TB, s *Server) (address string) {
	t.Helper()
	if s.TLSConfig == nil {
		s.TLSConfig = &tls.Config{}
	}
	s.TLSConfig.Certificates = identity().TLS.Certificates
	return "tls:" + startWith(t, s, func(ctx context.Context, l *aionet.Listener) error { return s.ServeTLS(ctx, l, "", "") })
}

// identity has a certificate for the tests.
var identity = sync.OnceValue(func() *httptest.Server {
	s := httptest.NewTLSServer(nil)
	s.Close()
	return s
})

// clientTLS trusts it.
func clientTLS() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(identity().Certificate())
	return &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

func startWith(t testing.TB, s *Server, serve func(context.Context, *aionet.Listener) error) (address string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	listening := make(chan string, 1)
	ended := make(chan error, 1)
	if s.DrainTimeout == 0 {
		s.DrainTimeout = 100 * time.Millisecond
	}
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- l.Addr().String()
			err = serve(ctx, l)
			_ = s.Shutdown(context.WithoutCancel(ctx))
			if err == ErrServerClosed {
				return nil
			}
			return err
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
	select {
	case address = <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	return address
}

// halfCloser is a client's connection.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// dialTo connects with a server that start or startTLS has started.
func dialTo(t testing.TB, address string) halfCloser {
	t.Helper()
	var c net.Conn
	var err error
	if plain, secure := strings.CutPrefix(address, "tls:"); secure {
		c, err = tls.Dial("tcp", plain, clientTLS())
	} else {
		c, err = net.Dial("tcp", address)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.(halfCloser)
}

// roundTrip sends bytes and returns what comes until the server closes, or as
// many responses as are wanted.
func roundTrip(t *testing.T, address, request string) string {
	t.Helper()
	c := dialTo(t, address)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("after %q: %v", got, err)
	}
	return string(got)
}

func TestHello(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			address := s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "hello "+r.URL.Path)
			}))
			got := roundTrip(t, address, "GET /you HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\nhello /you") {
				t.Errorf("got %q", got)
			}
		})
	}
}
