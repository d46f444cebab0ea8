//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
)

// sharedConnections are a transport's connections of HTTP/2, each for many
// requests at a time. net/http's client speaks on them. It takes a connection
// that is there already only if it looks like one without TLS; what the URLs say
// goes to the server all the same.
type sharedConnections struct {
	once     sync.Once
	standard *http.Transport // with the settings

	mu    sync.Mutex
	hosts map[targetKey][]*sharedConnection
}

// sharedConnection is a connection of HTTP/2.
type sharedConnection struct {
	conn *http.ClientConn
	made *clientConnection
	// retiring says that it is closed once no request uses it. net/http's client
	// counts a request for a moment longer than its caller waits.
	retiring atomic.Bool
}

// errShared tells who waits for a connection that there is one to share.
var errShared = errors.New("aiohttp: there is a connection to share")

// find returns a connection that has room for one more request, nil if there is
// none. If the room is gone by then the request waits for it. To reserve it is no
// way: with more reserved than a server's settings then allow, net/http's client
// waits for ever.
func (s *sharedConnections) find(key targetKey) *sharedConnection {
	for _, c := range s.of(key) {
		if c.conn.Available() > 0 {
			if c.retiring.Load() {
				c.retiring.Store(false)
			}
			return c
		}
	}
	return nil
}

// room reports whether there is a connection that has room for one more request.
func (s *sharedConnections) room(key targetKey) bool { return s.find(key) != nil }

// of returns a host's connections. They are not asked for anything with the lock
// held, for they may call their hook.
func (s *sharedConnections) of(key targetKey) []*sharedConnection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hosts[key])
}

// tell tells the trace of a request which connection it has.
func (c *sharedConnection) tell(ctx context.Context) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return
	}
	if trace.GetConn != nil {
		trace.GetConn(c.made.to.address)
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: c.made.conn, Reused: true})
	}
}

// handedKey finds the connection that is handed over in the context of its dial.
type handedKey struct{}

// client returns net/http's side.
func (t *Transport) client() *http.Transport {
	s := &t.shared
	s.once.Do(func() {
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		s.standard = &http.Transport{
			Protocols: protocols,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return ctx.Value(handedKey{}).(net.Conn), nil
			},
			HTTP2: t.HTTP2, DisableCompression: t.DisableCompression, DisableKeepAlives: t.DisableKeepAlives,
			IdleConnTimeout: t.IdleConnTimeout, ResponseHeaderTimeout: t.ResponseHeaderTimeout,
			ExpectContinueTimeout: t.ExpectContinueTimeout, MaxResponseHeaderBytes: t.MaxResponseHeaderBytes,
		}
	})
	return s.standard
}

// share begins HTTP/2 on a connection that was just made.
func (t *Transport) share(ctx context.Context, made *clientConnection) error {
	if t.shared.room(made.key) { // somebody else was quicker
		made.close()
		return nil
	}
	handed := net.Conn(plain{made.conn})
	if made.tls != nil {
		handed = secured{made.conn, *made.tls}
	}
	made.in.close()
	conn, err := beside(ctx, func() (*http.ClientConn, error) {
		return t.client().NewClientConn(context.WithValue(context.Background(), handedKey{}, handed), "http", made.to.address)
	})
	if err != nil {
		made.close()
		return err
	}
	c := &sharedConnection{conn: conn, made: made}
	s := &t.shared
	s.mu.Lock()
	if s.hosts == nil {
		s.hosts = map[targetKey][]*sharedConnection{}
	}
	s.hosts[made.key] = append(s.hosts[made.key], c)
	s.mu.Unlock()
	conn.SetStateHook(func(*http.ClientConn) {
		switch {
		case conn.Err() != nil:
			s.remove(c)
			made.close()
		case c.retiring.Load() && conn.InFlight() == 0:
			_ = conn.Close()
		default:
			t.pool.sharedWith(made.key)
		}
	})
	t.pool.sharedWith(made.key)
	return nil
}

func (s *sharedConnections) remove(c *sharedConnection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := c.made.key
	left := slices.DeleteFunc(s.hosts[key], func(other *sharedConnection) bool { return other == c })
	if len(left) == 0 {
		delete(s.hosts, key)
	} else {
		s.hosts[key] = left
	}
}

// closeIdle closes those that no request uses, others when none does any more
// unless one more has come by then.
func (s *sharedConnections) closeIdle() {
	s.mu.Lock()
	var all []*sharedConnection
	for _, host := range s.hosts {
		all = append(all, host...)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.retiring.Store(true)
		if c.conn.InFlight() == 0 {
			_ = c.conn.Close()
		}
	}
}

// sharedWith tells those who stand in line that they need not.
func (p *pool) sharedWith(key targetKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[key]
	if h == nil {
		return
	}
	for _, w := range h.waiting {
		_ = w.granted.SetError(errShared)
	}
	h.waiting = nil
}

// plain and secured are a connection as net/http's client sees it.
type plain struct{ net.Conn }

type secured struct {
	net.Conn
	state tls.ConnectionState
}

// ConnectionState is what responses have as their TLS.
func (s secured) ConnectionState() tls.ConnectionState { return s.state }
