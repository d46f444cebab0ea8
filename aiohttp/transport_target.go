//go:build unix && !aix

package aiohttp

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// target says which connections serve a request.
type target struct {
	scheme  string
	address string   // of the server, host:port
	proxy   *url.URL // nil for none
	upgrade bool     // the request is to take the connection over, which needs HTTP/1
}

// targetKey is what connections have in common that can stand in for each other.
type targetKey struct {
	scheme, address, proxy string
	upgrade                bool
}

func (t *Transport) target(r *http.Request) (to target, err error) {
	to.scheme = r.URL.Scheme
	to.upgrade = to.scheme == "https" && asksUpgrade(r.Header)
	to.address, err = canonicalAddress(r.URL)
	if err == nil && t.Proxy != nil {
		to.proxy, err = t.Proxy(r)
	}
	return to, err
}

func (to target) key() targetKey {
	key := targetKey{scheme: to.scheme, address: to.address, upgrade: to.upgrade}
	if to.proxy != nil {
		key.proxy = to.proxy.String()
		if to.absolute() {
			key.address = "" // one connection serves all servers
		}
	}
	return key
}

// absolute reports whether requests go to an HTTP proxy, which is told the whole
// URL.
func (to target) absolute() bool {
	return to.proxy != nil && to.scheme == "http" && !to.socks()
}

func (to target) socks() bool {
	return to.proxy != nil && (to.proxy.Scheme == "socks5" || to.proxy.Scheme == "socks5h")
}

// authorization is the value of Proxy-Authorization, or empty.
func (to target) authorization() string {
	if to.proxy == nil || to.proxy.User == nil {
		return ""
	}
	password, _ := to.proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(to.proxy.User.Username()+":"+password))
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// canonicalAddress returns the host and port of a URL, the host in ASCII.
func canonicalAddress(u *url.URL) (string, error) {
	host, port := u.Hostname(), u.Port()
	if !ascii(host) {
		var err error
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return "", fmt.Errorf("aiohttp: the host %q: %w", u.Hostname(), err)
		}
	}
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	if strings.IndexByte(host, ':') < 0 {
		return host + ":" + port, nil
	}
	return net.JoinHostPort(host, port), nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
