//go:build linux

package load

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// slowest is the longest latency the histogram tells apart.
const slowest = time.Minute

// A schedule says when each message of an open loop is due: bursts at even distances, in turn over the connections.
type schedule struct {
	connections, burst int
	distance           time.Duration // between bursts
}

func newSchedule(connections, burst int, rate float64) schedule {
	return schedule{connections, burst, time.Duration(float64(burst) / rate * float64(time.Second))}
}

// due is when the connection's n-th message is due, since the loop began.
func (s schedule) due(connection int, n int64) time.Duration {
	return time.Duration(n/int64(s.burst)*int64(s.connections)+int64(connection)) * s.distance
}

// A Latency is what an open loop found. Its histogram is in nanoseconds.
type Latency struct {
	*hdrhistogram.Histogram
	Late int64 // messages unanswered when the loop gave up; recorded with the age they had
}

// Open sends messages on schedule, rate of them a second, whether or not the server has answered the ones before, in
// bursts of InFlight. A latency runs from when the message was due: one that had to wait, because its connection had as many
// unanswered as it may, waited for the server too. After the duration it waits as long again for what is missing.
func (c *Client) Open(rate float64, duration time.Duration) (Latency, error) {
	if !(rate > 0) {
		return Latency{}, fmt.Errorf("load: a rate of %v a second", rate)
	}
	if err := c.drain(); err != nil {
		return Latency{}, err
	}
	loop := openLoop{
		Client:   c,
		schedule: newSchedule(len(c.connections), c.config.InFlight, rate),
		answers:  make([]int64, len(c.connections)),
		latency:  Latency{Histogram: hdrhistogram.New(1, slowest.Nanoseconds(), 3)},
	}
	return loop.run(duration)
}

type openLoop struct {
	*Client
	schedule schedule
	begin    time.Duration // since the client's start
	bursts   int           // that were due
	answers  []int64       // of each connection
	missing  int64         // due and not answered
	latency  Latency
}

func (l *openLoop) run(duration time.Duration) (Latency, error) {
	l.begin = time.Since(l.started)
	l.progress = l.begin
	for now := l.begin; now-l.begin < 2*duration; {
		next := l.begin + 2*duration
		if at := time.Duration(l.bursts) * l.schedule.distance; at < duration {
			next = l.begin + at
		} else if l.missing == 0 {
			return l.latency, nil
		}
		if now < next {
			var err error
			if now, err = l.step(next, l.answered); err != nil {
				return Latency{}, err
			}
			if l.missing == 0 {
				l.progress = now // silence is the schedule's, not the server's
			}
			continue
		}
		if err := l.burst(); err != nil {
			return Latency{}, err
		}
		now = time.Since(l.started)
	}
	return l.abandon()
}

// burst takes the next one on and sends what its connection may.
func (l *openLoop) burst() error {
	conn := &l.connections[l.bursts%len(l.connections)]
	l.bursts++
	conn.owed += l.schedule.burst
	l.missing += int64(l.schedule.burst)
	return l.sendOwed(conn)
}

func (l *openLoop) sendOwed(conn *connection) error {
	n := min(conn.owed, l.config.InFlight-l.unanswered(conn))
	if n <= 0 {
		return nil
	}
	conn.owed -= n
	return l.send(conn, n)
}

func (l *openLoop) answered(i, messages int) error {
	now := time.Since(l.started) - l.begin
	for range messages {
		if err := l.record(now - l.schedule.due(i, l.answers[i])); err != nil {
			return err
		}
		l.answers[i]++
	}
	l.missing -= int64(messages)
	return l.sendOwed(&l.connections[i])
}

func (l *openLoop) record(latency time.Duration) error {
	return l.latency.RecordValue(max(1, min(latency, slowest).Nanoseconds()))
}

// abandon records what never came with the age it had reached, which is the least it can have been.
func (l *openLoop) abandon() (Latency, error) {
	now := time.Since(l.started) - l.begin
	for i := range l.connections {
		conn := &l.connections[i]
		for range l.unanswered(conn) + conn.owed {
			if err := l.record(now - l.schedule.due(i, l.answers[i])); err != nil {
				return Latency{}, err
			}
			l.answers[i]++
			l.latency.Late++
		}
		conn.owed = 0
	}
	return l.latency, nil
}
