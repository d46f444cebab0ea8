//go:build unix && !aix

package aionet

import (
	"context"
	"fmt"
	"time"

	"github.com/goaio/aio"
)

// ShutdownError is what a shutdown reports that had to use force.
type ShutdownError struct {
	// Cancelled is how many connections had not finished in time, so that their
	// handlers were cancelled.
	Cancelled int
	// Left is how many were closed under a handler that did not end then either,
	// and may run still.
	Left int
}

func (e *ShutdownError) Error() string {
	if e.Left > 0 {
		return fmt.Sprintf("aionet: shutdown: %d connections did not finish in time and %d handlers ignored their cancel", e.Cancelled, e.Left)
	}
	return fmt.Sprintf("aionet: shutdown: %d connections did not finish in time and were cancelled", e.Cancelled)
}

// Finisher is what an [EventHandler] may be too, if its connection has an end of its
// own, such as a close handshake.
type Finisher interface {
	// Finishing is asked on the loop, when the server stops and after each Event from
	// then on. If it says true the connection is not closed while it waits: it
	// gets its events until one returns an error, or the [DrainTimeout] has
	// passed. It must not await.
	Finishing() bool
}

func finishing(h EventHandler) bool {
	own, is := h.(Finisher)
	return is && own.Finishing()
}

// cancelGrace is how long handlers have to end after they were cancelled.
const cancelGrace = time.Second

// Shutdown stops the server. It closes the listeners and the connections that
// are idle ([PerEvent] knows which are; but see [Finisher]), then waits for the
// others until they have ended, or the [DrainTimeout] has passed, or ctx is
// cancelled. What is left is cancelled with the cause [ErrServerClosed], and after another second
// closed. It returns a [*ShutdownError] if that was needed. A second Shutdown
// waits for the same end.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	_ = s.closeListeners()
	s.mu.Unlock()
	// Reactors that are just being started are to be stopped too.
	if s.starting.Lock(context.WithoutCancel(ctx)) == nil {
		s.starting.Unlock()
	}
	s.mu.Lock()
	reactors := s.reactors
	if s.running == 0 {
		s.ended.Set()
	}
	s.mu.Unlock()
	for _, r := range reactors {
		r.loop.CallSoon(r.drain)
	}
	if s.endedWithin(ctx, s.options.drain) {
		return nil
	}
	report := &ShutdownError{Cancelled: s.connections()}
	for _, r := range reactors {
		r.task.Cancel(ErrServerClosed)
	}
	if s.endedWithin(ctx, cancelGrace) {
		return report
	}
	for _, r := range reactors {
		r.loop.CallSoon(r.killAll)
	}
	s.endedWithin(ctx, cancelGrace)
	report.Left = s.connections()
	return report
}

func (s *Server) endedWithin(ctx context.Context, d time.Duration) bool {
	return aio.Timeout(ctx, d, s.ended.Wait) == nil
}

func (s *Server) connections() (open int) {
	for _, r := range s.reactors {
		open += int(r.open.Load())
	}
	return open
}
