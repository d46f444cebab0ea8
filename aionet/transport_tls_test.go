//go:build unix && !aix

package aionet

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// securePair is a transport under TLS with its protocol, the client, and a
// connection as its peer.
func securePair(ctx context.Context, p Protocol, client *tls.Config) (*Transport, *TLSConn, error) {
	server := serverConfig()
	server.ClientAuth, server.ClientCAs = tls.VerifyClientCertIfGiven, authority().pool
	l, err := ListenTLS(ctx, "tcp", "127.0.0.1:0", server)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	accepting := aio.Async(ctx, func(ctx context.Context) (*TLSConn, error) {
		c, err := l.AcceptTLS(ctx)
		if err == nil {
			err = c.Handshake(ctx)
		}
		return c, err
	})
	t, err := DialTLSProtocol(ctx, "tcp", l.Addr().String(), client, p)
	if err != nil {
		return nil, nil, err
	}
	peer, err := accepting.Await(ctx)
	return t, peer, err
}

// asyncio's extra info "peercert" and "cipher", and ALPN, on both sides.
func TestTransportTLSTellsWhatWasAgreedOn(t *testing.T) {
	run(t, func(ctx context.Context) error {
		server := serverConfig()
		server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, authority().pool
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		accepted := newRecorder()
		serving := aio.Go(ctx, func(ctx context.Context) error {
			return Serve(ctx, l, TLSCallbacks(server, func() Protocol { return accepted }))
		})
		client := clientConfig()
		client.Certificates = []tls.Certificate{authority().client}
		r := newRecorder()
		transport, err := DialTLSProtocol(ctx, "tcp", l.Addr().String(), client, r)
		if err != nil {
			return err
		}
		for name, r := range map[string]*recorder{"localhost": r, "a client": accepted} {
			if err := r.expect(ctx, "made"); err != nil {
				return err
			}
			got := r.transport.TLS()
			if got == nil || len(got.PeerCertificates) != 1 || got.PeerCertificates[0].Subject.CommonName != name ||
				got.NegotiatedProtocol != "echo/1" || got.CipherSuite == 0 || got.Version != tls.VersionTLS13 {
				t.Errorf("the peer of %s: %+v", name, got)
			}
		}
		// A client's Close is the end of the stream for the server, and nothing is
		// wrong with it.
		_, _ = transport.Write([]byte("bye"))
		_ = transport.Close()
		if err := r.expect(ctx, "lost <nil>"); err != nil {
			return err
		}
		if err := accepted.expect(ctx, "data bye", "eof", "lost <nil>"); err != nil {
			return err
		}
		serving.Cancel(nil)
		_, _ = serving.Await(ctx)
		return nil
	})
}

// Twenty megabytes, more than the buffer's limits, arrive whole.
func TestTransportTLSHeedsTheLimits(t *testing.T) {
	run(t, func(ctx context.Context) error {
		p := &sourceProtocol{left: 20 << 20}
		_, peer, err := securePair(ctx, p, clientConfig())
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, peer)
		if err != nil || n != 20<<20 {
			return fmt.Errorf("%d bytes arrived, %v", n, err)
		}
		if p.most > 2*highWater {
			return fmt.Errorf("%d bytes were buffered", p.most)
		}
		_ = peer.Close()
		return p.done.Wait(ctx)
	})
}

// Either half can end first.
func TestTransportTLSHalfClose(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := newRecorder()
		r.keepOpen = true
		transport, peer, err := securePair(ctx, r, clientConfig())
		if err != nil {
			return err
		}
		defer peer.Close()
		if err := transport.WriteEOF(); err != nil {
			return err
		}
		if n, err := peer.Read(make([]byte, 1)); err != io.EOF {
			return fmt.Errorf("the peer read %d, %w", n, err)
		}
		if _, err := transport.Write([]byte("x")); err == nil {
			return errors.New("a write after WriteEOF was taken")
		}
		if _, err := peer.Write([]byte("and you?")); err != nil {
			return err
		}
		if err := r.expect(ctx, "made", "data and you?"); err != nil {
			return err
		}
		if err := peer.CloseWrite(); err != nil {
			return err
		}
		if err := r.expect(ctx, "eof"); err != nil {
			return err
		}
		_ = transport.Close()
		return r.expect(ctx, "lost <nil>")
	})
}

// Reading stops with PauseReading, also of what is decrypted already, and goes
// on without news of the socket.
func TestTransportTLSPauseReading(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := newRecorder()
		transport, peer, err := securePair(ctx, r, clientConfig())
		if err != nil {
			return err
		}
		defer peer.Close()
		if err := r.expect(ctx, "made"); err != nil {
			return err
		}
		r.onData = func([]byte) { transport.PauseReading() }
		peer.writing.TryLock() // the two records leave together
		for _, record := range []string{"one", "two", "three"} {
			if _, err := peer.tls.Write([]byte(record)); err != nil {
				return err
			}
		}
		peer.writing.Unlock()
		for _, want := range []string{"data one", "data two", "data three"} {
			if err := r.expect(ctx, want); err != nil {
				return err
			}
			if err := r.silent(ctx); err != nil {
				return err
			}
			transport.ResumeReading()
		}
		transport.Abort()
		return r.expect(ctx, "lost <nil>")
	})
}

// What is no TLS loses the connection with an error; so does a failed handshake,
// before there is a protocol.
func TestTransportTLSFailures(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := newRecorder()
		transport, peer, err := securePair(ctx, r, clientConfig())
		if err != nil {
			return err
		}
		defer peer.Close()
		if _, err := peer.NetConn().Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
			return err
		}
		if err := r.expect(ctx, "made"); err != nil {
			return err
		}
		if _, err := r.events.Get(ctx); err != nil {
			return err
		}
		var header tls.RecordHeaderError
		if !errors.As(r.reason, &header) {
			return fmt.Errorf("the reason is %w", r.reason)
		}
		if _, err := transport.Write([]byte("x")); err == nil {
			return errors.New("a write was taken")
		}
		stranger := clientConfig()
		stranger.RootCAs, stranger.ServerName = nil, "elsewhere"
		if _, _, err := securePair(ctx, BaseProtocol{}, stranger); err == nil {
			return errors.New("a stranger's certificate was taken")
		}
		return nil
	})
}

// A handshake that fails is the server's log's affair, not a protocol's, and the
// server goes on; one that is under way ends with the server.
func TestTLSCallbacksServer(t *testing.T) {
	var logged []error
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		protocols := 0
		server := NewServer(TLSCallbacks(serverConfig(), func() Protocol { protocols++; return &echoProtocol{} }))
		serving := aio.Go(ctx, func(ctx context.Context) error { return server.Serve(ctx, l) })
		plain, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		if _, err := plain.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, plain); err != nil && !ordinary(err) {
			return err
		}
		silent, err := Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		c, err := DialTLS(ctx, "tcp", l.Addr().String(), clientConfig())
		if err != nil {
			return err
		}
		tasks := len(loop.Current().Tasks())
		for range 3 {
			if _, err := c.Write([]byte("x")); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
				return err
			}
		}
		if n := len(loop.Current().Tasks()); n > tasks || protocols != 1 {
			t.Errorf("%d tasks instead of %d for %d protocols", n, tasks, protocols)
		}
		stop, cancel := context.WithCancel(ctx)
		cancel()
		_ = server.Shutdown(stop)
		if _, err := serving.Await(ctx); !errors.Is(err, ErrServerClosed) {
			return err
		}
		for name, c := range map[string]io.ReadCloser{"silent": silent, "secure": c} {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("the %s connection is open", name)
			}
			_ = c.Close()
		}
		return plain.Close()
	}, aio.ExceptionHandler(func(_ *loop.Loop, e loop.Exception) { logged = append(logged, e.Err) }))
	if len(logged) != 1 {
		t.Errorf("logged %v", logged)
	}
}

// A mail server's way: lines in the clear, then TLS on the same transport and
// with the same protocol. What was written before leaves before, in the clear.
func TestTransportStartTLS(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		transport := r.transport
		sent := fill(transport)
		upgrading := aio.Go(ctx, func(ctx context.Context) error { return transport.StartTLSServer(ctx, serverConfig()) })
		if n, err := io.CopyN(io.Discard, peer, int64(sent)); err != nil {
			return fmt.Errorf("%d of %d bytes in the clear: %w", n, sent, err)
		}
		if _, err := transport.Write([]byte("x")); !errors.Is(err, errUpgrading) {
			return fmt.Errorf("a write meanwhile: %w", err)
		}
		c := TLSClient(peer, clientConfig())
		if err := c.Handshake(ctx); err != nil {
			return err
		}
		if _, err := upgrading.Await(ctx); err != nil {
			return err
		}
		if got := transport.TLS(); got == nil || got.NegotiatedProtocol != "echo/1" {
			return fmt.Errorf("the transport knows of %+v", got)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			return err
		}
		if err := r.expect(ctx, "data hello"); err != nil {
			return err
		}
		if _, err := transport.Write([]byte("secret")); err != nil {
			return err
		}
		got := make([]byte, 6)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "secret" {
			return fmt.Errorf("%q, %w", got, err)
		}
		if err := transport.StartTLS(ctx, clientConfig()); !errors.Is(err, errSecure) {
			return fmt.Errorf("a second StartTLS: %w", err)
		}
		_ = c.Close()
		return r.expect(ctx, "eof", "lost <nil>")
	})
}

// A cancel, an Abort and a peer that speaks no TLS lose the transport.
func TestTransportStartTLSFails(t *testing.T) {
	for name, test := range map[string]struct {
		fail func(*Transport, *Conn, *aio.Task[struct{}])
		is   func(error) bool
	}{
		"cancel": {func(_ *Transport, _ *Conn, upgrading *aio.Task[struct{}]) { upgrading.Cancel(nil) }, aio.IsCancelled},
		"abort":  {func(t *Transport, _ *Conn, _ *aio.Task[struct{}]) { t.Abort() }, func(err error) bool { return err != nil }},
		"stranger": {func(_ *Transport, peer *Conn, _ *aio.Task[struct{}]) {
			_, _ = peer.Write([]byte("HELO example.com\r\n"))
		},
			func(err error) bool { var header tls.RecordHeaderError; return errors.As(err, &header) }},
	} {
		t.Run(name, func(t *testing.T) {
			withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
				upgrading := aio.Go(ctx, func(ctx context.Context) error { return r.transport.StartTLSServer(ctx, serverConfig()) })
				if err := r.silent(ctx); err != nil {
					return err
				}
				test.fail(r.transport, peer, upgrading)
				if _, err := upgrading.Await(ctx); !test.is(err) {
					return fmt.Errorf("StartTLS returned %w", err)
				}
				if _, err := r.events.Get(ctx); err != nil {
					return err
				}
				if !r.transport.IsClosing() {
					return errors.New("the transport is open")
				}
				_, _ = io.Copy(io.Discard, peer) // ends, for the file is closed
				return nil
			})
		})
	}
}

// A byte that a wait for readability has decrypted is not lost, and the
// connection is nobody else's any more.
func TestStartTLSProtocolTakesAll(t *testing.T) {
	run(t, func(ctx context.Context) error {
		a, b, err := SocketPair()
		if err != nil {
			return err
		}
		server, client := TLSServer(a, serverConfig()), TLSClient(b, clientConfig())
		shaking := aio.Go(ctx, server.Handshake)
		if err := client.Handshake(ctx); err != nil {
			return err
		}
		if _, err := shaking.Await(ctx); err != nil {
			return err
		}
		if _, err := client.Write([]byte("hello")); err != nil {
			return err
		}
		if err := server.WaitReadable(ctx); err != nil {
			return err
		}
		r := newRecorder()
		transport, err := StartTLSProtocol(ctx, server, r)
		if err != nil {
			return err
		}
		if _, err := server.Write([]byte("x")); err == nil {
			return errors.New("the old connection takes bytes")
		}
		if err := server.Close(); err == nil {
			return errors.New("the old connection is open")
		}
		if err := r.expect(ctx, "made", "data h", "data ello"); err != nil {
			return err
		}
		_ = transport.Close()
		if got, err := io.ReadAll(client); err != nil || len(got) > 0 {
			return fmt.Errorf("%q, %w", got, err)
		}
		_ = client.Close()
		return r.expect(ctx, "lost <nil>")
	})
}

// OpenSSL updates the keys, and asks for ours to be, in the middle of an echo:
// once on a coroutine for each connection, once with callbacks.
func TestTLSKeyUpdate(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed, whose client updates keys")
	}
	for name, handler := range map[string]Handler{
		"connection": TLSPerConnection(serverConfig(), func(_ context.Context, c *TLSConn) error { _, err := io.Copy(c, c); return err }),
		"callbacks":  TLSCallbacks(serverConfig(), func() Protocol { return &echoProtocol{} }),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(ctx context.Context) error {
				l, err := Listen(ctx, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				serving := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, handler) })
				defer func() {
					serving.Cancel(nil)
					_, _ = serving.Await(context.WithoutCancel(ctx))
				}()
				_, err = aio.Blocking(ctx, func(ctx context.Context) (struct{}, error) {
					return struct{}{}, updateKeys(ctx, openssl, l.Addr().String())
				})
				return err
			})
		})
	}
}

// updateKeys talks to an echo server by way of openssl s_client, for which a line
// "k" updates its keys and a line "K" asks for the server's as well.
func updateKeys(ctx context.Context, openssl, address string) error {
	c := exec.CommandContext(ctx, openssl, "s_client", "-connect", address, "-tls1_3", "-msg")
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	defer func() {
		_ = in.Close()
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	lines := bufio.NewScanner(out)
	until := func(want string) error {
		for lines.Scan() {
			if bytes.Contains(lines.Bytes(), []byte(want)) {
				return nil
			}
		}
		return fmt.Errorf("openssl has ended before %q: %w", want, lines.Err())
	}
	for i, step := range [][2]string{{"before", "before"}, {"k", "KeyUpdate"}, {"between", "between"}, {"K", "<<< TLS 1.3, Handshake [length 0005], KeyUpdate"}, {"after", "after"}} {
		if _, err := fmt.Fprintln(in, step[0]); err != nil {
			return err
		}
		if err := until(step[1]); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
