//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// framing is how a request's body is sent.
type framing struct {
	present bool
	chunked bool
	length  int64  // if it is not chunked
	first   []byte // was read already
	over    bool   // first is all of it
	memory  bool   // reading it does not wait
}

// plan decides that. Of a request that usually has no body, and does not say how
// long it is, the first byte is read to find out.
func (c *call) plan(ctx context.Context) (f framing, err error) {
	r := c.request
	if c.body == nil || c.body == http.NoBody {
		return framing{}, nil
	}
	f.length = r.ContentLength
	f.present, f.memory = true, inMemory(c.body)
	f.chunked = len(r.TransferEncoding) > 0 && r.TransferEncoding[0] == "chunked"
	if f.length > 0 || f.chunked {
		return f, nil
	}
	// An unknown length, or none at all.
	switch c.method() {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, "PROPFIND", "SEARCH":
		if err := c.probe(ctx, &f); err != nil || !f.present {
			return framing{}, err
		}
	case http.MethodConnect:
		f.length = -1
		return f, nil
	}
	f.chunked = true
	return f, nil
}

func (c *call) method() string {
	if c.request.Method == "" {
		return http.MethodGet
	}
	return c.request.Method
}

func (c *call) expectsContinue() bool {
	return httpguts.HeaderValuesContainsToken(c.request.Header["Expect"], "100-continue")
}

const userAgent = "aiohttp-go/1.1"

// writeHead puts the request's head into the output. The order of the fields is
// net/http's.
func (c *call) writeHead(f *framing) error {
	r, out := c.request, &c.connection.out
	host, uri, err := c.addressee()
	if err != nil {
		return err
	}
	out.open()
	out.text(c.method())
	out.text(" ")
	out.text(uri)
	out.text(" HTTP/1.1\r\nHost: ")
	out.text(host)
	out.text("\r\n")
	w := fieldWriter{out, c.trace}
	w.told("Host", host)
	if agents, has := r.Header["User-Agent"]; !has {
		w.field("User-Agent", userAgent)
	} else if len(agents) > 0 && agents[0] != "" {
		w.field("User-Agent", agents[0])
	}
	if r.Close && !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "close") {
		w.field("Connection", "close")
	}
	switch {
	case f.chunked:
		w.field("Transfer-Encoding", "chunked")
	case f.present && f.length > 0, !f.present && c.wantsLength():
		w.field("Content-Length", strconv.FormatInt(f.length, 10))
	}
	if f.chunked && len(r.Trailer) > 0 {
		var keys []string
		for key := range r.Trailer {
			keys = append(keys, http.CanonicalHeaderKey(key))
		}
		slices.Sort(keys)
		w.field("Trailer", strings.Join(keys, ","))
	}
	out.header(r.Header, ownField)
	if w.trace != nil {
		for key, values := range r.Header {
			if ownField(key) {
				w.told(key, values...)
			}
		}
	}
	c.addFields(w)
	out.text("\r\n")
	if c.trace != nil && c.trace.WroteHeaders != nil {
		c.trace.WroteHeaders()
	}
	return out.err
}

// wantsLength reports whether a request without a body says so.
func (c *call) wantsLength() bool {
	switch c.request.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return true
	}
	return false
}

// ownField reports whether the request's header decides on a field.
func ownField(key string) bool {
	switch key {
	case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer":
		return false
	}
	return true
}

// addFields adds what the transport itself has to say.
func (c *call) addFields(w fieldWriter) {
	t, r := c.transport, c.request
	if c.tunnels {
		return
	}
	if !t.DisableCompression && r.Header.Get("Accept-Encoding") == "" && r.Header.Get("Range") == "" && r.Method != http.MethodHead {
		c.gzip = true
		w.field("Accept-Encoding", "gzip")
	}
	if t.DisableKeepAlives && !r.Close && !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "close") && !asksUpgrade(r.Header) {
		w.field("Connection", "close")
	}
	if c.connection.to.absolute() {
		if authorization := c.connection.to.authorization(); authorization != "" {
			w.field("Proxy-Authorization", authorization)
		}
	}
}

func asksUpgrade(header http.Header) bool {
	return header.Get("Upgrade") != "" && httpguts.HeaderValuesContainsToken(header["Connection"], "Upgrade")
}

// addressee returns the Host field and the request target.
func (c *call) addressee() (host, uri string, err error) {
	r := c.request
	if host = r.Host; host == "" {
		host = r.URL.Host
	}
	if !plainHost(host) {
		if host, err = httpguts.PunycodeHostPort(host); err != nil {
			return "", "", err
		}
		if !httpguts.ValidHostHeader(host) {
			if c.connection.to.absolute() {
				return "", "", errors.New("aiohttp: invalid Host header")
			}
			host = "" // as net/http does: an empty one is valid, a wrong one a way to smuggle
		}
		host = withoutZone(host)
	}
	uri = r.URL.RequestURI()
	switch {
	case c.connection.to.absolute() && r.URL.Opaque == "" && !c.tunnels:
		uri = r.URL.Scheme + "://" + host + uri
	case r.Method == http.MethodConnect && r.URL.Path == "":
		if uri = host; r.URL.Opaque != "" {
			uri = r.URL.Opaque
		}
	}
	for i := range len(uri) {
		if uri[i] < ' ' || uri[i] == 0x7f {
			return "", "", errors.New("aiohttp: a control character in the request's URL")
		}
	}
	return host, uri, nil
}

// plainHost reports whether a host is sent as it is.
func plainHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == ':' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// withoutZone takes the zone off an IPv6 address (RFC 6874).
func withoutZone(host string) string {
	if !strings.HasPrefix(host, "[") {
		return host
	}
	end := strings.LastIndexByte(host, ']')
	zone := strings.LastIndexByte(host[:max(end, 0)], '%')
	if end < 0 || zone < 0 {
		return host
	}
	return host[:zone] + host[end:]
}

// fieldWriter writes fields and tells the trace of them.
type fieldWriter struct {
	out   *output
	trace *httptrace.ClientTrace
}

func (w fieldWriter) field(key, value string) {
	w.out.field(key, value)
	w.told(key, value)
}

func (w fieldWriter) told(key string, values ...string) {
	if w.trace != nil && w.trace.WroteHeaderField != nil {
		w.trace.WroteHeaderField(key, values)
	}
}
