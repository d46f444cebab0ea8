// Package eventstream is the server's side of server-sent events: an answer that
// does not end, in which a page's EventSource finds one event after the other. It
// works in handlers of package aiohttp and of every net/http server.
//
//	func ticks(w http.ResponseWriter, r *http.Request) {
//		s, err := eventstream.Open(w, r)
//		if err != nil {
//			return // the client has its answer
//		}
//		for n := 0; ; n++ {
//			if s.Send(r.Context(), eventstream.Event{Data: strconv.Itoa(n)}) != nil {
//				return
//			}
//			if aio.Sleep(r.Context(), time.Second) != nil {
//				return // the client has left
//			}
//		}
//	}
//
// The request's context ends as soon as the client has left. With aiohttp.OnLoop
// a waiting handler costs a coroutine, else a goroutine.
package eventstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/goaio/aio"
)

// Event is one event. Without Data it changes the client's ID or retry, and the
// page hears nothing.
type Event struct {
	ID    string        // what a client that reconnects sends as its last one; "" leaves it
	Name  string        // the event's type; "message" if it is empty
	Data  string        // of any number of lines
	Retry time.Duration // after which the client reconnects, in whole milliseconds; 0 leaves it
}

// Stream is an answer of events. Its methods are safe from any goroutine until the
// handler has returned.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    string
	turn    aio.Mutex
	text    []byte // under turn
	failed  error  // under turn
}

// Open begins the answer. It fails, and answers with status 500, if the server
// cannot send an answer piece by piece. A write deadline of the server is removed.
func Open(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	s := &Stream{w: w, control: http.NewResponseController(w), last: r.Header.Get("Last-Event-ID")}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no") // for nginx, which would wait for more
	_ = s.control.SetWriteDeadline(time.Time{})
	if err := s.control.Flush(); err != nil {
		if errors.Is(err, http.ErrNotSupported) {
			err = errors.New("eventstream: this ResponseWriter cannot be flushed; does a middleware hide it?")
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return nil, err
	}
	return s, nil
}

// LastEventID returns the ID of the last event that the client has, if it was
// connected before: send what came after it.
func (s *Stream) LastEventID() string { return s.last }

// Send sends an event at once, and waits until the system has taken it. An error
// says that the event cannot be sent to anybody, or that the client has left, or
// that ctx was cancelled, which after a part was sent ends the stream.
func (s *Stream) Send(ctx context.Context, e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	return s.write(ctx, e.append)
}

// Comment sends what the client passes over: it keeps proxies from closing a
// stream that is silent. It may have several lines.
func (s *Stream) Comment(ctx context.Context, text string) error {
	return s.write(ctx, func(to []byte) []byte { return append(appendLines(to, "", text), '\n') })
}

// Follow sends the events that next returns, until next or a Send fails, and
// returns that error. When next takes longer than silence it is cancelled, a
// comment is sent, and it is called again: it must lose nothing by that, which
// the queues and channels of package aio do not. With a silence of 0 or less none is
// sent; WHATWG's HTML advises one every 15 seconds or so.
func (s *Stream) Follow(ctx context.Context, silence time.Duration, next func(ctx context.Context) (Event, error)) error {
	for {
		var e Event
		silent := false // an error of next may be a timeout of its own
		wait := func(ctx context.Context) (err error) {
			e, err = next(ctx)
			silent = err != nil && ctx.Err() != nil
			return err
		}
		var err error
		if silence > 0 {
			err = aio.Timeout(ctx, silence, wait)
		} else {
			err = wait(ctx)
		}
		switch {
		case err == nil:
			err = s.Send(ctx, e)
		case silent && ctx.Err() == nil:
			err = s.Comment(ctx, "")
		}
		if err != nil {
			return err
		}
	}
}

func (s *Stream) write(ctx context.Context, text func(to []byte) []byte) error {
	if err := s.turn.Lock(ctx); err != nil {
		return err
	}
	defer s.turn.Unlock()
	if s.failed == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.failed == nil {
		s.text = text(s.text[:0])
		if _, s.failed = s.w.Write(s.text); s.failed == nil {
			s.failed = s.control.Flush()
		}
	}
	return s.failed
}

func (e *Event) check() error {
	switch {
	case strings.ContainsAny(e.ID, "\r\n\x00"):
		return fmt.Errorf("eventstream: the ID %q has a line end or a zero byte", e.ID)
	case strings.ContainsAny(e.Name, "\r\n"):
		return fmt.Errorf("eventstream: the name %q has a line end", e.Name)
	}
	return nil
}

func (e *Event) append(to []byte) []byte {
	if e.ID != "" {
		to = append(append(append(to, "id: "...), e.ID...), '\n')
	}
	if e.Name != "" {
		to = append(append(append(to, "event: "...), e.Name...), '\n')
	}
	if e.Retry > 0 {
		to = append(strconv.AppendInt(append(to, "retry: "...), e.Retry.Milliseconds(), 10), '\n')
	}
	if e.Data != "" || e.Name != "" {
		to = appendLines(to, "data", e.Data)
	}
	return append(to, '\n')
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// appendLines appends a field for each line: clients take any of the three line
// ends for one.
func appendLines(to []byte, field, text string) []byte {
	for line := range strings.SplitSeq(lineEnds.Replace(text), "\n") {
		to = append(append(append(append(to, field...), ": "...), line...), '\n')
	}
	return to
}
