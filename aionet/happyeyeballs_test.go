//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

// plan is how an attempt goes that is made up: it takes some milliseconds and
// then succeeds or fails. A stubborn one does not hear of a cancel.
type plan struct {
	takes    int64
	fails    bool
	stubborn bool
}

// raceLog is what happened in a race, in milliseconds from its start.
type raceLog struct {
	plans   []plan
	started []int64 // when attempt i started
	ended   []int64 // when it ended by itself
	closed  []int   // attempts whose connection was closed
	open    int     // attempts that have not ended

	winner int // -1 for none
	after  int64
	failed []error
	err    error
}

// made is what an attempt has made.
type made struct {
	log *raceLog
	i   int
}

func (m *made) Close() error { m.log.closed = append(m.log.closed, m.i); return nil }

func attemptAddress(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 80)
}

// runRace races made up attempts.
func runRace(ctx context.Context, plans ...plan) *raceLog {
	log := &raceLog{plans: plans, winner: -1}
	begin := loop.Of(ctx).Now()
	now := func() int64 { return loop.Of(ctx).Now().Sub(begin).Milliseconds() }
	var addresses []netip.AddrPort
	for i := range plans {
		addresses = append(addresses, attemptAddress(i))
		log.ended = append(log.ended, -1)
	}
	var c *made
	c, log.failed, log.err = race(ctx, addresses, defaultAttemptDelay, func(ctx context.Context, to netip.AddrPort) (*made, error) {
		i := len(log.started)
		if to != attemptAddress(i) {
			return nil, fmt.Errorf("attempt %d is to %v", i, to)
		}
		log.started = append(log.started, now())
		log.open++
		defer func() { log.open-- }()
		p := plans[i]
		if p.stubborn {
			ctx = context.WithoutCancel(ctx)
		}
		if err := aio.Sleep(ctx, time.Duration(p.takes)*time.Millisecond); err != nil {
			return nil, err
		}
		log.ended[i] = now()
		if p.fails {
			return nil, fmt.Errorf("attempt %d failed", i)
		}
		return &made{log, i}, nil
	})
	if c != nil {
		log.winner = c.i
	}
	log.after = now()
	return log
}

func TestRace(t *testing.T) {
	const never = 1 << 40
	for name, test := range map[string]struct {
		plans   []plan
		winner  int
		after   int64
		started []int64
		closed  []int
	}{
		"the first answers":            {[]plan{{takes: 100}, {takes: 1}}, 0, 100, []int64{0}, nil},
		"the first hangs":              {[]plan{{takes: never}, {takes: 100}}, 1, 350, []int64{0, 250}, nil},
		"the first fails at once":      {[]plan{{takes: 10, fails: true}, {takes: 5}}, 1, 15, []int64{0, 10}, nil},
		"the first is slow, yet first": {[]plan{{takes: 300}, {takes: 100}}, 0, 300, []int64{0, 250}, nil},
		"all hang but the fourth": {[]plan{{takes: never}, {takes: never}, {takes: never}, {takes: 1}}, 3, 751,
			[]int64{0, 250, 500, 750}, nil},
		"all fail": {[]plan{{takes: 600, fails: true}, {takes: 10, fails: true}, {takes: 30, fails: true}}, -1, 600,
			[]int64{0, 250, 260}, nil},
		"one that was late is closed": {[]plan{{takes: 400, stubborn: true}, {takes: 100}}, 1, 400, []int64{0, 250}, []int{0}},
		"one address":                 {[]plan{{takes: 700}}, 0, 700, []int64{0}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			aiotest.Run(t, func(ctx context.Context) {
				log := runRace(ctx, test.plans...)
				if log.winner != test.winner || log.after != test.after || log.err != nil {
					t.Errorf("attempt %d won after %d ms, %v; want %d, %d", log.winner, log.after, log.err, test.winner, test.after)
				}
				if !slices.Equal(log.started, test.started) || !slices.Equal(log.closed, test.closed) || log.open != 0 {
					t.Errorf("started at %v, closed %v, left open %d", log.started, log.closed, log.open)
				}
			})
		})
	}
}

// What holds of every race, on random ones.
func TestRaceInvariants(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 5))
		plans := make([]plan, 1+random.IntN(7))
		for i := range plans {
			plans[i] = plan{random.Int64N(1000), random.IntN(3) > 0, random.IntN(3) == 0}
		}
		aiotest.Run(t, func(ctx context.Context) {
			if err := runRace(ctx, plans...).check(); err != nil {
				t.Errorf("seed %d: %+v: %v", seed, plans, err)
			}
		}, aiotest.Shuffle(seed))
	}
}

func (log *raceLog) check() error {
	if log.open != 0 {
		return fmt.Errorf("%d attempts were left", log.open)
	}
	first, closed := -1, []int{}
	for i, end := range log.ended {
		if end < 0 || log.plans[i].fails {
			continue
		}
		if first < 0 || end < log.ended[first] {
			first = i
		}
		if i != log.winner {
			closed = append(closed, i)
		}
	}
	slices.Sort(log.closed)
	switch {
	case (first < 0) != (log.winner < 0):
		return fmt.Errorf("attempt %d was first, and %d won", first, log.winner)
	case first >= 0 && log.ended[first] != log.ended[log.winner]:
		return fmt.Errorf("attempt %d was first, and %d won", first, log.winner)
	case !slices.Equal(log.closed, closed):
		return fmt.Errorf("closed %v, want %v", log.closed, closed)
	case log.winner < 0 && (len(log.started) != len(log.plans) || errors.Join(log.failed...) == nil):
		return fmt.Errorf("gave up after %d attempts", len(log.started))
	}
	for i := 1; i < len(log.started); i++ {
		at := log.started[i]
		after := 0
		for ; after < i; after++ {
			if log.ended[after] == at && log.plans[after].fails {
				break
			}
		}
		if waited := at - log.started[i-1]; waited > 250 || waited < 250 && after == i {
			return fmt.Errorf("attempt %d started %d ms after the one before, and none had failed just then", i, waited)
		}
	}
	return nil
}

func TestRaceCancelled(t *testing.T) {
	aiotest.Run(t, func(ctx context.Context) {
		var log *raceLog
		err := aio.Timeout(ctx, 300*time.Millisecond, func(ctx context.Context) error {
			log = runRace(ctx, plan{takes: 1000}, plan{takes: 10, fails: true}, plan{takes: 1000})
			return log.err
		})
		var timeout *aio.TimeoutError
		if !errors.As(err, &timeout) || log.open != 0 || log.winner != -1 || log.after != 300 {
			t.Errorf("%v after %d ms, %d attempts left", err, log.after, log.open)
		}
		if log.failed[1] == nil || aio.IsCancelled(log.failed[1]) || !aio.IsCancelled(log.failed[0]) {
			t.Errorf("the attempts ended with %v", log.failed)
		}
	})
}

func TestInterleave(t *testing.T) {
	parse := func(names ...string) (addresses []netip.AddrPort) {
		for _, name := range names {
			addresses = append(addresses, netip.AddrPortFrom(netip.MustParseAddr(name), 1))
		}
		return addresses
	}
	for _, test := range []struct{ from, want []netip.AddrPort }{
		{nil, []netip.AddrPort{}},
		{parse("::1", "::2", "::3", "1.1.1.1", "1.1.1.2"), parse("::1", "1.1.1.1", "::2", "1.1.1.2", "::3")},
		{parse("1.1.1.1", "::1", "::2", "::3"), parse("1.1.1.1", "::1", "::2", "::3")},
		{parse("1.1.1.1", "1.1.1.2"), parse("1.1.1.1", "1.1.1.2")},
	} {
		if got := interleave(test.from); !slices.Equal(got, test.want) {
			t.Errorf("%v became %v", test.from, got)
		}
	}
}
