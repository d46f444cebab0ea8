//go:build unix && !aix

package websocket

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/aiohttptest"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// closedAt is an event form that notes how the connection ends.
type closedAt func(end *CloseError)

func (closedAt) Message(context.Context, *Conn, MessageType, []byte) error { return nil }
func (f closedAt) Closed(_ *Conn, end *CloseError)                         { f(end) }

// Heartbeats are on the loop's clock: a peer that answers is kept for a day, one
// that does not is dropped after two intervals, in both forms.
func TestHeartbeatUnderVirtualTime(t *testing.T) {
	for _, answers := range []bool{true, false} {
		for _, events := range []bool{true, false} {
			aiotest.Run(t, func(ctx context.Context) {
				var end *CloseError
				var ended, start time.Time
				note := func(e *CloseError) { end, ended = e, loop.Current().Now() }
				s := aiohttptest.NewServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					start = loop.Of(r.Context()).Now()
					c, err := Accept(w, r, &AcceptOptions{Options: Options{Heartbeat: 30 * time.Second}})
					if err != nil {
						t.Error(err)
						return
					}
					if events {
						_ = c.Handle(closedAt(note))
						return
					}
					_, _, err = c.Read(r.Context())
					var closed *CloseError
					if !errors.As(err, &closed) {
						t.Error(err)
					}
					note(closed)
				}))
				c, err := Dial(ctx, s.URL, &DialOptions{Client: s.Client()})
				if err != nil {
					t.Fatal(err)
				}
				day := aio.Go(ctx, func(ctx context.Context) error { return aio.Sleep(ctx, 24*time.Hour) })
				if answers {
					reading := aio.Go(ctx, func(ctx context.Context) error {
						_, _, err := c.Read(ctx)
						return err
					})
					if _, err := day.Await(ctx); err != nil || end != nil {
						t.Errorf("events %v: after a day %v, %v", events, end, err)
					}
					_ = c.Close(StatusNormalClosure, "")
					if _, err := reading.Await(ctx); CloseStatus(err) != StatusNormalClosure {
						t.Error(err)
					}
				} else {
					if _, err := day.Await(ctx); err != nil {
						t.Error(err)
					}
					if end == nil || !errors.Is(end, errNoPong) || ended.Sub(start) != time.Minute {
						t.Errorf("events %v: %v after %v", events, end, ended.Sub(start))
					}
					c.CloseNow()
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
