//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// defaultAttemptDelay is RFC 8305's: how long an attempt to connect has the
// field for itself.
const defaultAttemptDelay = 250 * time.Millisecond

// race connects to the first address that answers, as RFC 8305 has it: it tries
// them in order, the next one when an attempt has failed or the delay has
// passed, and goes on with all that are under way until one succeeds. The
// others are then cancelled, and closed if they have succeeded too; when race
// returns all of them have ended. When none succeeds, failed has the error of
// each, and err says whether a cancel of ctx has ended it.
func race[C io.Closer](ctx context.Context, addresses []netip.AddrPort, delay time.Duration, connect func(context.Context, netip.AddrPort) (C, error)) (winner C, failed []error, err error) {
	if loop.Current() == nil {
		// A plain goroutine depends on no loop that runs a user's code, although
		// its context may be one of a task.
		ctx = loop.Carry(ctx, nil, nil)
	}
	r := &racing[C]{addresses: addresses, delay: delay, connect: connect, ended: aio.NewQueue[struct{}](0)}
	r.errs = make([]error, len(addresses))
	err = aio.Group(ctx, r.stagger)
	if r.won {
		return r.winner, nil, nil
	}
	if !aio.IsCancelled(err) {
		err = nil
	}
	return r.winner, r.errs, err
}

// racing is one race.
type racing[C io.Closer] struct {
	addresses []netip.AddrPort
	delay     time.Duration
	connect   func(context.Context, netip.AddrPort) (C, error)
	ended     *aio.Queue[struct{}] // an item for each attempt that has

	mu     sync.Mutex // attempts may run on goroutines
	winner C
	won    bool
	errs   []error // of the attempts
}

// errOver ends the group of the attempts.
var errOver = errors.New("aionet: another attempt to connect was faster")

// stagger starts the attempts.
func (r *racing[C]) stagger(ctx context.Context) error {
	next, running := 0, 0
	for {
		if next < len(r.addresses) {
			i := next
			aio.Go(ctx, func(ctx context.Context) error { r.attempt(ctx, i); return nil },
				aio.Name("connect to "+r.addresses[i].String()))
			next++
			running++
		}
		failed, err := r.wait(ctx, next < len(r.addresses))
		switch {
		case err != nil:
			return err
		case r.isWon():
			return errOver
		case failed:
			running--
		}
		if running == 0 && next == len(r.addresses) {
			return nil
		}
	}
}

// wait waits for the end of an attempt or, if there are more to start, for the
// delay.
func (r *racing[C]) wait(ctx context.Context, more bool) (ended bool, err error) {
	get := func(ctx context.Context) error { _, err := r.ended.Get(ctx); return err }
	if !more {
		return true, get(ctx)
	}
	err = aio.Timeout(ctx, r.delay, get)
	var over *aio.TimeoutError
	if errors.As(err, &over) {
		return false, nil
	}
	return err == nil, err
}

func (r *racing[C]) isWon() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.won
}

func (r *racing[C]) attempt(ctx context.Context, i int) {
	c, err := r.connect(ctx, r.addresses[i])
	r.mu.Lock()
	late := err == nil && r.won
	switch {
	case err != nil:
		r.errs[i] = err
	case !late:
		r.winner, r.won = c, true
	}
	r.mu.Unlock()
	if late {
		_ = c.Close()
	}
	_ = r.ended.PutNoWait(struct{}{})
}

// interleave puts the address families in turn, beginning with that of the
// first address, and leaves the order within each.
func interleave(addresses []netip.AddrPort) []netip.AddrPort {
	var families [2][]netip.AddrPort
	for _, a := range addresses {
		other := 0
		if a.Addr().Is4() != addresses[0].Addr().Is4() {
			other = 1
		}
		families[other] = append(families[other], a)
	}
	result := make([]netip.AddrPort, 0, len(addresses))
	for i := range max(len(families[0]), len(families[1])) {
		for _, family := range families {
			if i < len(family) {
				result = append(result, family[i])
			}
		}
	}
	return result
}
