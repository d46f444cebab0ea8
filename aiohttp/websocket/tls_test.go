//go:build unix && !aix

package websocket

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// withTLS makes a server with a certificate for example.com, and who vouches for it.
func withTLS(h http.Handler) (*aiohttp.Server, *x509.CertPool) {
	lender := httptest.NewTLSServer(nil)
	lender.Close()
	roots := x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	return &aiohttp.Server{Handler: h, TLSConfig: &tls.Config{Certificates: lender.TLS.Certificates}}, roots
}

// wss, between tasks and goroutines, with a broadcast to one that does not read
// at first.
func TestTLS(t *testing.T) {
	large := bytes.Repeat([]byte("message "), 100_000)
	for _, f := range append(forms, form{"queued", func(t testing.TB, o *AcceptOptions) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if c, err := Accept(w, r, o); err == nil {
				_ = c.Handle(queued{})
			}
		}
	}}) {
		t.Run(f.name, func(t *testing.T) {
			server, roots := withTLS(f.echo(t, &AcceptOptions{Options: Options{MaxQueued: 8 << 20}}))
			server.Log = slog.New(slog.DiscardHandler) // of the handshake that fails
			address := startWith(t, server, func(ctx context.Context, l *aionet.Listener) error { return server.ServeTLS(ctx, l, "", "") })
			inBoth(t, func(t *testing.T, ctx context.Context) {
				c, err := Dial(ctx, "wss://"+address, &DialOptions{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}})
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				const messages = 4
				writing := aio.Go(ctx, func(ctx context.Context) error {
					for range messages {
						if err := c.Write(ctx, Binary, large); err != nil {
							return err
						}
					}
					return nil
				})
				for range messages {
					if _, got, err := c.Read(ctx); err != nil || !bytes.Equal(got, large) {
						t.Fatalf("%d bytes, %v", len(got), err)
					}
				}
				if _, err := writing.Await(ctx); err != nil {
					t.Error(err)
				}
				if err := c.Close(4001, "bye"); err != nil {
					t.Error(err)
				}
			})
			if _, err := Dial(background, "wss://"+address, nil); err == nil {
				t.Error("a certificate of nobody was trusted")
			}
		})
	}
}

// queued echoes without waiting.
type queued struct{}

func (queued) Message(_ context.Context, c *Conn, t MessageType, data []byte) error {
	return c.WriteNoWait(t, data)
}
func (queued) Closed(*Conn, *CloseError) {}
