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
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goaio/aio"
)

func serveTLS(t *testing.T, handler http.HandlerFunc) (address string, config *tls.Config) {
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return server.URL, server.Client().Transport.(*http.Transport).TLSClientConfig
}

func TestClientTLS(t *testing.T) {
	address, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, r.RemoteAddr, len(text))
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		if _, _, err := fetch(ctx, transport, "GET", address, nil); err == nil {
			t.Error("a certificate of nobody was accepted")
		}
		transport.TLSClientConfig = config
		first := ""
		for i := range 4 {
			long := strings.Repeat("x", 100000)
			response, text, err := fetch(ctx, transport, "POST", address, strings.NewReader(long))
			if err != nil {
				t.Fatal(err)
			}
			if response.TLS == nil || !response.TLS.HandshakeComplete || !strings.HasSuffix(text, "100000") {
				t.Errorf("%v %q", response.TLS, text)
			}
			if i == 0 {
				first = text
			} else if text != first {
				t.Errorf("another connection: %q, %q", first, text)
			}
		}
		if config.ServerName != "" {
			t.Error("the config was changed")
		}
	})
}

func TestClientTLSHandshakeTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.TLSHandshakeTimeout = 20 * time.Millisecond
		_, _, err := fetch(ctx, transport, "GET", "https://"+l.Addr().String(), nil)
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Error(err)
		}
		if open, _, _ := transport.pool.counts(); open != 0 {
			t.Errorf("%d open", open)
		}
	})
}

// proxied serves a proxy for both kinds of requests. It wants a password.
func proxied(t *testing.T) (address string, tunnels *atomic.Int32) {
	tunnels = &atomic.Int32{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {}}
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		if r.Method != http.MethodConnect {
			w.Header().Set("X-Proxied", r.RequestURI)
			forward.ServeHTTP(w, r)
			return
		}
		tunnels.Add(1)
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		from, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			_, _ = io.Copy(to, buffered)
			_ = to.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(from, to)
		_ = from.Close()
		_ = to.Close()
	}), tunnels
}

func TestProxy(t *testing.T) {
	proxy, tunnels := proxied(t)
	answer := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello from ", r.Host, r.RequestURI) }
	plain := serve(t, answer)
	secure, config := serveTLS(t, answer)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		tunnels.Store(0)
		transport.TLSClientConfig = config
		through := strings.Replace(proxy, "//", "//user:pass@", 1)
		transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(through) }
		for range 2 {
			for _, to := range []string{plain, secure} {
				response, text, err := fetch(ctx, transport, "GET", to+"/x?y", nil)
				host := to[strings.LastIndex(to, "/")+1:]
				if err != nil || text != "hello from "+host+"/x?y" {
					t.Fatalf("%q, %v", text, err)
				}
				if to == plain && response.Header.Get("X-Proxied") != plain+"/x?y" {
					t.Error(response.Header)
				}
			}
		}
		if tunnels.Load() != 1 {
			t.Errorf("%d tunnels", tunnels.Load())
		}
		through = proxy
		response, _, err := fetch(ctx, transport, "GET", plain, nil)
		if err != nil || response.StatusCode != http.StatusProxyAuthRequired {
			t.Error(response, err)
		}
		if _, _, err := fetch(ctx, transport, "GET", secure, nil); err == nil || !strings.Contains(err.Error(), "407") {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		if open, _, _ := transport.pool.counts(); open != 0 || len(transport.pool.hosts) != 0 {
			t.Errorf("%d open", open)
		}
	})
}

// A proxy may itself be reached by TLS.
func TestProxyByTLS(t *testing.T) {
	secure, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	proxy, _ := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		w.WriteHeader(http.StatusOK)
		from, buffered, _ := w.(http.Hijacker).Hijack()
		go func() { _, _ = io.Copy(to, buffered); _ = to.Close() }()
		_, _ = io.Copy(from, to)
		_ = from.Close()
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.TLSClientConfig = config // the same certificate for both
		transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
		for range 2 {
			if _, text, err := fetch(ctx, transport, "GET", secure, nil); err != nil || text != "hello" {
				t.Errorf("%q, %v", text, err)
			}
		}
	})
}

// socks serves one kind of SOCKS5: no authentication, CONNECT to an address or a
// name.
func socks(t *testing.T) string {
	return speakRaw(t, func(c net.Conn) {
		var b [300]byte
		if _, err := io.ReadFull(c, b[:2]); err != nil {
			return
		}
		_, _ = io.ReadFull(c, b[:b[1]])
		_, _ = c.Write([]byte{5, 0})
		_, _ = io.ReadFull(c, b[:4])
		host := ""
		switch b[3] {
		case 1:
			_, _ = io.ReadFull(c, b[:4])
			host = net.IP(b[:4]).String()
		case 3:
			_, _ = io.ReadFull(c, b[:1])
			n := int(b[0])
			_, _ = io.ReadFull(c, b[:n])
			host = string(b[:n])
		}
		_, _ = io.ReadFull(c, b[:2])
		to, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(int(b[0])<<8|int(b[1]))))
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		go func() { _, _ = io.Copy(to, c); _ = to.Close() }()
		_, _ = io.Copy(c, to)
	})
}

func TestSocksProxy(t *testing.T) {
	secure, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	proxy := "socks5://" + socks(t)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		transport.TLSClientConfig = config
		transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
		for _, to := range []string{plain, secure, plain} {
			if _, text, err := fetch(ctx, transport, "GET", to, nil); err != nil || text != "hello" {
				t.Errorf("%q, %v", text, err)
			}
		}
	})
}

// A client brings redirects, cookies and its timeout.
func TestClient(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/from":
			http.Redirect(w, r, "/to", http.StatusTemporaryRedirect)
		case "/to":
			_, _ = io.Copy(w, r.Body)
		case "/slow":
			<-r.Context().Done()
		}
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
		response, err := client.Post(server+"/from", "text/plain", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if string(text) != "hello" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
		_ = response.Body.Close()
		client.Timeout = 30 * time.Millisecond
		_, err = client.Get(server + "/slow")
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Error(err)
		}
		if err := aio.Timeout(ctx, 30*time.Millisecond, func(ctx context.Context) error {
			request, _ := http.NewRequestWithContext(ctx, "GET", server+"/slow", nil)
			_, err := (&http.Client{Transport: transport}).Do(request)
			return err
		}); !errors.As(err, new(*aio.TimeoutError)) {
			t.Error(err)
		}
	})
}
