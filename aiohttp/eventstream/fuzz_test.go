//go:build unix && !aix

package eventstream

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// heard is what a page's EventSource makes of a stream: WHATWG's HTML, section
// 9.2.6, word for word.
type heard struct {
	Messages []message
	ID       string
	Retry    string // in milliseconds

	line               []byte
	afterCR            bool
	data, kind, lastID string
}

type message struct{ Kind, Data, LastID string }

// feed takes the next bytes from the network.
func (h *heard) feed(p []byte) {
	for _, b := range p {
		afterCR := h.afterCR
		h.afterCR = b == '\r'
		switch {
		case b == '\n' && afterCR: // the second half of a line end
		case b == '\n' || b == '\r':
			h.process(string(h.line))
			h.line = h.line[:0]
		default:
			h.line = append(h.line, b)
		}
	}
}

func (h *heard) process(line string) {
	if line == "" {
		h.dispatch()
		return
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		h.kind = value
	case "data":
		h.data += value + "\n"
	case "id":
		if !strings.Contains(value, "\x00") {
			h.lastID = value
		}
	case "retry":
		if strings.Trim(value, "0123456789") == "" {
			h.Retry = value
		}
	}
}

func (h *heard) dispatch() {
	h.ID = h.lastID
	if h.data != "" {
		kind := "message"
		if h.kind != "" {
			kind = h.kind
		}
		h.Messages = append(h.Messages, message{kind, strings.TrimSuffix(h.data, "\n"), h.ID})
	}
	h.data, h.kind = "", ""
}

// told is what the page is to hear of an event.
func (h *heard) told(e Event) {
	if e.ID != "" {
		h.ID = e.ID
	}
	if e.Retry > 0 {
		h.Retry = strconv.FormatInt(e.Retry.Milliseconds(), 10)
	}
	if e.Data == "" && e.Name == "" {
		return
	}
	kind := "message"
	if e.Name != "" {
		kind = e.Name
	}
	data := strings.ReplaceAll(strings.ReplaceAll(e.Data, "\r\n", "\n"), "\r", "\n")
	h.Messages = append(h.Messages, message{kind, data, h.ID})
}

// FuzzStream sends events and comments of any text, in any order, to a page that
// gets the bytes in random pieces: it hears these events and nothing else.
func FuzzStream(f *testing.F) {
	f.Add("", "7", "price", "two\nlines", "hello", int64(1500), uint64(1))
	f.Add("7", "", "", "a\r\nb\rc\n", "data: x\n\ndata: y", int64(-1), uint64(2))
	f.Add(" ", "\n", "\r", " :space", "\r\n", int64(0), uint64(3))
	f.Add("a\x00", "\xef\xbb\xbf", "id: 1", ":", ": ", int64(1), uint64(4))
	f.Fuzz(func(t *testing.T, id1, id2, name, data, comment string, retry int64, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		w := httptest.NewRecorder()
		s, err := Open(w, httptest.NewRequest("GET", "/", nil))
		if err != nil {
			t.Fatal(err)
		}
		var want heard
		for range 1 + random.IntN(6) {
			if random.IntN(4) == 0 {
				if err := s.Comment(context.Background(), comment); err != nil {
					t.Fatal(err)
				}
				continue
			}
			pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
			e := Event{ID: pick("", id1, id2), Name: pick("", name), Data: pick("", data, comment), Retry: time.Duration(retry)}
			if s.Send(context.Background(), e) == nil {
				want.told(e)
			} else if !strings.ContainsAny(e.ID+e.Name, "\r\n\x00") {
				t.Fatalf("%+v cannot be sent", e)
			}
		}
		var got heard
		for text := w.Body.Bytes(); len(text) > 0; {
			n := 1 + random.IntN(len(text))
			got.feed(text[:n])
			text = text[n:]
		}
		if !slices.Equal(got.Messages, want.Messages) || got.ID != want.ID || got.Retry != want.Retry || len(got.line) > 0 || got.data != "" {
			t.Errorf("%q is heard as %+v, want %+v", w.Body, got, want)
		}
	})
}
