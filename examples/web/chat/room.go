//go:build unix && !aix

package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goaio/aio/aiohttp/websocket"
)

const (
	maxName    = 24  // characters
	maxText    = 500 // characters
	maxHistory = 50  // lines that who comes later sees
)

// rooms are those that somebody is in, by name.
type rooms map[string]*room

// room has its members, with their names, and what was said.
type room struct {
	rooms   rooms
	name    string
	members map[*websocket.Conn]string
	history []line
}

// line is what the page shows as one.
type line struct {
	Kind string `json:"kind"` // said, came or left
	Name string `json:"name"`
	Text string `json:"text,omitempty"`
	Time string `json:"time"`
	Here int    `json:"here"` // members
}

// join answers /rooms/{room}?name=….
func (r rooms) join(w http.ResponseWriter, request *http.Request) {
	name, where := clean(request.FormValue("name"), maxName), clean(request.PathValue("room"), maxName)
	if name == "" || where == "" {
		http.Error(w, "a room and a name are needed", http.StatusBadRequest)
		return
	}
	c, err := websocket.Accept(w, request, &websocket.AcceptOptions{Options: websocket.Options{
		MaxMessage: 4 << 10,
		MaxQueued:  256 << 10,
		Heartbeat:  30 * time.Second,
	}})
	if err != nil {
		return // the client has its answer
	}
	there := r[where]
	if there == nil {
		there = &room{rooms: r, name: where, members: map[*websocket.Conn]string{}}
		r[where] = there
	}
	for _, said := range there.history {
		there.show(c, said)
	}
	there.members[c] = name
	there.tell(line{Kind: "came", Name: name})
	c.Handle(there)
}

// Message is called with what a member says.
func (r *room) Message(_ context.Context, c *websocket.Conn, _ websocket.MessageType, data []byte) error {
	if text := clean(string(data), maxText); text != "" {
		r.tell(line{Kind: "said", Name: r.members[c], Text: text})
	}
	return nil
}

// Closed is called when a member has left.
func (r *room) Closed(c *websocket.Conn, _ *websocket.CloseError) {
	name := r.members[c]
	delete(r.members, c)
	if len(r.members) == 0 {
		delete(r.rooms, r.name)
		return
	}
	r.tell(line{Kind: "left", Name: name})
}

// tell shows a line to everybody.
func (r *room) tell(l line) {
	l.Time, l.Here = time.Now().Format("15:04"), len(r.members)
	if l.Kind == "said" {
		r.history = append(r.history, l)
		if len(r.history) > maxHistory {
			r.history = r.history[1:]
		}
	}
	_ = websocket.Broadcast(maps.Keys(r.members), websocket.Text, encode(l))
}

// show shows a line to one, who hears of its end elsewhere.
func (r *room) show(c *websocket.Conn, l line) { _ = c.WriteNoWait(websocket.Text, encode(l)) }

func encode(l line) []byte {
	data, _ := json.Marshal(l) // which strings and numbers do not fail
	return data
}

// clean bounds what comes from outside. What is no UTF-8 does not get here as a
// message, but does in a URL.
func clean(s string, most int) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	for utf8.RuneCountInString(s) > most {
		_, last := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-last]
	}
	return s
}
