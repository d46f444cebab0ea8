//go:build unix && !aix

package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aiohttp/websocket"
	"github.com/goaio/aio/aionet"
)

// serve runs a server for as long as client does.
func serve(h http.Handler, client func(ctx context.Context, url string) error) {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &aiohttp.Server{Handler: h}
		aio.Go(ctx, func(ctx context.Context) error {
			if err := server.Serve(ctx, l); !errors.Is(err, aiohttp.ErrServerClosed) {
				return err
			}
			return nil
		})
		if err := client(ctx, "ws://"+l.Addr().String()); err != nil {
			return err
		}
		return server.Shutdown(ctx)
	})
	if err != nil {
		fmt.Println(err)
	}
}

// The straight-line form: the handler reads and writes.
func ExampleAccept() {
	shout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // the client has its answer
		}
		defer c.Close(websocket.StatusNormalClosure, "")
		for message, err := range c.Messages(r.Context()) {
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), message.Type, append(message.Data, '!')); err != nil {
				return
			}
		}
	})
	serve(aiohttp.OnLoop(shout), func(ctx context.Context, url string) error {
		c, err := websocket.Dial(ctx, url, nil)
		if err != nil {
			return err
		}
		defer c.Close(websocket.StatusNormalClosure, "")
		if err := c.Write(ctx, websocket.Text, []byte("hello")); err != nil {
			return err
		}
		_, answer, err := c.Read(ctx)
		fmt.Println(string(answer))
		return err
	})
	// Output: hello!
}

// A message that is larger than memory goes in pieces, and comes in pieces.
func ExampleConn_NextWriter() {
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Options: websocket.Options{MaxMessage: -1}})
		if err != nil {
			return
		}
		defer c.Close(websocket.StatusNormalClosure, "")
		_, message, err := c.NextReader(r.Context())
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, message)
		if err != nil {
			return
		}
		c.Write(r.Context(), websocket.Text, fmt.Append(nil, n, " bytes"))
	})
	serve(aiohttp.OnLoop(count), func(ctx context.Context, url string) error {
		c, err := websocket.Dial(ctx, url, nil)
		if err != nil {
			return err
		}
		defer c.Close(websocket.StatusNormalClosure, "")
		message, err := c.NextWriter(ctx, websocket.Text)
		if err != nil {
			return err
		}
		for i := range 10_000 {
			if _, err := fmt.Fprintln(message, "line", i); err != nil {
				return err
			}
		}
		if err := message.Close(); err != nil {
			return err
		}
		_, answer, err := c.Read(ctx)
		fmt.Println(string(answer))
		return err
	})
	// Output: 98890 bytes
}

// room is what all members share. They are on one loop, so it needs no lock.
type room map[*websocket.Conn]struct{}

func (r room) Message(ctx context.Context, c *websocket.Conn, t websocket.MessageType, data []byte) error {
	return websocket.Broadcast(maps.Keys(r), t, data)
}

func (r room) Closed(c *websocket.Conn, end *websocket.CloseError) { delete(r, c) }

// The event form: the handler returns, and an idle connection costs only memory.
func ExampleConn_Handle() {
	members := room{}
	join := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		members[c] = struct{}{}
		c.Handle(members)
	})
	serve(aiohttp.OnLoop(join), func(ctx context.Context, url string) error {
		alice, err := websocket.Dial(ctx, url, nil)
		if err != nil {
			return err
		}
		defer alice.CloseNow()
		bob, err := websocket.Dial(ctx, url, nil)
		if err != nil {
			return err
		}
		defer bob.CloseNow()
		if err := alice.Write(ctx, websocket.Text, []byte("hello, room")); err != nil {
			return err
		}
		_, heard, err := bob.Read(ctx)
		fmt.Println("bob hears:", string(heard))
		return err
	})
	// Output: bob hears: hello, room
}

// A client that notices within a minute that its server is gone, although it has
// nothing to say itself.
func ExampleDial() {
	clock := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		_ = c.Write(r.Context(), websocket.Text, []byte("noon"))
		_ = c.Close(websocket.StatusGoingAway, "the clock stops")
	})
	serve(aiohttp.OnLoop(clock), func(ctx context.Context, url string) error {
		c, err := websocket.Dial(ctx, url, &websocket.DialOptions{
			Options:          websocket.Options{Heartbeat: 30 * time.Second, Compression: true},
			Header:           http.Header{"Authorization": {"Bearer secret"}},
			HandshakeTimeout: 5 * time.Second,
		})
		if err != nil {
			return err
		}
		defer c.CloseNow()
		for {
			_, data, err := c.Read(ctx)
			if websocket.CloseStatus(err) == websocket.StatusGoingAway {
				fmt.Println(err)
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Println("it is", string(data))
		}
	})
	// Output:
	// it is noon
	// websocket: the peer has closed with code 1001: the clock stops
}
