package stress

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/goaio/aio"
)

// ledger counts what goes in and what comes out. Items are numbered, so that
// sums tell a lost one from a doubled one.
type ledger struct{ next, in, out, sumIn, sumOut atomic.Int64 }

func (l *ledger) item() int { return int(l.next.Add(1)) }

func (l *ledger) put(item int) { l.in.Add(1); l.sumIn.Add(int64(item)) }
func (l *ledger) got(item int) { l.out.Add(1); l.sumOut.Add(int64(item)) }

func (l *ledger) check(t *testing.T, what string) {
	if l.in.Load() != l.out.Load() || l.sumIn.Load() != l.sumOut.Load() {
		t.Errorf("%s: %d items in, %d out; the numbers' sums are %d and %d", what, l.in.Load(), l.out.Load(), l.sumIn.Load(), l.sumOut.Load())
	}
}

// queueRoom is for all kinds of queues.
type queueRoom struct {
	queue   *aio.Queue[int]
	ledger  ledger
	helpers atomic.Int64
}

func newQueueRoom(q *aio.Queue[int]) *queueRoom { return &queueRoom{queue: q} }

func (q *queueRoom) use(ctx context.Context, r *rand.Rand) error {
	switch r.IntN(6) {
	case 0:
		item := q.ledger.item()
		if err := q.queue.PutNoWait(item); errors.Is(err, aio.ErrQueueFull) {
			return nil
		} else if err != nil {
			return err
		}
		q.ledger.put(item)
		return nil
	case 1:
		item, err := q.queue.GetNoWait()
		if errors.Is(err, aio.ErrQueueEmpty) {
			return nil
		}
		return q.took(item, err)
	case 2, 3:
		return q.put(ctx)
	}
	return q.get(ctx)
}

func (q *queueRoom) put(ctx context.Context) error {
	item := q.ledger.item()
	err := q.queue.Put(ctx, item)
	if err == nil {
		q.ledger.put(item)
	}
	return err
}

func (q *queueRoom) get(ctx context.Context) error { return q.took(q.queue.Get(ctx)) }

func (q *queueRoom) took(item int, err error) error {
	if err != nil {
		return err
	}
	q.ledger.got(item)
	return q.queue.TaskDone()
}

// help either puts or gets, so that there is always somebody who does.
func (q *queueRoom) help(ctx context.Context, r *rand.Rand) error {
	do := q.put
	if q.helpers.Add(1)%2 == 0 {
		do = q.get
	}
	for {
		if err := do(ctx); errors.Is(err, aio.ErrQueueShutdown) {
			return nil
		} else if err != nil {
			return err
		}
		if r.IntN(4) == 0 {
			if err := rest(ctx, r); err != nil {
				return err
			}
		}
	}
}

func (q *queueRoom) close() { q.queue.Shutdown(false) }

func (q *queueRoom) check(t *testing.T) {
	for {
		item, err := q.queue.GetNoWait()
		if err != nil {
			break
		}
		if err := q.took(item, nil); err != nil {
			t.Error(err)
		}
	}
	q.ledger.check(t, "queue")
	if err := q.queue.Join(t.Context()); err != nil {
		t.Error(err)
	}
}

// channelRoom has Go channels.
type channelRoom struct {
	direct, buffered chan int
	ledger           ledger
	helpers          atomic.Int64
}

func newChannelRoom() *channelRoom {
	return &channelRoom{direct: make(chan int), buffered: make(chan int, 2)}
}

func (c *channelRoom) use(ctx context.Context, r *rand.Rand) error {
	channel := c.direct
	if r.IntN(2) == 0 {
		channel = c.buffered
	}
	switch r.IntN(4) {
	case 0:
		item := c.ledger.item()
		err := aio.Send(ctx, channel, item)
		if err == nil {
			c.ledger.put(item)
		}
		return err
	case 1:
		item, ok, err := aio.Recv(ctx, channel)
		if err == nil && ok {
			c.ledger.got(item)
		}
		return err
	case 2:
		return c.either(ctx, c.direct, c.buffered)
	}
	return c.either(ctx, c.buffered, c.direct)
}

// either sends to the one or receives from the other; a nil one does neither.
func (c *channelRoom) either(ctx context.Context, to chan<- int, from <-chan int) error {
	sent, received := c.ledger.item(), 0
	index, err := aio.Select(ctx, aio.SendCase(to, sent), aio.RecvCase(from, &received, nil))
	switch {
	case err != nil:
		return err
	case index == 0:
		c.ledger.put(sent)
	default:
		c.ledger.got(received)
	}
	return nil
}

func (c *channelRoom) help(ctx context.Context, r *rand.Rand) error {
	sends := c.helpers.Add(1)%2 == 0
	for {
		channel := c.direct
		if r.IntN(2) == 0 {
			channel = c.buffered
		}
		// A moment on one channel, for somebody may wait for the other.
		if err := aio.Timeout(ctx, longestTreatment, func(ctx context.Context) error {
			if sends {
				return c.either(ctx, channel, nil)
			}
			return c.either(ctx, nil, channel)
		}); err != nil && ctx.Err() != nil {
			return err
		}
		if r.IntN(4) == 0 {
			if err := rest(ctx, r); err != nil {
				return err
			}
		}
	}
}

func (c *channelRoom) close() {}

func (c *channelRoom) check(t *testing.T) {
	for len(c.buffered) > 0 {
		c.ledger.got(<-c.buffered)
	}
	c.ledger.check(t, "channels")
}
