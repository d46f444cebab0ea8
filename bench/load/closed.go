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

// Closed keeps InFlight messages unanswered on every connection for the duration, each answer the occasion of the next message,
// then waits for what is missing: the server is idle when it returns, and every message that cost it something is counted.
// It tells no latency: a slow server is asked less, and would look good.
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
	for now := begin; now-begin < duration; {
		var err error
		if now, err = c.step(begin+duration, next); err != nil {
			return Throughput{}, err
		}
	}
	if err := c.drain(); err != nil {
		return Throughput{}, err
	}
	return Throughput{Requests: c.answered - before, Elapsed: time.Since(c.started) - begin}, nil
}
