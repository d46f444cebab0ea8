//go:build unix && !aix

// Command chat is a chat room for telnet. The rooms are plain maps: all
// connections are on one loop, so no lock guards them.
//
//	go run ./examples/chat
//	telnet 127.0.0.1 7001
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// house has the rooms by name.
type house struct{ rooms map[string]map[*guest]bool }

// guest is a person's connection. What they say first is their name.
type guest struct {
	aionet.BaseProtocol
	house     *house
	transport *aionet.Transport
	name      string
	room      string
	typed     []byte // a line that is not whole
}

const (
	lobby   = "lobby"
	maxLine = 1000
)

func (g *guest) ConnectionMade(t *aionet.Transport) {
	g.transport = t
	g.tell("Who are you?")
}

func (g *guest) ConnectionLost(error) {
	if g.name != "" {
		g.leave()
	}
}

func (g *guest) DataReceived(data []byte) {
	g.typed = append(g.typed, data...)
	for {
		line, rest, whole := bytes.Cut(g.typed, []byte("\n"))
		if len(line) > maxLine {
			g.tell("That is too long.")
			_ = g.transport.Close()
			return
		}
		if !whole {
			return
		}
		g.typed = rest
		g.hear(strings.TrimSpace(string(line)))
	}
}

// A guest who does not read what the others say is shown out, for their
// messages would have to be kept.
func (g *guest) PauseWriting() { g.transport.Abort() }

// hear does what the guest has typed.
func (g *guest) hear(line string) {
	command, argument, _ := strings.Cut(line, " ")
	switch {
	case g.transport.IsClosing() || line == "":
	case g.name == "":
		g.name = line
		g.enter(lobby)
	case command == "/join" && argument != "":
		g.leave()
		g.enter(argument)
	case command == "/who":
		for other := range g.house.rooms[g.room] {
			g.tell("* " + other.name)
		}
	case command == "/quit":
		g.tell("Goodbye.")
		_ = g.transport.Close()
	default:
		g.say(g.name + ": " + line)
	}
}

func (g *guest) enter(room string) {
	g.room = room
	if g.house.rooms[room] == nil {
		g.house.rooms[room] = map[*guest]bool{}
	}
	g.house.rooms[room][g] = true
	g.say(fmt.Sprintf("* %s has entered %s", g.name, room))
}

func (g *guest) leave() {
	members := g.house.rooms[g.room]
	delete(members, g)
	if len(members) == 0 {
		delete(g.house.rooms, g.room)
	}
	g.say(fmt.Sprintf("* %s has left %s", g.name, g.room))
}

// say tells everybody in the room.
func (g *guest) say(text string) {
	for other := range g.house.rooms[g.room] {
		other.tell(text)
	}
}

func (g *guest) tell(text string) { _, _ = g.transport.Write([]byte(text + "\r\n")) }

func serve(ctx context.Context, l *aionet.Listener) error {
	h := &house{rooms: map[string]map[*guest]bool{}}
	return aionet.Serve(ctx, l, aionet.Callbacks(func() aionet.Protocol { return &guest{house: h} }))
}

func main() {
	address := flag.String("address", "127.0.0.1:7001", "where to listen")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Println("listening on", l.Addr())
		return serve(ctx, l)
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
