//go:build unix && !aix

package aionet

import (
	"context"
	"runtime/pprof"
	"sync"

	"github.com/goaio/aio/loop"
)

// background is the process's loop for waits of plain goroutines, and of tasks
// that do not run on a descriptor's home. It runs no user's code, so that they
// depend on no loop that does. It exists while descriptors are registered with
// it.
var background backgroundLoop

type backgroundLoop struct {
	mu    sync.Mutex
	loop  *loop.Loop
	count int
}

// register has d hear from the background loop too, which it returns. The caller
// has a turn of d or uses it, so that it is not closed meanwhile.
func (b *backgroundLoop) register(d *descriptor) (*loop.Loop, error) {
	l, known, err := b.enter(d)
	if known || err != nil {
		return l, err
	}
	// Without the lock, which a callback of that loop that closes a file wants.
	registered := make(chan error, 1)
	l.CallSoon(func() { registered <- l.Register(d.fd, behind{d}) })
	if err := <-registered; err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		d.mu.Lock()
		d.behind = false
		for _, half := range [...]*direction{&d.in, &d.out} {
			if half.waiter != nil { // who has seen it as known: it tries itself
				half.waiter.Wake()
			}
		}
		d.mu.Unlock()
		b.leave()
		return nil, err
	}
	return l, nil
}

// enter counts d, unless it is known, and so keeps the loop.
func (b *backgroundLoop) enter(d *descriptor) (l *loop.Loop, known bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.behind {
		return b.loop, true, nil
	}
	if b.loop == nil {
		if err := b.start(); err != nil {
			return nil, false, err
		}
	}
	b.count++
	d.behind = true
	return b.loop, false, nil
}

func (b *backgroundLoop) start() error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	b.loop = l
	go func() {
		// Not the labels of whoever happened to be first.
		pprof.SetGoroutineLabels(context.Background())
		_ = l.RunForever()
		_ = l.Close()
	}()
	return nil
}

// behind is a descriptor as the background loop knows it.
type behind struct{ *descriptor }

// Ready hears from the background loop. A server's hook is the home loop's
// business.
func (b behind) Ready(is loop.Readiness) {
	b.mu.Lock()
	b.notice(is)
	if w, ok := b.hook.(*watch); ok && is&(loop.Readable|loop.HungUp) != 0 && b.in.waiter == nil {
		w.readable()
	}
	b.mu.Unlock()
}

// unregister is called when the file of d is closed.
func (b *backgroundLoop) unregister(d *descriptor) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.loop
	l.CallSoon(func() { l.Unregister(d.fd, behind{d}) })
	b.leave()
}

// leave ends the loop with the last descriptor.
func (b *backgroundLoop) leave() {
	if b.count--; b.count == 0 {
		b.loop.Stop()
		b.loop = nil
	}
}
