//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/proxy"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// dial makes a connection for which the pool has counted already. A cancel
// leaves nothing behind.
func (t *Transport) dial(ctx context.Context, to target, key targetKey) (c *clientConnection, err error) {
	var made *clientConnection
	err = errUnwound
	defer func() {
		switch {
		case err == nil:
		case made != nil:
			made.close()
		default:
			t.closed(key)
		}
	}()
	if err = t.dialInto(ctx, to, key, &made); err == nil {
		return made, nil
	}
	if to.proxy != nil && !aio.IsCancelled(err) {
		err = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}
	}
	return nil, err
}

// dialInto sets made as soon as there is a connection, whatever follows.
func (t *Transport) dialInto(ctx context.Context, to target, key targetKey, made **clientConnection) error {
	if to.proxy != nil {
		return t.dialProxy(ctx, to, key, made)
	}
	if to.scheme == "https" && t.DialTLSContext != nil {
		conn, err := t.DialTLSContext(ctx, "tcp", to.address)
		if err != nil {
			return err
		}
		*made = t.newConnection(conn, to, key)
		return (*made).noteTLS(t.speaksHTTP2() && !to.upgrade)
	}
	conn, err := t.connect(ctx, to.address)
	if err != nil {
		return err
	}
	*made = t.newConnection(conn, to, key)
	if to.scheme == "https" {
		return t.secure(ctx, *made, to.address, !to.upgrade)
	}
	return nil
}

// connect makes a connection to an address.
func (t *Transport) connect(ctx context.Context, address string) (net.Conn, error) {
	if t.DialContext != nil {
		conn, err := t.DialContext(ctx, "tcp", address)
		if err == nil && conn == nil {
			err = errors.New("aiohttp: Transport.DialContext returned neither a connection nor an error")
		}
		return conn, err
	}
	return dialTraced(ctx, address)
}

// dialTraced dials and tells the trace of the context, if there is one. Of
// lookups package net tells it.
func dialTraced(ctx context.Context, address string) (net.Conn, error) {
	d := aionet.Dialer{}
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return d.DialContext(ctx, "tcp", address)
	}
	last := address
	d.Control = func(network, address string, _ syscall.RawConn) error {
		last = address
		if trace.ConnectStart != nil {
			trace.ConnectStart("tcp", address)
		}
		return nil
	}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err == nil {
		last = conn.RemoteAddr().String()
	}
	if trace.ConnectDone != nil {
		trace.ConnectDone("tcp", last, err)
	}
	return conn, err
}

// secure begins TLS, with the host of an address expected in the certificate.
func (t *Transport) secure(ctx context.Context, c *clientConnection, address string, mayShare bool) error {
	config := &tls.Config{}
	if t.TLSClientConfig != nil {
		config = t.TLSClientConfig.Clone()
		config.NextProtos = slices.DeleteFunc(slices.Clone(config.NextProtos), func(name string) bool { return name == "h2" })
	}
	mayShare = mayShare && t.speaksHTTP2()
	if mayShare {
		config.NextProtos = t.offer(config.NextProtos)
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		config.ServerName = host
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	err := t.handshake(ctx, c, config)
	if err == nil {
		err = c.noteTLS(mayShare)
	}
	if trace != nil && trace.TLSHandshakeDone != nil {
		state := tls.ConnectionState{}
		if c.tls != nil {
			state = *c.tls
		}
		trace.TLSHandshakeDone(state, err)
	}
	return err
}

func (t *Transport) handshake(ctx context.Context, c *clientConnection, config *tls.Config) error {
	shake := func(ctx context.Context) error {
		raw, is := c.conn.(*aionet.Conn)
		if !is { // TLS over TLS, or over a foreign connection
			inner := tls.Client(c.conn, config)
			c.use(inner)
			_, err := aio.Blocking(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, inner.HandshakeContext(ctx) })
			return err
		}
		conn := aionet.TLSClient(raw, config)
		c.use(conn)
		return conn.Handshake(ctx)
	}
	if t.TLSHandshakeTimeout <= 0 {
		return shake(ctx)
	}
	err := aio.Timeout(ctx, t.TLSHandshakeTimeout, shake)
	var over *aio.TimeoutError
	if errors.As(err, &over) {
		err = timeoutError("TLS handshake timeout")
	}
	return err
}

// noteTLS keeps what the handshake has agreed on.
func (c *clientConnection) noteTLS(mayShare bool) error {
	inner := net.Conn(c.conn)
	if foreign, is := inner.(*foreignConn); is {
		inner = foreign.Conn
	}
	if conn, is := inner.(interface{ ConnectionState() tls.ConnectionState }); is {
		state := conn.ConnectionState()
		if state.NegotiatedProtocol == "h2" && !mayShare {
			return errors.New("aiohttp: the connection has agreed on HTTP/2, which this Transport or request does not speak; leave h2 out of NextProtos")
		}
		c.tls = &state
	}
	return nil
}

// dialProxy makes a connection by way of a proxy.
func (t *Transport) dialProxy(ctx context.Context, to target, key targetKey, made **clientConnection) error {
	if _, known := defaultPorts[to.proxy.Scheme]; !known {
		return fmt.Errorf("aiohttp: unsupported scheme of the proxy %s", to.proxy.Redacted())
	}
	address, err := canonicalAddress(to.proxy)
	if err != nil {
		return err
	}
	dial := t.connect
	if to.socks() {
		dial = func(ctx context.Context, address string) (net.Conn, error) { return t.dialSocks(ctx, to, address) }
	}
	conn, err := dial(ctx, address)
	if err != nil {
		return err
	}
	c := t.newConnection(conn, to, key)
	*made = c
	if to.proxy.Scheme == "https" {
		if err := t.secure(ctx, c, address, false); err != nil {
			return err
		}
	}
	if to.scheme != "https" {
		return nil
	}
	if !to.socks() {
		if err := t.tunnel(ctx, c); err != nil {
			return err
		}
		c.tls = nil
	}
	return t.secure(ctx, c, to.address, !to.upgrade)
}

// A proxy has this long to answer a CONNECT.
const tunnelTimeout = time.Minute

// tunnel has a proxy make a connection to the server.
func (t *Transport) tunnel(ctx context.Context, c *clientConnection) error {
	header := t.ProxyConnectHeader
	if t.GetProxyConnectHeader != nil {
		var err error
		if header, err = t.GetProxyConnectHeader(ctx, c.to.proxy, c.to.address); err != nil {
			return err
		}
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if authorization := c.to.authorization(); authorization != "" {
		header.Set("Proxy-Authorization", authorization)
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: c.to.address}, Host: c.to.address, Header: header}
	var response *http.Response
	err := aio.Timeout(ctx, tunnelTimeout, func(ctx context.Context) (err error) {
		ask := &call{transport: t, request: request, connection: c, tunnels: true}
		response, err = ask.do(ctx)
		return err
	})
	if err != nil {
		return unwrapFailure(err)
	}
	if t.OnProxyConnectResponse != nil {
		if err := t.OnProxyConnectResponse(ctx, c.to.proxy, request, response); err != nil {
			return err
		}
	}
	if response.StatusCode != http.StatusOK {
		_, text, _ := strings.Cut(response.Status, " ")
		return fmt.Errorf("aiohttp: the proxy answers %d to CONNECT: %s", response.StatusCode, text)
	}
	if len(c.in.unread()) > 0 {
		return errors.New("aiohttp: the proxy has sent more than an answer to CONNECT")
	}
	c.in.close()
	return nil
}

// dialSocks makes a connection through a SOCKS5 proxy.
func (t *Transport) dialSocks(ctx context.Context, to target, address string) (net.Conn, error) {
	var auth *proxy.Auth
	if user := to.proxy.User; user != nil {
		auth = &proxy.Auth{User: user.Username()}
		auth.Password, _ = user.Password()
	}
	forward := &socksForward{transport: t}
	dialer, err := proxy.SOCKS5("tcp", address, auth, forward)
	if err != nil {
		return nil, err
	}
	// What it returns wraps the connection, which nobody needs.
	if _, err = dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", to.address); err != nil {
		return nil, err
	}
	return forward.conn, nil
}

// socksForward dials the SOCKS proxy itself.
type socksForward struct {
	transport *Transport
	conn      net.Conn
}

func (f *socksForward) Dial(_, address string) (net.Conn, error) {
	return f.DialContext(context.Background(), "tcp", address)
}

func (f *socksForward) DialContext(ctx context.Context, _, address string) (conn net.Conn, err error) {
	f.conn, err = f.transport.connect(ctx, address)
	return f.conn, err
}

// timeoutError is the error of a limit of the transport: a net.Error.
type timeoutError string

func (e timeoutError) Error() string { return "aiohttp: " + string(e) }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Is(err error) bool {
	return err == context.DeadlineExceeded
}
