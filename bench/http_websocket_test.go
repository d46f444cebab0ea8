//go:build linux

package main

import (
	"context"
	"io"
	"testing"
	"time"
)

// Each subject that has the WebSocket cases does what they measure.
func TestWebSocketServers(t *testing.T) {
	for _, c := range websocketCases() {
		for _, peer := range httpPeers() {
			if !peer.has(c) {
				continue
			}
			t.Run(c.Name+", "+peer.name, func(t *testing.T) {
				if _, err := peer.find(t.Context()); err != nil {
					t.Skip(err)
				}
				command, err := peer.command(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				server, err := startServer(context.WithoutCancel(t.Context()), false, command...)
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := server.stop(); err != nil {
						t.Error(err)
					}
				}()
				hearers := 1 // of an echo
				if c.serves == "room" {
					hearers = 3
				}
				var room connections
				defer func() { room.Close() }()
				for i := range hearers {
					one, err := dialWebSocket(server.Address.String(), i)
					if err != nil {
						t.Fatal(err)
					}
					_ = one.SetDeadline(time.Now().Add(10 * time.Second))
					room = append(room, one)
				}
				// A member may be let in after its handshake: the last hears itself.
				last := room[len(room)-1]
				for range 2 {
					if _, err := last.Write(webSocketFrame(said)); err != nil {
						t.Fatal(err)
					}
					got := make([]byte, sentSize)
					if _, err := io.ReadFull(last, got); err != nil || string(got[2:]) != said {
						t.Fatalf("%q, %v", got, err)
					}
				}
				for _, one := range room[:len(room)-1] {
					got := make([]byte, sentSize)
					if _, err := io.ReadFull(one, got); err != nil || string(got[2:]) != said {
						t.Fatalf("%q, %v", got, err)
					}
				}
			})
		}
	}
}
