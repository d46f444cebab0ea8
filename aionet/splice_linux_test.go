package aionet

import (
	"context"
	"io"
	"testing"

	"github.com/goaio/aio"
)

// pipesInUse is how many pipes are not in the pool, of the large ones.
func pipesInUse() int {
	pipePairs.mu.Lock()
	defer pipePairs.mu.Unlock()
	kept := 0
	for _, pair := range pipePairs.idle {
		if pair.large {
			kept++
		}
	}
	return pipePairs.large - kept
}

// empty closes the pipes that are kept.
func (p *pipePool) empty() {
	for len(p.idle) > 0 {
		pair, _ := p.take()
		p.put(pair, false)
	}
}

// A proxy with nothing to forward holds no pipe, and one that is interrupted
// gives its own back.
func TestAnIdleSpliceHoldsNoPipe(t *testing.T) {
	run(t, func(ctx context.Context) error {
		var proxies []*aio.Task[struct{}]
		for range 3 {
			front, client := withPeer(t, "tcp")
			back, server := withPeer(t, "tcp")
			proxies = append(proxies, aio.Go(ctx, func(context.Context) error {
				_, err := io.Copy(back, front)
				return err
			}))
			_, err := aio.Blocking(ctx, func(context.Context) (int, error) {
				if _, err := client.Write([]byte("hello")); err != nil {
					return 0, err
				}
				return io.ReadFull(server, make([]byte, 5))
			})
			if err != nil {
				return err
			}
		}
		if n := pipesInUse(); n != 0 {
			t.Errorf("%d pipes are in use while nothing is forwarded", n)
		}
		for _, proxy := range proxies {
			proxy.Cancel(nil)
			_, _ = proxy.Await(ctx)
		}
		if n := pipesInUse(); n != 0 {
			t.Errorf("%d pipes were left behind", n)
		}
		return nil
	})
}

// Small pipes that are kept stand in nobody's way, and grow once they may.
func TestThePipePoolPrefersLargePipes(t *testing.T) {
	pool := pipePool{large: maxLargePipes - 1}
	large, err := pool.take()
	if err != nil || !large.large {
		t.Skipf("the system gives no large pipe: %v", err)
	}
	small, err := pool.take()
	if err != nil || small.large {
		t.Fatalf("one more large pipe: %v, %v", small, err)
	}
	for _, order := range [][]pipePair{{large, small}, {small, large}} {
		for _, pair := range order {
			pool.put(pair, true)
		}
		if large, err = pool.take(); err != nil || !large.large {
			t.Fatalf("took %v, %v", large, err)
		}
		if small, err = pool.take(); err != nil || small.large {
			t.Fatalf("took %v, %v", small, err)
		}
	}
	pool.put(large, false)
	pool.put(small, true)
	if small, err = pool.take(); err != nil || !small.large {
		t.Errorf("a small pipe did not grow: %v, %v", small, err)
	}
	pool.put(small, false)
}

func TestThePipePoolIsBounded(t *testing.T) {
	var pool pipePool
	var pairs []pipePair
	for range maxLargePipes + 5 {
		pair, err := pool.take()
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, pair)
	}
	if pool.large > maxLargePipes {
		t.Errorf("%d large pipes", pool.large)
	}
	for _, pair := range pairs {
		pool.put(pair, true)
	}
	if len(pool.idle) > maxIdlePipes || pool.large > maxIdlePipes {
		t.Errorf("%d pipes kept, %d of them large", len(pool.idle), pool.large)
	}
	pool.empty()
	if pool.large != 0 {
		t.Errorf("%d large pipes counted when none is left", pool.large)
	}
}
