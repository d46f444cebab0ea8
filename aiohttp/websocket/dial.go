//go:build unix && !aix

package websocket

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// DialOptions are a client's. A nil pointer has the defaults.
type DialOptions struct {
	Options

	// Header is sent with the handshake, such as cookies and an Origin.
	Header http.Header
	// TLS is for wss; nil has the defaults.
	TLS *tls.Config
	// Dial makes the connection underneath; nil has an [aionet.Dialer] do it.
	// With wss TLS comes on top.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Client makes the connection in place of TLS and Dial, with its cookies,
	// redirects and proxies; nil for none. Its Transport must be an
	// [aiohttp.Transport], and its Timeout 0.
	Client *http.Client
	// HandshakeTimeout is how long the handshake may take, with connecting; 30
	// seconds if it is 0.
	HandshakeTimeout time.Duration
}

// HandshakeError says that a server answered the handshake with something else, or
// agreed on what was not offered.
type HandshakeError struct {
	// Response is the answer, with the first kilobyte of its body.
	Response *http.Response
	Reason   string
}

// Error says what the server has answered.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("websocket: the server answered the handshake with %s: %s", e.Response.Status, e.Reason)
}

// Dial connects to a URL of the scheme ws or wss (http and https mean the same)
// and does the opening handshake (RFC 6455, section 4.1). ctx is for the handshake
// alone; a cancel of it leaves nothing behind. What a server answers that does not
// agree is a [*HandshakeError]; that it took too long is an [*aio.TimeoutError]. The
// connection is the caller's to close.
func Dial(ctx context.Context, address string, o *DialOptions) (*Conn, error) {
	if o == nil {
		o = &DialOptions{}
	}
	u, err := target(address)
	if err != nil {
		return nil, err
	}
	timeout := o.HandshakeTimeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	var c *Conn
	err = aio.Timeout(ctx, timeout, func(ctx context.Context) error {
		if o.Client != nil {
			c, err = o.through(ctx, u)
			return err
		}
		conn, err := o.connect(ctx, u)
		if err != nil {
			return err
		}
		if c, err = o.handshake(ctx, u, conn); err != nil {
			_ = conn.Close()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("websocket: dial %s: %w", u.Redacted(), err)
	}
	return c, nil
}

func target(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return nil, fmt.Errorf("websocket: the URL %q must begin with ws:// or wss://", address)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("websocket: the URL %q has no host", address)
	}
	u.Fragment = ""
	return u, nil
}

func (o *DialOptions) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	}
	dial := o.Dial
	if dial == nil {
		dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := aionet.Dial(ctx, network, address)
			if err != nil {
				return nil, err // not a nil pointer within an interface
			}
			return c, nil
		}
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || u.Scheme == "ws" {
		return conn, err
	}
	secured, shake := secure(conn, o.TLS, u.Hostname())
	if err := shake(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// secure begins TLS as the client.
func secure(conn net.Conn, config *tls.Config, host string) (net.Conn, func(context.Context) error) {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{"http/1.1"}
	if ours, is := conn.(*aionet.Conn); is {
		c := aionet.TLSClient(ours, config)
		return c, c.Handshake
	}
	c := tls.Client(conn, config)
	return c, c.HandshakeContext
}

// handshake asks for the upgrade and checks the answer: RFC 6455, section 4.1.
func (o *DialOptions) handshake(ctx context.Context, u *url.URL, conn net.Conn) (*Conn, error) {
	key := newKey()
	request := o.request(u, key)
	w := wayOf(conn)
	var text strings.Builder
	if err := request.Write(&text); err != nil {
		return nil, err
	}
	if _, err := w.WriteContext(ctx, []byte(text.String())); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(io.LimitReader(during{ctx, w}, maxAnswer))
	answer, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, fmt.Errorf("read the answer to the handshake: %w", err)
	}
	c, err := o.agreed(answer, key)
	if err != nil {
		return nil, err
	}
	unread, _ := reader.Peek(reader.Buffered())
	c.setup(conn, &o.Options, unread)
	return c, nil
}

// through does the handshake with an http.Client.
func (o *DialOptions) through(ctx context.Context, u *url.URL) (*Conn, error) {
	key := newKey()
	address := *u
	address.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	answer, err := o.Client.Do(o.request(&address, key).WithContext(ctx))
	if err != nil {
		return nil, err
	}
	c, err := o.agreed(answer, key)
	if err != nil {
		_ = answer.Body.Close()
		return nil, err
	}
	upgraded, is := answer.Body.(*aiohttp.Upgraded)
	if !is {
		_ = answer.Body.Close()
		return nil, errors.New("DialOptions.Client must have an aiohttp.Transport, and no Timeout: HandshakeTimeout is for that")
	}
	conn, unread := upgraded.Detach()
	c.setup(conn, &o.Options, unread)
	return c, nil
}

// agreed makes a connection of an answer that agrees.
func (o *DialOptions) agreed(answer *http.Response, key string) (*Conn, error) {
	c := &Conn{}
	c.client = true
	err := o.check(c, answer, key)
	if bad := (*HandshakeError)(nil); errors.As(err, &bad) {
		body := answer.Body
		start, _ := io.ReadAll(io.LimitReader(body, 1<<10))
		answer.Body = io.NopCloser(strings.NewReader(string(start)))
		_ = body.Close()
	}
	return c, err
}

// maxAnswer bounds the answer to a handshake, and what comes right behind it.
const maxAnswer = 64 << 10

// during reads with a context.
type during struct {
	ctx context.Context
	way way
}

func (d during) Read(p []byte) (int, error) { return d.way.ReadContext(d.ctx, p) }

func (o *DialOptions) request(u *url.URL, key string) *http.Request {
	h := o.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", key)
	if len(o.Subprotocols) > 0 {
		h.Set("Sec-WebSocket-Protocol", strings.Join(o.Subprotocols, ", "))
	}
	if o.Compression {
		h.Set("Sec-WebSocket-Extensions", extension)
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Host: h.Get("Host")}
	if u.User != nil && h.Get("Authorization") == "" {
		password, _ := u.User.Password()
		r.SetBasicAuth(u.User.Username(), password)
	}
	return r
}

func (o *DialOptions) check(c *Conn, answer *http.Response, key string) (err error) {
	h := answer.Header
	reason := ""
	protocol := h.Get("Sec-WebSocket-Protocol")
	switch {
	case answer.StatusCode != http.StatusSwitchingProtocols:
		reason = "it is not 101 Switching Protocols"
	case !hasToken(h, "Connection", "upgrade") || !hasToken(h, "Upgrade", "websocket"):
		reason = "it does not upgrade to websocket"
	case h.Get("Sec-WebSocket-Accept") != proof(key):
		reason = "its Sec-WebSocket-Accept does not fit the key"
	case protocol != "" && !slices.Contains(o.Subprotocols, protocol):
		reason = fmt.Sprintf("it has chosen the subprotocol %q, which was not offered", protocol)
	}
	if reason == "" {
		if c.extended, err = accepted(h["Sec-Websocket-Extensions"], o.Compression); err != nil {
			reason = "it has chosen an extension that was not offered"
		}
	}
	if reason != "" {
		return &HandshakeError{answer, reason}
	}
	c.subprotocol = protocol
	return nil
}
