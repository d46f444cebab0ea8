package coro_test

import (
	"iter"
	"testing"

	"github.com/goaio/aio/coro"
)

func BenchmarkResume(b *testing.B) {
	c := coro.New(func(c *coro.Coroutine) {
		for c.Suspend() {
		}
	})
	c.Resume()
	defer c.Stop()
	b.ReportAllocs()
	for b.Loop() {
		c.Resume()
	}
}

// BenchmarkTransfer is a hundred coroutines in a circle.
func BenchmarkTransfer(b *testing.B) {
	c := newCircle()
	left := b.N
	var members [100]*coro.Coroutine
	for i := range members {
		members[i] = c.New(func(self *coro.Coroutine) {
			for left > 0 {
				left--
				if !self.Transfer(&c.ring, members[(i+1)%len(members)]) {
					return
				}
			}
			self.Transfer(&c.ring, &c.home)
		})
	}
	b.ReportAllocs()
	c.home.Transfer(&c.ring, members[0])
	b.StopTimer()
	for _, m := range members {
		c.home.Interrupt(&c.ring, m)
	}
}

// BenchmarkPull is what BenchmarkResume is held against.
func BenchmarkPull(b *testing.B) {
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		for yield(struct{}{}) {
		}
	})
	next()
	defer stop()
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}

func BenchmarkNewToEnd(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		coro.New(func(*coro.Coroutine) {}).Resume()
	}
}

func BenchmarkNext(b *testing.B) {
	g := coro.NewGenerator(count)
	defer g.Close()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = g.Next()
	}
}
