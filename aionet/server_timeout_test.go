//go:build unix && !aix

package aionet

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"
)

// patient is a connection whose timeouts are looked at.
type patient struct {
	link
	hasSent, isTouched bool
	killed             error
	own                bool
	limit              time.Duration // if own
}

func (p *patient) drain()            {}
func (p *patient) kill(reason error) { p.killed = reason }
func (p *patient) heard() bool       { return p.hasSent }
func (p *patient) idleLimit(server time.Duration) time.Duration {
	if p.own {
		return p.limit
	}
	return server
}
func (p *patient) touched() bool {
	was := p.isTouched
	p.isTouched = false
	return was
}

// checkUntil lets the timers of both lines fire at their times.
func checkUntil(t *timeouts, now, until time.Time) {
	for !now.After(until) {
		next := until.Add(1)
		for _, line := range [...]*lineup{&t.fresh, &t.open} {
			if at := t.check(line, now); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if !next.After(now) {
			next = now.Add(time.Millisecond)
		}
		now = next
	}
}

func TestIdleTimeoutIsKept(t *testing.T) {
	start := time.Unix(0, 0)
	s := &timeouts{between: time.Minute / looks}
	idle, busy := &patient{}, &patient{}
	s.join(&idle.link, start)
	s.join(&busy.link, start)
	idle.connection, busy.connection = idle, busy
	for second := range 75 {
		now := start.Add(time.Duration(second) * time.Second)
		busy.isTouched = second%10 == 0
		checkUntil(s, now, now)
		if idle.killed != nil && second < 60 {
			t.Fatalf("killed after %d seconds", second)
		}
	}
	if !errors.Is(idle.killed, ErrIdleTimeout) {
		t.Errorf("the idle one: %v", idle.killed)
	}
	if busy.killed != nil {
		t.Errorf("the busy one: %v", busy.killed)
	}
}

func TestFirstByteTimeoutIsKept(t *testing.T) {
	start := time.Unix(0, 0)
	s := &timeouts{first: 10 * time.Second, between: time.Minute / looks}
	mute, slow := &patient{}, &patient{}
	for _, p := range []*patient{mute, slow} {
		p.connection = p
		s.join(&p.link, start)
	}
	checkUntil(s, start, start.Add(9*time.Second))
	if mute.killed != nil {
		t.Error("killed too early")
	}
	slow.hasSent = true
	checkUntil(s, start.Add(9*time.Second), start.Add(60*time.Second))
	if !errors.Is(mute.killed, ErrFirstByteTimeout) || slow.killed != nil {
		t.Errorf("%v, %v", mute.killed, slow.killed)
	}
	checkUntil(s, start.Add(60*time.Second), start.Add(90*time.Second))
	if !errors.Is(slow.killed, ErrIdleTimeout) {
		t.Errorf("the slow one fell idle: %v", slow.killed)
	}
}

// A handler that knows what it waits for says how long.
func TestIdleLimits(t *testing.T) {
	start := time.Unix(0, 0)
	s := &timeouts{between: time.Minute / looks}
	long, forever := &patient{own: true, limit: time.Hour}, &patient{own: true}
	for _, p := range []*patient{long, forever} {
		p.connection = p
		s.join(&p.link, start)
	}
	checkUntil(s, start, start.Add(time.Hour-time.Second))
	if long.killed != nil {
		t.Error("killed too early")
	}
	checkUntil(s, start.Add(time.Hour), start.Add(time.Hour+time.Minute))
	if !errors.Is(long.killed, ErrIdleTimeout) || forever.killed != nil {
		t.Errorf("%v, %v", long.killed, forever.killed)
	}
}

// A timer looks at a bounded number at a time, and at all of them in the end.
func TestTimeoutsOfMany(t *testing.T) {
	start := time.Unix(0, 0)
	s := &timeouts{between: time.Second}
	all := make([]patient, 18_000)
	for i := range all {
		all[i].connection = &all[i]
		s.join(&all[i].link, start)
	}
	checks := 0
	for now := start.Add(4 * time.Second); s.check(&s.open, now).Equal(now); checks++ {
	}
	if s.open.count != len(all) || checks < len(all)/maxLooks-1 {
		t.Errorf("%d in line after %d checks", s.open.count, checks)
	}
	if slices.ContainsFunc(all, func(p patient) bool { return p.quiet != 1 }) {
		t.Error("some were not looked at, or twice")
	}
}

// In each form an idle connection is closed, whether it ever spoke or not. That
// one which talks is not closed is left to the tests above, which have a clock
// of their own.
func TestIdleTimeout(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		report := serving(t, h, []ServerOption{IdleTimeout(80 * time.Millisecond)}, func(address string) {
			idle, mute := dialServer(t, address), dialServer(t, address)
			_, _ = idle.Write([]byte("hello"))
			_, _ = io.Copy(io.Discard, idle) // ends
			if _, err := mute.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the one that never spoke: %v", err)
			}
		})
		if report != nil {
			t.Error(report)
		}
	})
}

func TestFirstByteTimeout(t *testing.T) {
	inEachForm(t, func(t *testing.T, h Handler) {
		_ = serving(t, h, []ServerOption{FirstByteTimeout(50 * time.Millisecond), DrainTimeout(time.Nanosecond)}, func(address string) {
			spoke, mute := dialServer(t, address), dialServer(t, address)
			// On a busy machine the byte may come too late.
			for tryAsk(spoke) != nil {
				spoke, mute = dialServer(t, address), dialServer(t, address)
			}
			if _, err := mute.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the one that never spoke: %v", err)
			}
			ask(t, spoke)
		})
	})
}
