//go:build linux

package main

import (
	"context"
	"maps"
	"net/http"
	"sync"

	coder "github.com/coder/websocket"

	"github.com/goaio/aio/aiohttp/websocket"
)

// aioWebSocket are WebSocket handlers of ours, in the event form.
func aioWebSocket(server func(http.Handler) netServer) map[string]netServer {
	accept := func(join func(c *websocket.Conn) websocket.Handler) netServer {
		return server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err == nil {
				err = c.Handle(join(c))
			}
			if err != nil {
				panic(err)
			}
		}))
	}
	room := aioRoom{}
	return map[string]netServer{
		"ws": accept(func(*websocket.Conn) websocket.Handler { return aioWebSocketEcho{} }),
		"room": accept(func(c *websocket.Conn) websocket.Handler {
			room[c] = struct{}{}
			return room
		}),
	}
}

type aioWebSocketEcho struct{}

func (aioWebSocketEcho) Message(ctx context.Context, c *websocket.Conn, t websocket.MessageType, data []byte) error {
	return c.Write(ctx, t, data)
}
func (aioWebSocketEcho) Closed(*websocket.Conn, *websocket.CloseError) {}

// aioRoom is on one loop, so it needs no lock.
type aioRoom map[*websocket.Conn]struct{}

func (r aioRoom) Message(_ context.Context, _ *websocket.Conn, t websocket.MessageType, data []byte) error {
	return websocket.Broadcast(maps.Keys(r), t, data)
}
func (r aioRoom) Closed(c *websocket.Conn, _ *websocket.CloseError) { delete(r, c) }

// coderWebSocket are those of github.com/coder/websocket on net/http, laid out as
// in its chat example, a queue for each member and a goroutine that sends from it,
// but that who speaks waits for who is slow.
func coderWebSocket() map[string]netServer {
	var mu sync.Mutex
	room := map[chan []byte]struct{}{}
	return map[string]netServer{
		"ws": netHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := coder.Accept(w, r, nil)
			if err != nil {
				panic(err)
			}
			defer c.CloseNow()
			for {
				t, data, err := c.Read(r.Context())
				if err != nil || c.Write(r.Context(), t, data) != nil {
					return
				}
			}
		})),
		"room": netHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := coder.Accept(w, r, nil)
			if err != nil {
				panic(err)
			}
			defer c.CloseNow()
			queue := make(chan []byte, 256)
			mu.Lock()
			room[queue] = struct{}{}
			mu.Unlock()
			defer func() {
				mu.Lock()
				delete(room, queue)
				mu.Unlock()
			}()
			go func() {
				for {
					select {
					case data := <-queue:
						if c.Write(r.Context(), coder.MessageText, data) != nil {
							return
						}
					case <-r.Context().Done():
						return
					}
				}
			}()
			for {
				_, data, err := c.Read(r.Context())
				if err != nil {
					return
				}
				mu.Lock()
				for member := range room {
					member <- data // all of them: what is dropped would cost, and count for nothing
				}
				mu.Unlock()
			}
		})),
	}
}
