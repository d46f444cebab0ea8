//go:build unix && !aix

package aionet

import (
	"errors"
	"net"
)

// Close stops the server at once: it closes the listeners and all connections
// and cancels the handlers with the cause [ErrServerClosed]. It does not wait for
// them; a [Server.Shutdown] after it does. It returns what closing the listeners
// has said. Safe from any goroutine; it is asyncio's close and abort_clients.
func (s *Server) Close() error {
	s.mu.Lock()
	err := s.closeListeners()
	s.closed = true
	reactors := s.reactors
	s.mu.Unlock()
	for _, r := range reactors {
		r.abort()
	}
	return err
}

// closeListeners is called with the lock held.
func (s *Server) closeListeners() (err error) {
	s.stopping = true
	for l := range s.listeners {
		if failed := l.Close(); !errors.Is(failed, net.ErrClosed) {
			err = errors.Join(err, failed)
		}
		s.leave() // it may wait for a slot
	}
	return err
}

// abort ends the reactor with its connections, those of handlers that ignore
// their cancel too.
func (r *reactor) abort() {
	r.task.Cancel(ErrServerClosed)
	r.loop.CallSoon(r.killAll)
}
