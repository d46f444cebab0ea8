//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// websocketCases are those of the http suite after an upgrade.
func websocketCases() []netCase {
	return []netCase{
		{
			Case:   Case{Name: "idle_ws", Unit: "B", What: "memory of an idle WebSocket among 18,000, after one message", Needs: needsTwoCores},
			serves: "ws", loops: 1, run: runIdleWebSocket,
		},
		{
			Case:   Case{Name: "room_1000", Unit: "µs", What: "server CPU of a message for one member of a room of 1,000, each of whom says one a second", Needs: needsTwoCores},
			serves: "room", loops: 1, run: runRoom,
		},
	}
}

// said is what a member says: 40 bytes.
const said = "member 000 of the room says its sentence"

// webSocketFrame is a client's frame, masked.
func webSocketFrame(text string) []byte {
	mask := [4]byte{1, 2, 3, 4}
	frame := append([]byte{0x81, 0x80 | byte(len(text))}, mask[:]...)
	for i := range len(text) {
		frame = append(frame, text[i]^mask[i%4])
	}
	return frame
}

// sentSize is the size of that frame as the server sends it.
const sentSize = 2 + len(said)

func dialWebSocket(address string, number int) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+number/connectionsPerSource))}}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err == nil {
		var answer *http.Response
		if answer, err = http.ReadResponse(bufio.NewReaderSize(c, 4096), nil); err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
			err = errors.New("websocket handshake: " + answer.Status)
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func runIdleWebSocket(ctx context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	return idle(ctx, s, server, func(n, first int) (io.Closer, error) {
		var opened connections
		echo := make([]byte, sentSize)
		for i := range n {
			c, err := dialWebSocket(server.Address.String(), first+i)
			if err == nil {
				opened = append(opened, c)
				if _, err = c.Write(webSocketFrame(said)); err == nil {
					_, err = io.ReadFull(c, echo)
				}
			}
			if err != nil {
				return nil, errors.Join(err, opened.Close())
			}
		}
		return opened, nil
	})
}

// members of the room.
const members = 1000

// runRoom has each member say something once a second and counts what arrives. A
// server that cannot send so much drops or delays it: the value is the CPU for
// what it did send.
func runRoom(ctx context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	var room connections
	for i := range members {
		c, err := dialWebSocket(server.Address.String(), i)
		if err != nil {
			return Sample{}, errors.Join(err, room.Close())
		}
		room = append(room, c)
	}
	var received, sent atomic.Int64
	var delay delays
	var work sync.WaitGroup
	ctx, stop := context.WithCancel(ctx)
	defer work.Wait()
	defer room.Close()
	defer stop()
	for i, c := range room {
		work.Go(func() { speak(ctx, c, i, &sent) })
		work.Go(func() { listen(c, &received, &delay, i == 0) })
	}
	time.Sleep(2 * time.Second) // until all have begun
	before, err := server.cpu()
	if err != nil {
		return Sample{}, err
	}
	start, from, fromSent := time.Now(), received.Load(), sent.Load()
	delay.reset()
	time.Sleep(max(s.window(), 3*time.Second))
	after, err := server.cpu()
	if err != nil {
		return Sample{}, err
	}
	took := time.Since(start).Seconds()
	messages := float64(received.Load()-from) / float64(sentSize)
	if messages == 0 {
		return Sample{}, errors.New("the room is silent")
	}
	spent := after - before
	return Sample{
		Value: float64(spent.Nanoseconds()) / 1000 / messages,
		Note: fmt.Sprintf("%s messages/s arrive of %s that should, with %.0f %% of a core; the longest delay is %v", formatValue(messages/took),
			formatValue(float64(sent.Load()-fromSent)/took*members), 100*spent.Seconds()/took, delay.longest().Round(time.Millisecond)),
	}, nil
}

// speak says the time once a second, at a time of its own.
func speak(ctx context.Context, c net.Conn, number int, sent *atomic.Int64) {
	select {
	case <-time.After(time.Duration(number) * time.Second / members):
	case <-ctx.Done():
		return
	}
	every := time.NewTicker(time.Second)
	defer every.Stop()
	text := []byte(said)
	for {
		// The time in letters, for a text must be UTF-8.
		for i := range 8 {
			text[i] = 'a' + byte(uint64(time.Now().UnixMilli())>>(4*i)&15)
		}
		if _, err := c.Write(webSocketFrame(string(text))); err != nil {
			return
		}
		sent.Add(1)
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// listen counts the bytes that arrive; one member looks at the times too.
func listen(c net.Conn, received *atomic.Int64, delay *delays, looks bool) {
	buffer := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := c.Read(buffer[kept:])
		if err != nil {
			return
		}
		received.Add(int64(n))
		if !looks {
			continue
		}
		n += kept
		at := 0
		for ; n-at >= sentSize; at += sentSize {
			var then uint64
			for i := range 8 {
				then |= uint64(buffer[at+2+i]-'a') << (4 * i)
			}
			delay.add(time.Duration(uint32(uint64(time.Now().UnixMilli())-then)) * time.Millisecond)
		}
		kept = copy(buffer, buffer[at:n])
	}
}

// delays are those of one member.
type delays struct{ most atomic.Int64 }

func (d *delays) reset()                 { d.most.Store(0) }
func (d *delays) longest() time.Duration { return time.Duration(d.most.Load()) }

func (d *delays) add(one time.Duration) {
	if int64(one) > d.most.Load() {
		d.most.Store(int64(one))
	}
}
