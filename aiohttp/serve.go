//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// ListenAndServe listens on Addr and serves until ctx is cancelled, then shuts
// the server down: requests that are under way have the DrainTimeout to end. It
// returns what listening or serving has failed with, the error of ctx if that was
// cancelled, or [ErrServerClosed].
func (s *Server) ListenAndServe(ctx context.Context) error {
	return s.listen(ctx, ":http", s.Serve)
}

// ListenAndServeTLS is ListenAndServe for https: see [Server.ServeTLS].
func (s *Server) ListenAndServeTLS(ctx context.Context, certFile, keyFile string) error {
	return s.listen(ctx, ":https", func(ctx context.Context, l *aionet.Listener) error {
		return s.ServeTLS(ctx, l, certFile, keyFile)
	})
}

func (s *Server) listen(ctx context.Context, otherwise string, serve func(context.Context, *aionet.Listener) error) error {
	address := s.Addr
	if address == "" {
		address = otherwise
	}
	l, err := aionet.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	err = serve(ctx, l)
	if aio.IsCancelled(err) {
		if report := s.Shutdown(context.WithoutCancel(ctx)); report != nil {
			return errors.Join(err, report)
		}
	}
	return err
}

// Serve serves the connections of l until ctx is cancelled, [Server.Shutdown] or
// [Server.Close] is called ([ErrServerClosed]) or l fails. It closes l; connections
// live on, until one of these. It may be called for several listeners.
func (s *Server) Serve(ctx context.Context, l *aionet.Listener) error {
	s.prepare()
	base := s.baseContext(l)
	return s.serve(ctx, l, aionet.Events(func(raw *aionet.Conn) aionet.EventHandler {
		return s.accepted(raw, base)
	}))
}

// ServeTLS is Serve for https. certFile and keyFile name PEM files with the
// certificate and its private key; both may be empty if TLSConfig has a
// certificate, or a function that gets one. A handshake may take as long as the
// shortest of ReadHeaderTimeout, ReadTimeout and WriteTimeout, or
// [aionet.DefaultHandshakeTimeout] without any.
func (s *Server) ServeTLS(ctx context.Context, l *aionet.Listener, certFile, keyFile string) error {
	s.prepare()
	config, err := s.tlsConfig(certFile, keyFile)
	if err != nil {
		_ = l.Close()
		return err
	}
	base := s.baseContext(l)
	return s.serve(ctx, l, aionet.TLSEvents(config, func(c *aionet.TLSConn) aionet.EventHandler {
		return s.accepted(c, base)
	}, aionet.HandshakeTimeout(s.handshakeTimeout()), aionet.HandshakeFailed(s.handshakeFailed)))
}

func (s *Server) serve(ctx context.Context, l *aionet.Listener, h aionet.Handler) error {
	if s.stopping() {
		_ = l.Close()
		return ErrServerClosed
	}
	if err := s.hooks.start(ctx, s.OnStartup); err != nil {
		_ = l.Close()
		return err
	}
	err := s.server.ServeWith(ctx, l, h)
	if errors.Is(err, aionet.ErrServerClosed) {
		return ErrServerClosed
	}
	return err
}

// tlsConfig is as net/http's ServeTLS makes it.
func (s *Server) tlsConfig(certFile, keyFile string) (*tls.Config, error) {
	config := &tls.Config{}
	if s.TLSConfig != nil {
		config = s.TLSConfig.Clone()
	}
	offer := func(protocol string, does bool) {
		switch is := slices.Contains(config.NextProtos, protocol); {
		case does && !is:
			config.NextProtos = append(config.NextProtos, protocol)
		case !does && is:
			config.NextProtos = slices.DeleteFunc(slices.Clone(config.NextProtos), func(p string) bool { return p == protocol })
		}
	}
	offer("h2", s.speaks((http.Protocols).HTTP2))
	offer("http/1.1", s.speaks((http.Protocols).HTTP1))
	own := len(config.Certificates) > 0 || config.GetCertificate != nil || config.GetConfigForClient != nil
	if !own || certFile != "" || keyFile != "" {
		certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// speaks reports whether clients may speak a protocol.
func (s *Server) speaks(protocol func(http.Protocols) bool) bool {
	if s.Protocols != nil {
		return protocol(*s.Protocols)
	}
	var standard http.Protocols
	standard.SetHTTP1(true)
	standard.SetHTTP2(true)
	return protocol(standard)
}

// handshakeFailed tells who speaks HTTP without TLS what is wrong, as net/http
// does.
func (s *Server) handshakeFailed(c *aionet.TLSConn, err error) {
	header := tls.RecordHeaderError{}
	if errors.As(err, &header) && header.Conn != nil && looksLikeHTTP(header.RecordHeader[:]) {
		_, _ = io.WriteString(c.NetConn(), "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		return
	}
	s.logf("aiohttp: %v", err)
}

func looksLikeHTTP(start []byte) bool {
	return slices.Contains([]string{"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"}, string(start))
}

func (s *Server) baseContext(l net.Listener) context.Context {
	if s.BaseContext == nil {
		return nil
	}
	base := s.BaseContext(l)
	if base == nil {
		panic("aiohttp: BaseContext returned a nil context")
	}
	return base
}

// accepted is called on the connection's loop.
func (s *Server) accepted(conn stream, base context.Context) aionet.EventHandler {
	s.state(conn, http.StateNew)
	if s.ConnContext != nil {
		if base == nil {
			base = context.Background()
		}
		if base = s.ConnContext(base, conn); base == nil {
			panic("aiohttp: ConnContext returned a nil context")
		}
	}
	return &connection{server: s, conn: conn, values: base, on: here()}
}
