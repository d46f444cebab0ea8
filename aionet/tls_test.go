//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// authority is a certificate authority for the tests, with a certificate for
// localhost and one for a client.
var authority = sync.OnceValue(func() (a struct {
	pool           *x509.CertPool
	server, client tls.Certificate
}) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, _ := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	root, _ = x509.ParseCertificate(der)
	a.pool = x509.NewCertPool()
	a.pool.AddCert(root)
	issue := func(serial int64, name string) tls.Certificate {
		own, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
			KeyUsage:    x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		der, _ := x509.CreateCertificate(rand.Reader, template, root, &own.PublicKey, key)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: own}
	}
	a.server, a.client = issue(2, "localhost"), issue(3, "a client")
	return a
})

func serverConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{authority().server}, NextProtos: []string{"echo/2", "echo/1"}}
}

func clientConfig() *tls.Config {
	return &tls.Config{RootCAs: authority().pool, ServerName: "localhost", NextProtos: []string{"echo/1"}}
}

// secure shakes hands on both ends of a subject's connection.
func (s *subject) secure(server, client *tls.Config) (a, b *TLSConn) {
	s.Helper()
	a, b = TLSServer(s.a, server), TLSClient(s.b, client)
	shaking := s.start(a.Handshake)
	s.must(b.Handshake(s.ctx))
	s.must(shaking.await())
	return a, b
}

func TestTLSTransfersLargeMessagesBothWays(t *testing.T) {
	everywhere(t, func(s *subject) {
		a, b := s.secure(serverConfig(), clientConfig())
		if got := b.ConnectionState(); got.NegotiatedProtocol != "echo/1" || len(got.PeerCertificates) != 1 {
			s.Errorf("%q was agreed on", got.NegotiatedProtocol)
		}
		sent := make([]byte, 700<<10)
		_, _ = rand.Read(sent)
		var others []*started
		for _, ends := range [][2]*TLSConn{{a, b}, {b, a}} {
			others = append(others, s.start(func(ctx context.Context) error {
				if n, err := ends[0].Write(sent); n != len(sent) || err != nil {
					return err
				}
				return ends[0].CloseWrite()
			}), s.start(func(ctx context.Context) error {
				got, err := io.ReadAll(ends[1])
				if err == nil && !bytes.Equal(got, sent) {
					s.Errorf("%d bytes came, other ones than were sent", len(got))
				}
				return err
			}))
		}
		for _, other := range others {
			s.must(other.await())
		}
		s.must(a.Close())
		s.must(b.Close())
		if _, err := a.Read(make([]byte, 1)); err == nil {
			s.Error("a read after Close")
		}
	})
}

// After a cancel, or a deadline, in the middle of a record or of a write the
// connection goes on where it was.
func TestTLSInterruptedCallsLoseNothing(t *testing.T) {
	everywhere(t, func(s *subject) {
		a, b := s.secure(serverConfig(), clientConfig())
		for range 2 {
			reader := s.start(func(ctx context.Context) error {
				_, err := a.ReadContext(ctx, make([]byte, 1))
				return err
			})
			s.untilWaits(s.a, reading)
			reader.cancel()
			if err := reader.await(); !aio.IsCancelled(err) {
				s.Fatal(err)
			}
			s.must(a.SetReadDeadline(time.Now().Add(time.Millisecond)))
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				s.Fatal(err)
			}
			s.must(a.SetReadDeadline(time.Time{}))
		}
		message := make([]byte, 9<<20)
		_, _ = rand.Read(message)
		taken := 0
		writer := s.start(func(ctx context.Context) (err error) {
			taken, err = a.WriteContext(ctx, message)
			return err
		})
		s.untilWaits(s.a, writing)
		writer.cancel()
		if err := writer.await(); !aio.IsCancelled(err) || taken == 0 || taken == len(message) {
			s.Fatalf("taken %d, %v", taken, err)
		}
		rest := s.start(func(ctx context.Context) error {
			_, err := a.Write(message[taken:])
			return err
		})
		got := make([]byte, len(message))
		_, err := io.ReadFull(b, got)
		s.must(err)
		s.must(rest.await())
		if !bytes.Equal(got, message) {
			s.Fatal("the two writes do not make up the message")
		}
	})
}

// Tasks of one loop that read, write and close at the same time do not stop it:
// crypto/tls's own locks are never held across an await.
func TestTLSTasksDoNotStopTheirLoop(t *testing.T) {
	everyDriver(t, func(t *testing.T, options ...aio.Option) {
		run(t, func(ctx context.Context) error {
			raw, other := pair(ctx, t, "tcp")
			s := taskSubject(ctx, t, raw, other)
			a, b := s.secure(serverConfig(), clientConfig())
			var writers []*started
			for range 3 {
				writers = append(writers, s.start(func(ctx context.Context) error {
					_, err := a.Write(make([]byte, 9<<20))
					return err
				}))
			}
			s.untilWaits(raw, writing)
			reader := aio.Go(ctx, func(context.Context) error { _, err := a.Read(make([]byte, 1)); return err }, aio.Name("first"))
			s.untilWaits(raw, reading)
			_, err := aio.Go(ctx, func(context.Context) error { _, err := a.Read(make([]byte, 1)); return err }, aio.Name("second")).Await(ctx)
			var conflict *ConflictError
			if !errors.As(err, &conflict) || conflict.Reader != "first" || conflict.Other != "second" {
				t.Errorf("the second reader got %v", err)
			}
			if !a.ConnectionState().HandshakeComplete {
				t.Error("no handshake")
			}
			s.must(a.Close())
			if _, err := reader.Await(ctx); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			for _, w := range writers {
				if err := w.await(); err == nil {
					t.Error("a write went on after Close")
				}
			}
			b.Close()
			return nil
		}, options...)
	})
}

func TestTLSHandshakeFailures(t *testing.T) {
	everywhere(t, func(s *subject) {
		a, b := TLSServer(s.a, serverConfig()), TLSClient(s.b, &tls.Config{RootCAs: authority().pool, ServerName: "elsewhere"})
		shaking := s.start(a.Handshake)
		var name x509.HostnameError
		if err := b.Handshake(s.ctx); !errors.As(err, &name) {
			s.Fatal(err)
		}
		if err := shaking.await(); err == nil {
			s.Fatal("no error at the server")
		}
		if _, err := b.Write([]byte("x")); err == nil {
			s.Fatal("a write after a failed handshake")
		}
	})
}

func TestTLSHandshakeDeadline(t *testing.T) {
	everywhere(t, func(s *subject) {
		a := TLSServer(s.a, serverConfig())
		var timeout *aio.TimeoutError
		err := newTLSOptions([]TLSOption{HandshakeTimeout(2 * time.Millisecond)}).handshake(s.ctx, a)
		if !errors.As(err, &timeout) {
			s.Fatal(err)
		}
		if _, err := s.b.Read(make([]byte, 1)); err != io.EOF {
			s.Fatalf("the connection is still open: %v", err)
		}
	})
}

func TestTLSSessionsAreResumedAndClientsHaveCertificates(t *testing.T) {
	run(t, func(ctx context.Context) error {
		server := serverConfig()
		server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, authority().pool
		l, err := ListenTLS(ctx, "tcp", "127.0.0.1:0", server)
		if err != nil {
			return err
		}
		defer l.Close()
		client := clientConfig()
		client.ServerName = "" // the address's
		client.Certificates = []tls.Certificate{authority().client}
		client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i := range 3 {
			serving := aio.Go(ctx, func(ctx context.Context) error {
				c, err := l.AcceptTLS(ctx)
				if err != nil {
					return err
				}
				defer c.Close()
				if _, err = io.Copy(c, c); err != nil {
					return err
				}
				if name := c.ConnectionState().PeerCertificates[0].Subject.CommonName; name != "a client" {
					t.Errorf("the client is %q", name)
				}
				return nil
			})
			c, err := DialTLS(ctx, "tcp", l.Addr().String(), client)
			if err != nil {
				return err
			}
			if _, err := c.Write([]byte("x")); err != nil {
				return err
			}
			if _, err := c.Read(make([]byte, 1)); err != nil {
				return err
			}
			if got := c.ConnectionState().DidResume; got != (i > 0) {
				t.Errorf("connection %d: resumed: %v", i, got)
			}
			c.Close()
			if _, err := serving.Await(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Each kind of server, for clients of package crypto/tls over package net.
func TestTLSServers(t *testing.T) {
	perConnection := TLSPerConnection(serverConfig(), func(ctx context.Context, c *TLSConn) error {
		_, err := io.Copy(c, c)
		return err
	})
	calls := make(chan int, 10000)
	perEvent := TLSPerEvent(serverConfig(), func(ctx context.Context, c *TLSConn) error {
		p := make([]byte, 1000) // less than a record: the rest brings no event
		n, err := c.Read(p)
		if err != nil {
			return err
		}
		calls <- n
		_, err = c.Write(p[:n])
		return err
	})
	callbacks := TLSCallbacks(serverConfig(), func() Protocol { return &echoProtocol{} })
	buffered := TLSCallbacks(serverConfig(), func() Protocol { return &bufferedEcho{} })
	for name, handler := range map[string]Handler{"per connection": perConnection, "per event": perEvent, "callbacks": callbacks, "buffered": buffered} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+"/"+tls.VersionName(version), func(t *testing.T) {
				run(t, func(ctx context.Context) error {
					l, err := Listen(ctx, "tcp", "127.0.0.1:0")
					if err != nil {
						return err
					}
					serving := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, handler) })
					_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) {
						config := clientConfig()
						config.MaxVersion = version
						for range 3 {
							c, err := tls.Dial("tcp", l.Addr().String(), config)
							if err != nil {
								return struct{}{}, err
							}
							defer c.Close()
							for size := 1; size < 100_000; size *= 7 {
								sent := bytes.Repeat([]byte{byte(size)}, size)
								go c.Write(sent)
								got := make([]byte, size)
								if _, err := io.ReadFull(c, got); err != nil {
									return struct{}{}, err
								}
								if !bytes.Equal(got, sent) {
									t.Errorf("%d bytes came back changed", size)
								}
							}
							if err := c.CloseWrite(); err != nil {
								return struct{}{}, err
							}
							if n, err := c.Read(make([]byte, 1)); err != io.EOF {
								t.Errorf("at the end: %d, %v", n, err)
							}
						}
						return struct{}{}, nil
					})
					serving.Cancel(nil)
					_, _ = serving.Await(ctx)
					return err
				})
			})
		}
	}
}

// An idle connection has no task, although it is in the middle of a record.
func TestTLSPerEventHoldsNoCoroutine(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		handling := 0
		serving := aio.Go(ctx, func(ctx context.Context) error {
			return Serve(ctx, l, TLSPerEvent(serverConfig(), func(ctx context.Context, c *TLSConn) error {
				handling++
				defer func() { handling-- }()
				var p [100]byte
				n, err := c.Read(p[:])
				if err != nil {
					return err
				}
				_, err = c.Write(p[:n])
				return err
			}))
		})
		raw, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		cut := &cutting{Conn: raw}
		c := tls.Client(cut, clientConfig())
		other, err := DialTLS(ctx, "tcp", l.Addr().String(), clientConfig())
		if err != nil {
			return err
		}
		defer other.Close()
		p := make([]byte, 5)
		echo := func(c net.Conn, message string) error {
			if _, err := c.Write([]byte(message)); err != nil {
				return err
			}
			_, err := io.ReadFull(c, p)
			return err
		}
		for range 3 {
			if err := echo(c, "whole"); err != nil {
				return err
			}
			cut.keep = 7 // the rest of the record comes later
			if _, err := c.Write([]byte("split")); err != nil {
				return err
			}
			// Who is answered came later: the half record has been looked at.
			if err := echo(other, "later"); err != nil {
				return err
			}
			if handling != 0 {
				t.Error("a handler runs for half a record")
			}
			if err := cut.rest(); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, p); err != nil || string(p) != "split" {
				t.Errorf("%q, %v", p, err)
			}
		}
		c.Close()
		serving.Cancel(nil)
		_, _ = serving.Await(ctx)
		return nil
	})
}

// cutting keeps back the end of a write.
type cutting struct {
	*Conn
	keep int
	kept []byte
}

func (c *cutting) Write(p []byte) (int, error) {
	cut := len(p) - c.keep
	c.kept, c.keep = append([]byte(nil), p[cut:]...), 0
	_, err := c.Conn.Write(p[:cut])
	return len(p), err
}

func (c *cutting) rest() error {
	_, err := c.Conn.Write(c.kept)
	return err
}

// A mail server's way: a line in the clear, then TLS, whose first bytes have
// come with the line.
func TestStreamStartTLS(t *testing.T) {
	everywhere(t, func(s *subject) {
		server, client := NewStream(s.a), NewStream(s.b)
		serving := s.start(func(ctx context.Context) error {
			line, err := server.ReadLine(ctx)
			if err != nil || string(line) != "STARTTLS\n" {
				s.Errorf("%q, %v", line, err)
			}
			if err := server.StartTLSServer(ctx, serverConfig()); err != nil {
				return err
			}
			line, err = server.ReadLine(ctx)
			if err != nil {
				return err
			}
			_, err = server.Write(ctx, append([]byte("secret "), line...))
			return err
		})
		// The client does not wait for an answer, so that the server's stream has
		// the beginning of the handshake in its buffer.
		_, err := client.Write(s.ctx, []byte("STARTTLS\n"))
		s.must(err)
		s.must(client.StartTLS(s.ctx, clientConfig()))
		_, err = client.Write(s.ctx, []byte("hello\n"))
		s.must(err)
		line, err := client.ReadLine(s.ctx)
		if string(line) != "secret hello\n" || err != nil {
			s.Fatalf("%q, %v", line, err)
		}
		s.must(serving.await())
		s.must(client.WriteEOF(s.ctx))
		if _, err := server.ReadLine(s.ctx); err != io.EOF {
			s.Fatal(err)
		}
		s.must(server.Close())
		s.must(client.Close())
	})
}
