package executor

import (
	"errors"
	"fmt"
	"time"

	"github.com/goaio/aio/executor/internal/wire"
)

var (
	errInitializer  = errors.New("the initializer failed")
	errEndedEarly   = fmt.Errorf("the process ended before it said that it is a worker: %w", ErrNoMain)
	errStartTimeout = errors.New("the process did not say in time that it is a worker")
)

// exitFatal is the exit status of a program that Go's runtime ends, as when there
// is no memory: its main may not have begun.
const exitFatal = 2

// greet waits until a new worker takes calls, and gives it the first one. After
// an error the process is being killed. The caller holds the line.
func (w *workerProcess) greet() error {
	p := w.pool
	defer w.line.release()
	timer := time.AfterFunc(p.options.StartTimeout, func() {
		p.killFor(w, fmt.Errorf("%w (%v): %w", errStartTimeout, p.options.StartTimeout, ErrNoMain))
	})
	defer timer.Stop()
	for ended := false; ; ended = w.read(true) {
		ticket := w.line.ticket()
		p.mu.Lock()
		if ended || w.ready || w.doomed {
			break
		}
		p.mu.Unlock()
		w.line.await(ticket)
	}
	if !w.ready || w.doomed {
		err := w.reason
		said := w.greeted
		p.mu.Unlock()
		<-w.reaped
		switch {
		case err != nil:
			return err
		case !said && w.status.Signal == 0 && w.status.Code != exitFatal:
			return errEndedEarly
		}
		return errors.New("the process ended before it took calls")
	}
	p.starting--
	p.failures = 0
	p.startEnded(nil)
	given := p.refill(w, time.Now())
	w.nextReader()
	if given {
		w.readOnGoroutine()
	}
	p.mu.Unlock()
	if given {
		w.flush()
	}
	return nil
}

// takeHandshake acts upon a frame of a worker that does not take calls yet.
func (w *workerProcess) takeHandshake(f wire.Frame) error {
	p := w.pool
	switch f.Kind {
	case wire.Hello:
		who, err := wire.Decode[wire.Identity](f.Body)
		if err != nil {
			return err
		}
		if w.greeted {
			return errors.New("a second hello")
		}
		w.greeted = true
		if err := identity().Check(who); err != nil {
			p.killFor(w, err)
			return nil
		}
		return w.welcome()
	case wire.Refused:
		p.killFor(w, ErrNoMain)
	case wire.Ready:
		p.mu.Lock()
		defer p.mu.Unlock()
		if w.ready || !w.greeted {
			return errors.New("ready out of turn")
		}
		w.ready = true
	}
	return nil
}

// welcome tells a new worker how to set itself up.
func (w *workerProcess) welcome() error {
	settings := wire.Settings{LogLevel: w.pool.options.logLevel()}
	if b := w.pool.options.Initializer; b != nil {
		input, err := b.encode()
		if err == nil && len(input) > wire.Inline/2 {
			err = fmt.Errorf("its input has %d bytes, of %d at most", len(input), wire.Inline/2)
		}
		if err != nil {
			w.pool.killFor(w, fmt.Errorf("%w: %w", errInitializer, err))
			return nil
		}
		settings.Initializer, settings.Input = b.name, input
	}
	body, err := wire.Encode(settings)
	if err != nil {
		return err
	}
	w.line.hold()
	go func() {
		defer w.line.release()
		w.write(wire.Frame{Kind: wire.Welcome, Body: body}.Append(nil))
	}()
	return nil
}

// startFailed is called when a new worker says that it cannot take calls.
func (w *workerProcess) startFailed(err error) {
	w.pool.killFor(w, fmt.Errorf("%w: %w", errInitializer, err))
}
