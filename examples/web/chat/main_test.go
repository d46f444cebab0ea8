//go:build unix && !aix

package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/websocket"
	"github.com/goaio/aio/aionet"
)

// start serves the chat until the test ends.
func start(t *testing.T) (address string) {
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- l.Addr().String()
			return serve(ctx, l)
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
	return <-listening
}

// Two pages in a real browser. AIO_SCREENSHOT names a file for a picture of one.
func TestTwoPages(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs Node: apt-get install nodejs npm")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs Chromium: apt-get install chromium")
	}
	if _, err := os.Stat("test/node_modules/playwright-core"); err != nil {
		t.Skip("needs playwright-core: npm ci in examples/web/chat/test")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, node, "test/two-pages.mjs", "http://"+start(t)+"/", browser, os.Getenv("AIO_SCREENSHOT")).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRooms(t *testing.T) {
	address, ctx := start(t), context.Background()
	if _, err := websocket.Dial(ctx, "ws://"+address+"/rooms/lobby", nil); err == nil || !strings.Contains(err.Error(), "400") {
		t.Error(err)
	}
	enter := func(name string) *websocket.Conn {
		c, err := websocket.Dial(ctx, "ws://"+address+"/rooms/lobby?name="+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.CloseNow)
		return c
	}
	expect := func(c *websocket.Conn, parts ...string) {
		t.Helper()
		_, got, err := c.Read(ctx)
		for _, part := range parts {
			if err != nil || !strings.Contains(string(got), part) {
				t.Fatalf("%s, %v; no %q", got, err, part)
			}
		}
	}
	ada := enter("Ada")
	expect(ada, `"came"`, `"Ada"`, `"here":1`)
	bob := enter("Bob%20%FF" + strings.Repeat("b", 100))
	expect(bob, `"came"`, `"Bob `+strings.Repeat("b", 20)+`"`, `"here":2`)
	expect(ada, `"came"`)
	_ = ada.Write(ctx, websocket.Text, []byte("   "))
	_ = ada.Write(ctx, websocket.Text, []byte(" hello "))
	expect(bob, `"said"`, `"Ada"`, `"text":"hello"`)
	_ = bob.Close(websocket.StatusNormalClosure, "")
	expect(ada, `"said"`)
	expect(ada, `"left"`, `"here":1`)
	_ = ada.Write(ctx, websocket.Text, make([]byte, 5<<10))
	if _, _, err := ada.Read(ctx); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Error(err)
	}
}
