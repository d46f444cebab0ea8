//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/goaio/aio/aionet"
)

// Transport is an [http.RoundTripper] on the connections of package aionet, for
// an [http.Client], which brings redirects and cookies:
//
//	client := &http.Client{Transport: aiohttp.DefaultTransport}
//
// In a task it awaits, and the loop goes on meanwhile; in a plain goroutine it
// blocks. No connection of HTTP/1 has a goroutine. One that is idle is watched by
// its loop, which drops it when the server closes it, and holds no buffer.
//
// Its fields mean what those of [http.Transport] do; set them before the first
// request. Its zero value is ready to use, and its methods are safe from any
// goroutine. Make one and keep it, for it has the connections.
//
// Idle connections are for whoever comes next, on whichever loop. Their home is
// the loop of the task that dialled them: tasks of that loop get one of theirs
// if there is one, and are quicker with it; others wait for it by way of
// aionet's background loop. When a loop is closed its idle connections are.
//
// A cancel of the request's context, or of the task that calls, returns at once
// and closes the connection; so does closing a body before its end, unless the
// rest has come already. Request.Cancel, which is deprecated, is not looked at.
//
// The body of a request made in a task is read in another task of that loop, so
// it must await and not block. An [*io.PipeReader] and an [*os.File], which
// block, are read in a goroutine, and so is every body of a request made in a
// goroutine. A cancel, or closing the response before its end, closes such a body
// while it is read, as net/http does, so that this ends.
type Transport struct {
	// Proxy returns the proxy for a request: its scheme is "http", "https",
	// "socks5" or "socks5h". With a nil Proxy, or a nil URL, there is none.
	// See [http.ProxyFromEnvironment].
	Proxy func(*http.Request) (*url.URL, error)
	// OnProxyConnectResponse is called with a proxy's answer to CONNECT, whatever
	// its status; an error of it fails the request.
	OnProxyConnectResponse func(ctx context.Context, proxy *url.URL, request *http.Request, response *http.Response) error
	// ProxyConnectHeader is sent to proxies with CONNECT.
	ProxyConnectHeader http.Header
	// GetProxyConnectHeader, if not nil, makes that header for each.
	GetProxyConnectHeader func(ctx context.Context, proxy *url.URL, target string) (http.Header, error)

	// DialContext connects; [aionet.Dialer]'s if nil. It may return a connection
	// of any kind, but one that is not aionet's takes a thread of the loop's pool
	// for as long as something is waited for, and is not watched while it is
	// idle. To reach a Unix socket, ignore the address:
	//
	//	DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
	//		return aionet.Dial(ctx, "unix", "/run/docker.sock")
	//	}
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// DialTLSContext connects for https without a proxy, and shakes hands; nil
	// means DialContext and TLSClientConfig.
	DialTLSContext func(ctx context.Context, network, address string) (net.Conn, error)
	// TLSClientConfig is not changed.
	TLSClientConfig     *tls.Config
	TLSHandshakeTimeout time.Duration // 0 for none

	DisableKeepAlives  bool
	DisableCompression bool // do not ask for gzip and undo it

	MaxConnsPerHost     int           // those being dialled included; 0 for no limit. Who comes then waits in line
	MaxIdleConns        int           // of all hosts; 0 for no limit. The one that is idle for longest is closed
	MaxIdleConnsPerHost int           // http.DefaultMaxIdleConnsPerHost if it is 0
	IdleConnTimeout     time.Duration // 0 for none

	ResponseHeaderTimeout  time.Duration // from the end of the request to the head of the response; 0 for none
	ExpectContinueTimeout  time.Duration // after which a body is sent without 100 Continue; 0 sends it at once
	MaxResponseHeaderBytes int64         // 10 MB if it is 0

	// Protocols are those that the transport speaks, as [http.Transport.Protocols]
	// says. If it is nil they are HTTP/1 and, for https, HTTP/2; but HTTP/1 alone
	// if DialContext, DialTLSContext or TLSClientConfig is set and
	// ForceAttemptHTTP2 is not. UnencryptedHTTP2 without HTTP1 is for servers that
	// are known to speak it ("prior knowledge").
	//
	// A connection of HTTP/2 is shared by all requests, on all loops. It is
	// net/http's, with goroutines: one a connection, one or two a request, and one
	// a wait of a task. A request's body is read in a goroutine.
	Protocols         *http.Protocols
	ForceAttemptHTTP2 bool
	HTTP2             *http.HTTP2Config // settings of HTTP/2, net/http's if nil

	pool   pool
	shared sharedConnections
}

// DefaultTransport has the settings of [http.DefaultTransport].
var DefaultTransport = &Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&aionet.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
	MaxIdleConns:          100,
	IdleConnTimeout:       90 * time.Second,
	TLSHandshakeTimeout:   10 * time.Second,
	ExpectContinueTimeout: time.Second,
	ForceAttemptHTTP2:     true,
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip sends a request and waits for the head of its response, as
// [http.Transport.RoundTrip] does. It does not follow redirects. The body of the
// request is closed in every case, maybe after RoundTrip has returned.
//
// The body of the response is read from the connection as the caller reads it. Read
// it to its end, so that the connection serves again, or close it. It may be read on
// another loop or goroutine than the one that has asked, by one at a time; Close is
// safe from any, never waits, and ends a Read that does.
//
// Errors: that of the request's context if it has ended; an [aio.CancelledError] if
// the task was cancelled; a [net.Error] whose Timeout is true for the transport's own
// limits; what package aionet says of connections; what the request's body has said.
//
// When a connection that was used before turns out to be closed and nothing of a
// response has come, the request is sent again on another if that is safe: its
// method is idempotent (or it has an Idempotency-Key header), and it has no body
// or a GetBody.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, release := heed(request.Context())
	response, err := t.roundTripHeeding(ctx, release, request)
	if err != nil {
		err = outcome(request.Context(), err)
	}
	return response, err
}

func (t *Transport) roundTripHeeding(ctx context.Context, release func(), request *http.Request) (*http.Response, error) {
	if release != nil {
		defer release()
	}
	return t.roundTrip(ctx, request)
}

func (t *Transport) roundTrip(ctx context.Context, request *http.Request) (*http.Response, error) {
	err := check(request)
	if err == nil && request.Context().Err() != nil {
		err = context.Cause(request.Context())
	}
	var to target
	if err == nil {
		to, err = t.target(request)
	}
	if err != nil {
		closeBody(request.Body)
		return nil, err
	}
	body := request.Body
	dialled, turnedAway := false, 0
	for {
		if s := t.shared.find(to.key()); s != nil {
			if !dialled {
				s.tell(request.Context())
			}
			response, again, err := t.roundTripShared(ctx, s, request, body)
			if turnedAway++; again == nil || turnedAway == maxSharedTries {
				return response, err
			}
			if body, err = again(ctx, turnedAway); err != nil {
				return nil, err
			}
			continue
		}
		c := &call{transport: t, request: request, body: body, trace: httptrace.ContextClientTrace(request.Context())}
		if c.connection, err = t.connection(ctx, request, to); err != nil {
			if err == errShared {
				continue
			}
			closeBody(body)
			return nil, err
		}
		if c.connection.speaksHTTP2() {
			if err = t.share(ctx, c.connection); err != nil {
				closeBody(body)
				return nil, err
			}
			dialled = true
			continue
		}
		response, err := c.do(ctx)
		if err == nil {
			return response, nil
		}
		if !c.mayRetry(err) {
			c.closeRequestBody()
			return nil, unwrapFailure(err)
		}
		if body, err = c.again(); err != nil {
			return nil, err
		}
	}
}

// CloseIdleConnections closes the connections that nobody uses at the moment.
// Those in use are closed or kept as before; one of HTTP/2 is closed when its
// last request has ended, unless another one comes before.
func (t *Transport) CloseIdleConnections() {
	t.pool.closeIdle(func(*clientConnection) bool { return true })
	t.shared.closeIdle()
}

// check is what net/http's client checks before it sends.
func check(r *http.Request) error {
	switch {
	case r.URL == nil:
		return errors.New("aiohttp: the request has no URL")
	case r.Header == nil:
		return errors.New("aiohttp: the request's Header is nil; use http.NewRequest")
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return fmt.Errorf("aiohttp: unsupported protocol scheme %q", r.URL.Scheme)
	case r.URL.Host == "":
		return errors.New("aiohttp: the request's URL names no host")
	case r.Method != "" && !httpguts.ValidHeaderFieldName(r.Method):
		return fmt.Errorf("aiohttp: invalid method %q", r.Method)
	case r.ContentLength != 0 && r.Body == nil:
		return fmt.Errorf("aiohttp: the request's ContentLength is %d and its Body nil", r.ContentLength)
	}
	for _, header := range [...]http.Header{r.Header, r.Trailer} {
		for key, values := range header {
			if !httpguts.ValidHeaderFieldName(key) {
				return fmt.Errorf("aiohttp: invalid header field name %q", key)
			}
			for _, value := range values {
				if !httpguts.ValidHeaderFieldValue(value) {
					return fmt.Errorf("aiohttp: invalid header field value for %q", key) // it may be a secret
				}
			}
		}
	}
	for key := range r.Trailer {
		if forbiddenTrailer(http.CanonicalHeaderKey(key)) {
			return fmt.Errorf("aiohttp: invalid trailer field %q", key)
		}
	}
	return nil
}

func closeBody(body io.Closer) {
	if body != nil {
		_ = body.Close()
	}
}

func (t *Transport) maxHead() int {
	if t.MaxResponseHeaderBytes > 0 {
		return int(min(t.MaxResponseHeaderBytes, 1<<30))
	}
	return 10 << 20
}
