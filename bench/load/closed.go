//go:build linux

package load

import "time"

// A Throughput is what a closed loop got.
type Throughput struct {
	Requests int64
	Elapsed  time.Duration
}

// PerSecond is requests a second.
func (t Throughput) PerSecond() float64 { return float64(t.Requests) / t.Elapsed.Seconds() }

// Closed keeps InFlight messages unanswered on every connection for about the duration and until one is answered, each answer
// the occasion of the next message. They are still in flight when it returns, so that a second call goes on
// with a server at full load. It tells no latency: a slow server is asked less, and would look good.
func (c *Client) Closed(duration time.Duration) (Throughput, error) {
	begin := time.Since(c.started)
	c.progress = begin
	before := c.answered
	for i := range c.connections {
		conn := &c.connections[i]
		if missing := c.config.InFlight - c.unanswered(conn); missing > 0 {
			if err := c.send(conn, missing); err != nil {
				return Throughput{}, err
			}
		}
	}
	next := func(i, messages int) error { return c.send(&c.connections[i], messages) }
	for {
		now, err := c.step(begin+duration, next)
		if err != nil {
			return Throughput{}, err
		}
		if now-begin >= duration && c.answered > before {
			return Throughput{Requests: c.answered - before, Elapsed: now - begin}, nil
		}
	}
}
