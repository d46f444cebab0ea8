//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

var hello = []byte("Hello, World!")

type greeting struct {
	Message string `json:"message"`
	Numbers []int  `json:"numbers"`
}

// httpHandlers are what net/http and aiohttp serve.
var httpHandlers = map[string]http.HandlerFunc{
	"plaintext": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write(hello)
	},
	"json": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(greeting{string(hello), []int{1, 2, 3}})
	},
	"post": func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, n)
	},
}

// eachHandler makes a server of each.
// The plain text is served over TLS too, if the server is told a certificate.
func eachHandler(server func(http.Handler) netServer) map[string]netServer {
	servers := map[string]netServer{}
	for name, h := range httpHandlers {
		servers[name] = server(h)
	}
	servers["https"] = servers["plaintext"]
	return servers
}

func aioHTTP(mark func(http.Handler) http.Handler) func(http.Handler) netServer {
	return func(h http.Handler) netServer {
		return func(o serveOptions, ready func(net.Addr)) error {
			return aio.Run(context.Background(), func(ctx context.Context) error {
				l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				ready(l.Addr())
				server := &aiohttp.Server{Handler: mark(h)}
				if o.certificate.Certificate != nil {
					server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{o.certificate}}
					return server.ServeTLS(ctx, l, "", "")
				}
				return server.Serve(ctx, l)
			}, aio.NoInterrupt())
		}
	}
}

func unmarked(h http.Handler) http.Handler { return h }

func netHTTP(h http.Handler) netServer {
	return func(o serveOptions, ready func(net.Addr)) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		ready(l.Addr())
		if o.certificate.Certificate != nil {
			config := &tls.Config{Certificates: []tls.Certificate{o.certificate}}
			return (&http.Server{Handler: h, TLSConfig: config}).ServeTLS(l, "", "")
		}
		return http.Serve(l, h)
	}
}

// fastHTTP are the same as handlers of fasthttp's own kind.
func fastHTTP() map[string]netServer {
	server := func(h fasthttp.RequestHandler) netServer {
		return func(o serveOptions, ready func(net.Addr)) error {
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				return err
			}
			ready(l.Addr())
			if o.certificate.Certificate != nil {
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{o.certificate}})
			}
			return fasthttp.Serve(l, h)
		}
	}
	servers := map[string]netServer{
		"plaintext": server(func(c *fasthttp.RequestCtx) {
			c.SetContentType("text/plain")
			c.Write(hello)
		}),
		"json": server(func(c *fasthttp.RequestCtx) {
			c.SetContentType("application/json")
			json.NewEncoder(c).Encode(greeting{string(hello), []int{1, 2, 3}})
		}),
		"post": server(func(c *fasthttp.RequestCtx) {
			c.SetContentType("text/plain")
			fmt.Fprint(c, len(c.PostBody()))
		}),
	}
	servers["https"] = servers["plaintext"]
	return servers
}

// with adds the servers of one kind to those of another.
func with(some, more map[string]netServer) map[string]netServer {
	for name, server := range more {
		some[name] = server
	}
	return some
}
