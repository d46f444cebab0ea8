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
	"net/http/httptrace"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/goaio/aio"
)

// servingHTTP2 is net/http's server of HTTP/2, and how many connections it has had.
func servingHTTP2(t *testing.T, handler http.HandlerFunc, change ...func(*http.Server)) (address string, config *tls.Config, connections *atomic.Int32) {
	server := httptest.NewUnstartedServer(handler)
	connections = new(atomic.Int32)
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	for _, fn := range change {
		fn(server.Config)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, server.Client().Transport.(*http.Transport).TLSClientConfig, connections
}

// speaking has a test's transport speak HTTP/2.
func speaking(transport *Transport, config *tls.Config) {
	transport.TLSClientConfig, transport.ForceAttemptHTTP2 = config, true
}

func TestClientHTTP2(t *testing.T) {
	address, config, connections := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("X-Proto", r.Proto)
		n, _ := io.Copy(w, r.Body)
		w.Header().Set("X-Sum", fmt.Sprint(n))
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		speaking(transport, config)
		for _, size := range []int{0, 1, 3 << 20} {
			sent := strings.Repeat("x", size)
			request, _ := http.NewRequestWithContext(ctx, "POST", address, struct{ io.Reader }{strings.NewReader(sent)})
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(response.Body)
			if err != nil || string(got) != sent || response.Trailer.Get("X-Sum") != fmt.Sprint(size) {
				t.Errorf("%d bytes: %d, %v, %v", size, len(got), err, response.Trailer)
			}
			if response.Proto != "HTTP/2.0" || response.Header.Get("X-Proto") != "HTTP/2.0" || response.TLS == nil || response.Request != request {
				t.Errorf("%s, %v", response.Proto, response.TLS)
			}
			_ = response.Body.Close()
		}
		// One connection for all that follow, in parallel too.
		before := connections.Load()
		err := aio.Group(ctx, func(ctx context.Context) error {
			for range 50 {
				aio.Go(ctx, func(ctx context.Context) error {
					_, text, err := fetch(ctx, transport, "POST", address, strings.NewReader("hello"))
					if text != "hello" && err == nil {
						err = errors.New(text)
					}
					return err
				})
			}
			return nil
		})
		if err != nil || connections.Load() != before {
			t.Errorf("%v, %d connections more", err, connections.Load()-before)
		}
		if open, idle, _ := transport.pool.counts(); open != 1 || idle != 0 {
			t.Errorf("%d connections, %d idle", open, idle)
		}
		transport.CloseIdleConnections()
		eventually(t, "the connection is forgotten", func() bool {
			open, _, _ := transport.pool.counts()
			return open == 0
		})
	})
}

// A connection that is in use when the idle ones are closed is closed when it is
// not any more, unless somebody uses it again before.
func TestClientHTTP2InUseWhileIdleOnesAreClosed(t *testing.T) {
	address, config, connections := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.Copy(w, r.Body)
	})
	for _, again := range []bool{false, true} {
		everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
			speaking(transport, config)
			before := connections.Load()
			body, end := io.Pipe()
			request, _ := http.NewRequestWithContext(ctx, "POST", address, body)
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			transport.CloseIdleConnections()
			if again {
				if _, _, err := fetch(ctx, transport, "GET", address, nil); err != nil {
					t.Error(err)
				}
			}
			_ = end.Close()
			if _, err := io.ReadAll(response.Body); err != nil {
				t.Error(err)
			}
			_ = response.Body.Close()
			if again {
				if _, _, err := fetch(ctx, transport, "GET", address, nil); err != nil || connections.Load() != before+1 {
					t.Error(err, connections.Load()-before)
				}
				return
			}
			eventually(t, "the connection is closed", func() bool {
				open, _, _ := transport.pool.counts()
				return open == 0
			})
		})
	}
}

// HTTP/2 is spoken where net/http's transport speaks it.
func TestClientProtocols(t *testing.T) {
	address, config, _ := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	plain := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetHTTP1(true)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	defer plain.Close()
	protocols := func(one, two, unencrypted bool) *http.Protocols {
		p := new(http.Protocols)
		p.SetHTTP1(one)
		p.SetHTTP2(two)
		p.SetUnencryptedHTTP2(unencrypted)
		return p
	}
	dial := (&net.Dialer{}).DialContext
	for _, c := range []struct {
		name      string
		force     bool
		dial      func(context.Context, string, string) (net.Conn, error)
		protocols *http.Protocols
	}{
		{"a config", false, nil, nil},
		{"forced", true, nil, nil},
		{"a dialler", false, dial, nil},
		{"a dialler, forced", true, dial, nil},
		{"HTTP/1", true, nil, protocols(true, false, false)},
		{"both", false, nil, protocols(true, true, false)},
		{"HTTP/2", false, dial, protocols(false, true, false)},
		{"all", false, nil, protocols(true, true, true)},
		{"prior knowledge", false, nil, protocols(false, true, true)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, url := range []string{address, plain.URL} {
				measure := &http.Transport{TLSClientConfig: config.Clone(), ForceAttemptHTTP2: c.force, DialContext: c.dial, Protocols: c.protocols}
				ours := &Transport{TLSClientConfig: config, ForceAttemptHTTP2: c.force, DialContext: c.dial, Protocols: c.protocols}
				measure.TLSClientConfig.NextProtos = nil
				want, got := "", ""
				for transport, text := range map[http.RoundTripper]*string{measure: &want, ours: &got} {
					request, _ := http.NewRequest("GET", url, nil)
					response, err := transport.RoundTrip(request)
					if err != nil {
						t.Fatal(err)
					}
					body, _ := io.ReadAll(response.Body)
					_ = response.Body.Close()
					*text = string(body)
				}
				measure.CloseIdleConnections()
				ours.CloseIdleConnections()
				if got != want {
					t.Errorf("%s: %s, net/http %s", url, got, want)
				}
			}
		})
	}
	for _, c := range []struct {
		transport *Transport
		want      bool
	}{
		{&Transport{}, true}, {DefaultTransport, true}, {&Transport{DialContext: dial}, false},
		{&Transport{DialTLSContext: dial}, false}, {&Transport{TLSClientConfig: config}, false},
	} {
		if got := c.transport.speaksHTTP2(); got != c.want {
			t.Errorf("%+v: %v", c.transport, got)
		}
	}
}

// A cancel returns at once, ends the stream and leaves the connection.
func TestClientHTTP2Cancel(t *testing.T) {
	over := make(chan error, 1)
	address, config, connections := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			fmt.Fprint(w, "start")
			_ = http.NewResponseController(w).Flush()
		}
		if r.URL.Path != "/" {
			<-r.Context().Done()
			over <- r.Context().Err()
		}
	})
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		speaking(transport, config)
		if _, _, err := fetch(ctx, transport, "GET", address+"/", nil); err != nil {
			t.Fatal(err)
		}
		before := connections.Load()
		for _, path := range []string{"/head", "/body"} {
			ctx, cancel := context.WithCancel(ctx)
			trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
				if path == "/head" {
					cancel()
				}
			}}
			request, _ := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), "GET", address+path, nil)
			response, err := transport.RoundTrip(request)
			if path == "/body" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(response.Body, make([]byte, 5)); err != nil {
					t.Error(err)
				}
				cancel()
				_, err = io.ReadAll(response.Body)
				_ = response.Body.Close()
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			} else if !errors.Is(err, context.Canceled) {
				t.Error(path, err)
			}
			if err := <-over; err == nil {
				t.Error("the server was not told")
			}
		}
		if _, _, err := fetch(ctx, transport, "GET", address+"/", nil); err != nil || connections.Load() != before {
			t.Errorf("%v, %d connections more", err, connections.Load()-before)
		}
	})
}

// Requests that find no room on the connection, nor may dial, wait for it.
func TestClientHTTP2Limits(t *testing.T) {
	running, most := 0, 0
	var mu sync.Mutex
	address, config, connections := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		_, _ = io.Copy(w, r.Body)
		mu.Lock()
		running--
		mu.Unlock()
	}, func(s *http.Server) { s.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 2} })
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		speaking(transport, config)
		transport.MaxConnsPerHost = 1
		before := connections.Load()
		err := aio.Group(ctx, func(ctx context.Context) error {
			for range 40 {
				aio.Go(ctx, func(ctx context.Context) error {
					_, _, err := fetch(ctx, transport, "POST", address, strings.NewReader("hello"))
					return err
				})
			}
			return nil
		})
		mu.Lock()
		defer mu.Unlock()
		if err != nil || connections.Load() != before+1 || most > 2 {
			t.Errorf("%v, %d connections, %d at a time", err, connections.Load()-before, most)
		}
	})
}

// turningAway is a server that turns the first request away, and answers others.
func turningAway(t *testing.T, refuse func(f *http2.Framer, stream uint32) (goOn bool)) (address string, config *tls.Config) {
	lender := httptest.NewTLSServer(nil)
	lender.Close()
	served := lender.TLS.Clone()
	served.NextProtos = []string{"h2"}
	l, err := tls.Listen("tcp", "127.0.0.1:0", served)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var requests atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.ReadFull(c, make([]byte, len(http2Preface)))
				f := http2.NewFramer(c, c)
				_ = f.WriteSettings()
				for {
					frame, err := f.ReadFrame()
					if err != nil {
						return
					}
					switch frame := frame.(type) {
					case *http2.SettingsFrame:
						if !frame.IsAck() {
							_ = f.WriteSettingsAck()
						}
					case *http2.HeadersFrame:
						if requests.Add(1) == 1 {
							if !refuse(f, frame.StreamID) {
								_, _ = io.Copy(io.Discard, c)
								return
							}
							continue
						}
						var block strings.Builder
						_ = hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "204"})
						_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: frame.StreamID, BlockFragment: []byte(block.String()), EndHeaders: true, EndStream: true})
					}
				}
			}()
		}
	}()
	return "https://" + l.Addr().String(), &tls.Config{RootCAs: lender.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
}

// A request that the server says it has not looked at is sent again.
func TestClientHTTP2TurnedAway(t *testing.T) {
	for name, refuse := range map[string]func(f *http2.Framer, stream uint32) bool{
		"GOAWAY": func(f *http2.Framer, _ uint32) bool { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil); return false },
		"refused": func(f *http2.Framer, stream uint32) bool {
			_ = f.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
			return true
		},
		"protocol error": func(f *http2.Framer, stream uint32) bool {
			_ = f.WriteRSTStream(stream, http2.ErrCodeProtocol)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, body := range []string{"", "hello"} {
				everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
					address, config := turningAway(t, refuse)
					speaking(transport, config)
					response, _, err := fetch(ctx, transport, "POST", address, strings.NewReader(body))
					if err != nil || response.StatusCode != 204 {
						t.Error(response, err)
					}
				})
			}
		})
	}
}

// The errors by which requests are sent again are told by what this release of Go
// says. If this test fails on a new one, its texts belong beside the old ones in
// mayRetryShared.
func TestTextsOfHTTP2Errors(t *testing.T) {
	ask := func(refuse func(f *http2.Framer, stream uint32) bool, before func(*http.ClientConn)) error {
		address, config := turningAway(t, refuse)
		standard := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
		conn, err := standard.NewClientConn(context.Background(), "https", strings.TrimPrefix(address, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		before(conn)
		request, err := http.NewRequest("GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.RoundTrip(request)
		return err
	}
	reset := func(code http2.ErrCode) func(f *http2.Framer, stream uint32) bool {
		return func(f *http2.Framer, stream uint32) bool { _ = f.WriteRSTStream(stream, code); return true }
	}
	goAway := func(f *http2.Framer, _ uint32) bool { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil); return false }
	nothing := func(*http.ClientConn) {}
	usedAndClosed := func(conn *http.ClientConn) {
		request, err := http.NewRequest("GET", "https://example.com", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.RoundTrip(request); err == nil {
			t.Error("the request was answered")
		}
		_ = conn.Close()
	}
	for name, c := range map[string]struct {
		err   error
		retry bool
	}{
		"GOAWAY":              {ask(goAway, nothing), true},
		"a closed connection": {ask(reset(http2.ErrCodeRefusedStream), usedAndClosed), true},
		"REFUSED_STREAM":      {ask(reset(http2.ErrCodeRefusedStream), nothing), true},
		"PROTOCOL_ERROR":      {ask(reset(http2.ErrCodeProtocol), nothing), true},
		"INTERNAL_ERROR":      {ask(reset(http2.ErrCodeInternal), nothing), false},
	} {
		if c.err == nil || mayRetryShared(c.err) != c.retry {
			t.Errorf("%s of net/http says of %s %q, a %T; the request is sent again: want %v", runtime.Version(), name, c.err, c.err, c.retry)
		}
	}
}

// What takes the connection over needs HTTP/1.
func TestUpgradeBesideHTTP2(t *testing.T) {
	address, config, _ := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		speaking(transport, config)
		for _, upgrade := range []bool{false, true, false} {
			request, _ := http.NewRequestWithContext(ctx, "GET", address, nil)
			want := "HTTP/2.0"
			if upgrade {
				want = "HTTP/1.1"
				request.Header.Set("Connection", "Upgrade")
				request.Header.Set("Upgrade", "websocket")
			}
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := io.ReadAll(response.Body); string(text) != want {
				t.Errorf("%s, want %s", text, want)
			}
			_ = response.Body.Close()
		}
	})
}

// A connection outlives the loop that has dialled it.
func TestClientHTTP2AcrossLoops(t *testing.T) {
	address, config, connections := servingHTTP2(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	transport := &Transport{}
	speaking(transport, config)
	defer transport.CloseIdleConnections()
	for range 2 {
		inTask(t, func(ctx context.Context) {
			if _, text, err := fetch(ctx, transport, "GET", address, nil); text != "hello" || err != nil {
				t.Error(text, err)
			}
		})
	}
	if _, text, err := fetch(context.Background(), transport, "GET", address, nil); text != "hello" || err != nil {
		t.Error(text, err)
	}
	t.Log(connections.Load(), "connections")
}

func TestNginxHTTP2(t *testing.T) {
	folder, port := files(t), freePort(t)
	key, certificate := selfSigned(t)
	config := filepath.Join(t.TempDir(), "nginx.conf")
	text := fmt.Sprintf(`
daemon off; master_process off; error_log stderr; pid %[1]s.pid;
events {}
http {
	access_log off; client_body_temp_path %[1]s.body; proxy_temp_path %[1]s.proxy; fastcgi_temp_path %[1]s.fast;
	uwsgi_temp_path %[1]s.uwsgi; scgi_temp_path %[1]s.scgi;
	if_modified_since before; gzip on; gzip_min_length 1; gzip_types *; types { text/plain txt; }
	server { listen 127.0.0.1:%[2]d ssl http2; ssl_certificate %[4]s; ssl_certificate_key %[5]s; root %[3]s; keepalive_requests 5;
		location /how { return 200 "$server_protocol $scheme"; } }
}`, config, port, folder, certificate, key)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	peer(t, port, "nginx", "-c", config)
	base := "https://127.0.0.1:" + strconv.Itoa(port)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		speaking(transport, &tls.Config{InsecureSkipVerify: true})
		for range 3 { // beyond what nginx answers on one connection, after which it sends GOAWAY
			ask(t, ctx, transport, base)
			if _, text, err := fetch(ctx, transport, "GET", base+"/how", nil); text != "HTTP/2.0 https" || err != nil {
				t.Error(text, err)
			}
		}
	})
}
