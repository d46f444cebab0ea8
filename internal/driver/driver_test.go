package driver

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"
	"time"
)

// each runs a test on every driver of the system, or on every real one.
func each(t *testing.T, simulated bool, test func(t *testing.T, d Driver)) {
	for _, s := range system {
		if s.name == "simulated" && !simulated {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			d, err := Open(s.name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}()
			test(t, d)
		})
	}
}

func nothing(int, Interest) {}

func wait(t *testing.T, d Driver, timeout time.Duration, external int) {
	t.Helper()
	if err := d.Wait(timeout, external, nothing); err != nil {
		t.Fatal(err)
	}
}

func TestNameClockAndEpoch(t *testing.T) {
	each(t, true, func(t *testing.T, d Driver) {
		if again, err := Open(d.Name()); err != nil || again.Name() != d.Name() {
			t.Errorf("Open(%q): %v, %v", d.Name(), again, err)
		} else {
			again.Close()
		}
		for range 1000 {
			before := d.Now()
			if after := d.Now(); before < 0 || after < before {
				t.Fatalf("Now() is %d and then %d", before, after)
			}
		}
		if d.Epoch().IsZero() {
			t.Error("no epoch")
		}
	})
}

func TestWaitUntilDeadline(t *testing.T) {
	each(t, true, func(t *testing.T, d Driver) {
		for _, timeout := range []time.Duration{1, 30 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, time.Millisecond} {
			// As a loop does: a wait may return early, the deadline stays.
			until := d.Now() + int64(timeout)
			for d.Now() < until {
				wait(t, d, time.Duration(until-d.Now()), 0)
			}
		}
	})
}

// A deadline that no clock reaches is none.
func TestWaitForEver(t *testing.T) {
	each(t, true, func(t *testing.T, d Driver) {
		for _, timeout := range []time.Duration{math.MaxInt64, -1, math.MinInt64} {
			d.Wake()
			wait(t, d, timeout, 1)
		}
	})
}

func TestWakeBeforeWaitIsRemembered(t *testing.T) {
	each(t, true, func(t *testing.T, d Driver) {
		for _, timeout := range []time.Duration{-1, time.Hour} {
			d.Wake()
			d.Wake()
			wait(t, d, 0, 0) // does not block, and so does not answer it
			before := d.Now()
			wait(t, d, timeout, 0)
			if d.Name() == "simulated" && d.Now() != before {
				t.Error("the clock moved in spite of the wake")
			}
		}
	})
}

// Goroutines post and wake, as jobs do; the loop wakes each in turn. A lost wake would stop them all.
func TestNoWakeIsLost(t *testing.T) {
	const goroutines, handshakes = 8, 100_000
	each(t, true, func(t *testing.T, d Driver) {
		posted := make(chan chan struct{}, goroutines)
		var posters sync.WaitGroup
		for range goroutines {
			posters.Go(func() {
				answer := make(chan struct{}, 1)
				for range handshakes / goroutines {
					posted <- answer
					d.Wake()
					<-answer
				}
			})
		}
		timeouts := []time.Duration{-1, time.Hour, -1, time.Hour + time.Minute, time.Hour}
		for done, waits := 0, 0; done < handshakes; {
			select {
			case answer := <-posted:
				done++
				answer <- struct{}{}
			default:
				wait(t, d, timeouts[waits%len(timeouts)], 1)
				waits++
			}
		}
		posters.Wait()
	})
}

func TestClosed(t *testing.T) {
	each(t, true, func(t *testing.T, d Driver) {
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		d.Wake()
		for _, timeout := range []time.Duration{0, -1, 1} {
			if err := d.Wait(timeout, 0, nothing); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Wait(%v) on a closed driver: %v", timeout, err)
			}
		}
		for _, interest := range []Interest{0, Readable} {
			if err := d.Watch(0, interest); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Watch(0, %v) on a closed driver: %v", interest, err)
			}
		}
	})
}

func TestWaitDoesNotAllocate(t *testing.T) {
	each(t, true, func(t *testing.T, d Driver) {
		if n := testing.AllocsPerRun(100, func() {
			wait(t, d, 0, 0)
			d.Wake()
			wait(t, d, -1, 0)
			wait(t, d, 1, 0)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func TestInterestString(t *testing.T) {
	for interest, want := range map[Interest]string{0: "0", Readable: "Readable", Writable: "Writable",
		Readable | Writable: "Readable|Writable", 8: "Interest(0x8)"} {
		if got := fmt.Sprint(interest); got != want {
			t.Errorf("%d is %q, not %q", uint8(interest), got, want)
		}
	}
}

func BenchmarkWakeBlockedWait(b *testing.B) {
	for _, s := range system {
		for _, timeout := range []time.Duration{-1, time.Hour} {
			b.Run(fmt.Sprintf("%s/%v", s.name, timeout), func(b *testing.B) {
				d, err := Open(s.name)
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				asked := make(chan struct{})
				go func() {
					for range asked {
						d.Wake()
					}
				}()
				defer close(asked)
				for b.Loop() {
					asked <- struct{}{}
					if err := d.Wait(timeout, 1, nothing); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkTimedWait reports how late waits end.
func BenchmarkTimedWait(b *testing.B) {
	for _, s := range system {
		for _, timeout := range []time.Duration{300 * time.Microsecond, time.Millisecond} {
			b.Run(fmt.Sprintf("%s/%v", s.name, timeout), func(b *testing.B) {
				d, err := Open(s.name)
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				var late int64
				for b.Loop() {
					until := d.Now() + int64(timeout)
					for d.Now() < until {
						if err := d.Wait(time.Duration(until-d.Now()), 0, nothing); err != nil {
							b.Fatal(err)
						}
					}
					late += d.Now() - until
				}
				b.ReportMetric(float64(late)/float64(b.N), "ns-late/op")
			})
		}
	}
}

// BenchmarkWakeAwake is the cost of a Wake when no Wait is under way.
func BenchmarkWakeAwake(b *testing.B) {
	for _, s := range system {
		b.Run(s.name, func(b *testing.B) {
			d, err := Open(s.name)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			for b.Loop() {
				d.Wake()
			}
		})
	}
}
