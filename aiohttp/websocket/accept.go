//go:build unix && !aix

package websocket

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/goaio/aio/aiohttp/internal/upgrade"
)

// AcceptOptions are a server's. A nil pointer has the defaults.
type AcceptOptions struct {
	Options

	// Origins are the hosts whose pages may connect, besides the server's own: the
	// Host of the request. "*" in a name stands for any characters, as in
	// [path.Match]; "*" alone allows every page, and is
	// safe only if no cookie says who the user is. A request without an Origin is
	// not from a page and always may.
	Origins []string
}

// Accept answers a request with the opening handshake (RFC 6455, section 4.2). On an
// error the client has its answer, and the handler need only return. The request's
// context lives on until the handler has returned; the server's timeouts concern the
// connection no more, see Options.Heartbeat.
//
// When an aiohttp server stops, it closes the connection with
// [StatusGoingAway]; for other servers' connections that is up to the program,
// with [http.Server.RegisterOnShutdown].
//
// It works in handlers of package aiohttp and of every server whose
// ResponseWriter is an [http.Hijacker], such as net/http's for HTTP/1.1. Header
// fields that were set are sent too.
func Accept(w http.ResponseWriter, r *http.Request, o *AcceptOptions) (*Conn, error) {
	if o == nil {
		o = &AcceptOptions{}
	}
	if status, err := checkRequest(w, r); err != nil {
		return nil, refuse(w, status, err)
	}
	if err := o.checkOrigin(r); err != nil {
		return nil, refuse(w, http.StatusForbidden, err)
	}
	h := w.Header()
	c := &Conn{}
	if offered := listed(r.Header["Sec-Websocket-Protocol"]); len(offered) > 0 {
		if c.subprotocol = choose(o.Subprotocols, offered); c.subprotocol != "" {
			h["Sec-WebSocket-Protocol"] = []string{c.subprotocol}
		}
	}
	if o.Compression && accept(r.Header["Sec-Websocket-Extensions"]) {
		c.extended = true
		h["Sec-WebSocket-Extensions"] = []string{extension}
	}
	h["Upgrade"] = []string{"websocket"}
	h["Connection"] = []string{"Upgrade"}
	h["Sec-WebSocket-Accept"] = []string{proof(r.Header.Get("Sec-WebSocket-Key"))}
	if !hijackable(w) {
		for _, name := range []string{"Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
			delete(h, name)
		}
		return nil, refuse(w, http.StatusNotImplemented, errors.New("websocket: this ResponseWriter cannot be hijacked; does a middleware hide it, or is this HTTP/2?"))
	}
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, unread, err := c.take(w)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	c.setup(conn, &o.Options, unread)
	c.server.add(c)
	return c, nil
}

// take takes the connection over, in a way that lets its loop look after it later
// if the server is aiohttp's.
func (c *Conn) take(w http.ResponseWriter) (net.Conn, []byte, error) {
	if c.taker = upgrade.Of(w); c.taker != nil {
		c.server = server{c.taker.Connections()}
		return c.taker.Take()
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	unread, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	return conn, unread, nil
}

// hijackable reports whether w, or what it wraps, is a Hijacker.
func hijackable(w http.ResponseWriter) bool {
	for {
		switch next := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = next.Unwrap()
		default:
			return false
		}
	}
}

func refuse(w http.ResponseWriter, status int, err error) error {
	http.Error(w, err.Error(), status)
	return err
}

// checkRequest checks the opening handshake: RFC 6455, section 4.2.1.
func checkRequest(w http.ResponseWriter, r *http.Request) (status int, err error) {
	h := r.Header
	switch {
	case !hasToken(h, "Connection", "upgrade") || !hasToken(h, "Upgrade", "websocket"):
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		return http.StatusUpgradeRequired, errors.New("websocket: this address speaks WebSocket, and the request asks for no upgrade to it")
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, fmt.Errorf("websocket: the handshake is a GET, not a %s", r.Method)
	case !r.ProtoAtLeast(1, 1):
		return http.StatusBadRequest, errors.New("websocket: the handshake needs HTTP/1.1")
	case !hasToken(h, "Sec-Websocket-Version", "13"):
		w.Header()["Sec-WebSocket-Version"] = []string{"13"}
		return http.StatusUpgradeRequired, fmt.Errorf("websocket: version 13 is spoken here, not %q", h.Get("Sec-WebSocket-Version"))
	case len(h["Sec-Websocket-Key"]) != 1 || !validKey(strings.TrimSpace(h.Get("Sec-WebSocket-Key"))):
		return http.StatusBadRequest, errors.New("websocket: the Sec-WebSocket-Key must be 16 bytes in base64")
	}
	return 0, nil
}

// checkOrigin keeps pages of other sites, which browsers send the user's cookies
// for, from connecting in the user's name.
func (o *AcceptOptions) checkOrigin(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil {
		return fmt.Errorf("websocket: the Origin %q is no URL", origin)
	}
	if strings.EqualFold(u.Host, r.Host) && u.Host != "" {
		return nil
	}
	for _, pattern := range o.Origins {
		if pattern == "*" {
			return nil
		}
		if match, err := path.Match(strings.ToLower(pattern), strings.ToLower(u.Host)); err != nil {
			return fmt.Errorf("websocket: the pattern %q of Origins: %w", pattern, err)
		} else if match {
			return nil
		}
	}
	return fmt.Errorf("websocket: pages of %q may not connect to %q; AcceptOptions.Origins lists those that may", origin, r.Host)
}
