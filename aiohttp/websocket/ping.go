//go:build unix && !aix

package websocket

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/internal/clock"
)

// pings are those that wait for their answer, under the connection's lock.
type pings struct {
	last    uint64
	waiting map[uint64]*aio.Event
}

// Ping sends a ping and waits for its answer. Somebody must be reading meanwhile,
// or the connection be in the event form. A cancel ends only the wait.
func (c *Conn) Ping(ctx context.Context) error {
	c.mu.Lock()
	if c.pings == nil {
		c.pings = &pings{waiting: map[uint64]*aio.Event{}}
	}
	p := c.pings
	p.last++
	number, answered := p.last, &aio.Event{}
	p.waiting[number] = answered
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(p.waiting, number)
		c.mu.Unlock()
	}()
	if err := c.enqueueMessage(c.pingFrame(number)); err != nil {
		return err
	}
	if err := answered.Wait(ctx); err != nil {
		return err
	}
	if end := c.ended(); end != nil {
		return end
	}
	return nil
}

func (c *Conn) pingFrame(number uint64) []byte {
	return appendFrame(nil, c.client, false, ws.OpPing, true, binary.BigEndian.AppendUint64(nil, number))
}

// pong hears an answer, which is one to all pings before too.
func (c *Conn) pong(payload []byte) {
	if len(payload) != 8 {
		return // it was not asked for, which is allowed
	}
	number := binary.BigEndian.Uint64(payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pings == nil || number > c.pings.last {
		return
	}
	for sent, answered := range c.pings.waiting {
		if sent <= number {
			answered.Set()
		}
	}
}

// wake ends all waits.
func (p *pings) wake() {
	if p == nil {
		return
	}
	for _, answered := range p.waiting {
		answered.Set()
	}
}

// heartbeat pings a peer that is silent and drops one that stays so.
type heartbeat struct {
	interval time.Duration
	timer    *clock.Timer
	heard    atomic.Bool // since the timer looked
	asked    bool        // it was pinged then
}

var errNoPong = errors.New("the peer has not answered a ping")

func newHeartbeat(c *Conn, interval time.Duration) *heartbeat {
	h := &heartbeat{interval: interval}
	c.mu.Lock() // the timer may fire before it is known
	defer c.mu.Unlock()
	h.timer = clock.AfterFunc(interval, func() { h.look(c) })
	return h
}

func (h *heartbeat) look(c *Conn) {
	switch {
	case h.heard.Swap(false):
		h.asked = false
	case h.asked:
		c.broken(errNoPong)
		return
	default:
		h.asked = true
		c.enqueue(c.pingFrame(0))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed.Load() {
		h.timer.Reset(h.interval)
	}
}

// hears is called when anything has come.
func (h *heartbeat) hears() {
	if h != nil {
		h.heard.Store(true)
	}
}

func (h *heartbeat) stop() {
	if h != nil {
		h.timer.Stop()
	}
}
