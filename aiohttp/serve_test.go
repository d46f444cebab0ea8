//go:build unix && !aix

package aiohttp

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTLS(t *testing.T) {
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		address := startTLS(t, &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%v %q %v", r.TLS != nil, r.TLS.NegotiatedProtocol, r.TLS.HandshakeComplete)
		}))})
		for range 2 {
			got := roundTrip(t, address, strings.Repeat("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 3)+"GET /"+end)
			if strings.Count(got, `true "" true`) != 4 {
				t.Errorf("got %q", got)
			}
		}
	})
}

// Who speaks HTTP to a server of https is told so, as by net/http.
func TestHTTPToAServerOfHTTPS(t *testing.T) {
	address := startTLS(t, &Server{Log: silent(), Handler: OnLoop(router())})
	got := roundTrip(t, strings.TrimPrefix(address, "tls:"), "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
	if got != "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n" {
		t.Errorf("got %q", got)
	}
}

// A client that does not go on with its handshake is closed.
func TestASlowHandshakeTimesOut(t *testing.T) {
	address := startTLS(t, &Server{Log: silent(), Handler: OnLoop(router()), ReadHeaderTimeout: 20 * time.Millisecond})
	c := dial(t, strings.TrimPrefix(address, "tls:"))
	c.Write([]byte{22, 3, 1, 0}) // the beginning of a record
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheProtocolsOfTLS(t *testing.T) {
	only := func(set func(*http.Protocols)) *http.Protocols {
		p := new(http.Protocols)
		set(p)
		return p
	}
	for _, test := range []struct {
		protocols *http.Protocols
		offer     []string
		want      string
	}{
		{nil, []string{"h2", "http/1.1"}, "h2"},
		{nil, []string{"http/1.1"}, "http/1.1"},
		{nil, nil, ""},
		{only(func(p *http.Protocols) { p.SetHTTP1(true) }), []string{"h2", "http/1.1"}, "http/1.1"},
		{only(func(p *http.Protocols) { p.SetHTTP2(true) }), []string{"h2", "http/1.1"}, "h2"},
	} {
		address := startTLS(t, &Server{Log: silent(), Handler: OnLoop(router()), Protocols: test.protocols})
		config := clientTLS()
		config.NextProtos = test.offer
		c, err := tls.Dial("tcp", strings.TrimPrefix(address, "tls:"), config)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().NegotiatedProtocol; got != test.want {
			t.Errorf("%v: got %q, want %q", test.protocols, got, test.want)
		}
		_ = c.Close()
	}
}

func TestServeTLSWithoutACertificate(t *testing.T) {
	s := &Server{}
	if _, err := s.tlsConfig("", ""); err == nil {
		t.Error("no error")
	}
	if _, err := s.tlsConfig("absent.pem", "absent.pem"); err == nil {
		t.Error("no error for files that are not there")
	}
}
