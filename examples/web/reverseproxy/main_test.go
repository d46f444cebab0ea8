//go:build unix && !aix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/aiotest"
)

func TestMain(m *testing.M) { aiotest.VerifyMain(m) }

// backend answers as number n.
func backend(t *testing.T, n int, left chan<- struct{}) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %s %s %s", n, r.Method, text, r.Header.Get("X-Forwarded-For"))
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "Total")
		_, _ = w.Write(text)
		w.Header().Set("Total", fmt.Sprint(len(text)))
	})
	mux.HandleFunc("/forever", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		left <- struct{}{}
	})
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, r *http.Request) {
		c, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(c, "echo "+line)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestReverseProxy(t *testing.T) {
	left := make(chan struct{}, 1)
	servers, err := parse([]string{backend(t, 0, left), backend(t, 1, left)})
	if err != nil {
		t.Fatal(err)
	}
	proxy := newProxy(servers)
	defer proxy.(*httputil.ReverseProxy).Transport.(*aiohttp.Transport).CloseIdleConnections()
	err = aio.Run(context.Background(), func(ctx context.Context) error {
		listener, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &aiohttp.Server{Handler: proxy}
		aio.Go(ctx, func(ctx context.Context) error { _ = server.Serve(ctx, listener); return nil })
		_, err = aio.Blocking(ctx, func(context.Context) (int, error) {
			visit(t, listener.Addr().String(), left)
			return 0, nil
		})
		if err != nil {
			return err
		}
		return server.Shutdown(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

// visit is a client of the proxy.
func visit(t *testing.T, address string, left <-chan struct{}) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	for i := range 4 {
		response, err := client.Post("http://"+address+"/echo", "text/plain", strings.NewReader("hello"))
		if err != nil {
			t.Error(err)
			return
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if want := fmt.Sprintf("%d POST hello 127.0.0.1", i%2); string(text) != want {
			t.Errorf("%q, want %q", text, want)
		}
	}

	long := strings.Repeat("0123456789", 200_000)
	response, err := client.Post("http://"+address+"/stream", "text/plain", struct{ io.Reader }{strings.NewReader(long)})
	if err != nil {
		t.Error(err)
		return
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || string(text) != long || response.Trailer.Get("Total") != "2000000" {
		t.Errorf("%d bytes, %v, trailer %v", len(text), err, response.Trailer)
	}

	// A client that leaves is heard of behind the proxy.
	response, err = client.Get("http://" + address + "/forever")
	if err != nil {
		t.Error(err)
		return
	}
	var begun [5]byte
	if _, err := io.ReadFull(response.Body, begun[:]); err != nil {
		t.Error(err)
	}
	_ = response.Body.Close()
	select {
	case <-left:
	case <-time.After(20 * time.Second):
		t.Error("the server has not heard that the client has left")
	}

	upgrade(t, address)
	curl(t, address)
}

func upgrade(t *testing.T, address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Error(response, err)
		return
	}
	_, _ = io.WriteString(c, "hello\n")
	if line, err := r.ReadString('\n'); line != "echo hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func curl(t *testing.T, address string) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Log("there is no curl")
		return
	}
	out, err := exec.Command("curl", "-sS", "--max-time", "20", "-d", "from curl", "http://"+address+"/echo").CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), " POST from curl 127.0.0.1") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestArguments(t *testing.T) {
	for _, arguments := range [][]string{nil, {"localhost"}, {"http://a", ":"}} {
		if servers, err := parse(arguments); err == nil {
			t.Error(arguments, servers)
		}
	}
}
