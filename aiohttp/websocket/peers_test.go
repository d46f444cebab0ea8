//go:build unix && !aix

package websocket

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// Real peers: npm's ws and Python's websockets, as clients and as servers.

type realPeer struct {
	name string
	try  []string // fails if it is not installed
	get  string   // how to get it
	run  []string
}

var realPeers = []realPeer{
	{"ws", []string{"node", "-e", "require('./testdata/peers/node_modules/ws')"}, "npm ci in aiohttp/websocket/testdata/peers",
		[]string{"node", "testdata/peers/peer.mjs"}},
	{"websockets", []string{"/usr/bin/python3", "-c", "import websockets"}, "apt-get install python3-websockets",
		[]string{"/usr/bin/python3", "-W", "ignore", "testdata/peers/peer.py"}},
}

func (p realPeer) need(t *testing.T) {
	t.Helper()
	if out, err := exec.Command(p.try[0], p.try[1:]...).CombinedOutput(); err != nil {
		t.Skipf("%s is not here: %s (%v %.200s)", p.name, p.get, err, out)
	}
}

func (p realPeer) command(ctx context.Context, arguments ...string) *exec.Cmd {
	arguments = append(p.run[1:len(p.run):len(p.run)], arguments...)
	return exec.CommandContext(ctx, p.run[0], arguments...)
}

func TestRealClients(t *testing.T) {
	for _, p := range realPeers {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			for _, compression := range []bool{false, true} {
				options := &AcceptOptions{Options: Options{
					Subprotocols: []string{"echo"}, Compression: compression, CompressionThreshold: 1, MaxMessage: 16 << 20}}
				for _, f := range append(forms, copied) {
					address := subjects[2].serve(t, f.echo(t, options))
					ctx, cancel := context.WithTimeout(background, 30*time.Second)
					defer cancel()
					out, err := p.command(ctx, "client", "ws://"+address).CombinedOutput()
					if want := map[bool]string{false: "compressed: false", true: "compressed: true"}[compression]; err != nil || strings.TrimSpace(string(out)) != want {
						t.Errorf("%s: %v\n%s", f.name, err, out)
					}
				}
			}
		})
	}
}

func TestRealServers(t *testing.T) {
	for _, p := range realPeers {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			ctx, cancel := context.WithCancel(background)
			server := p.command(ctx, "server")
			out, err := server.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			defer server.Wait()
			defer cancel()
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			address := strings.TrimSpace(line)
			for _, compression := range []bool{false, true} {
				inBoth(t, func(t *testing.T, ctx context.Context) {
					c := dial(t, ctx, address, &DialOptions{Options: Options{Compression: compression, CompressionThreshold: 1, MaxMessage: 8 << 20}})
					if c.extended != compression {
						t.Errorf("compression: %v", c.extended)
					}
					for _, size := range []int{0, 1, 125, 126, 65535, 65536, 500000} {
						sent := strings.Repeat("κ", size)
						if err := c.Write(ctx, Text, []byte(sent)); err != nil {
							t.Fatal(err)
						}
						if kind, got, err := c.Read(ctx); kind != Text || string(got) != sent || err != nil {
							t.Fatalf("%d: %v, %d bytes, %v", size, kind, len(got), err)
						}
					}
					for _, size := range []int{0, 1, maxFragment, maxFragment + 1, 500000} {
						sent := strings.Repeat("κ", size)
						writing := aio.Go(ctx, func(ctx context.Context) error { return writePieces(ctx, c, Text, sent, 10001) })
						if kind, got, err := readPieces(ctx, c, 1000); kind != Text || got != sent || err != nil {
							t.Fatalf("%d in pieces: %v, %d bytes, %v", size, kind, len(got), err)
						}
						if _, err := writing.Await(ctx); err != nil {
							t.Fatal(err)
						}
					}
					if err := c.Write(ctx, Text, []byte("ping me")); err != nil {
						t.Fatal(err)
					}
					if _, got, err := c.Read(ctx); string(got) != "ping me" || err != nil {
						t.Errorf("%q, %v", got, err)
					}
					if err := c.Close(4000, "bye"); err != nil {
						t.Error(err)
					}
					if end := c.ended(); end.Code != 4000 || !end.Local {
						t.Error(end)
					}
				})
			}
		})
	}
}
