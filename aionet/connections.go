//go:build unix && !aix

package aionet

import "time"

// connection is what a server has to do with its connections, whatever handles
// them.
type connection interface {
	// drain closes the connection if it is idle, for the server stops.
	drain()
	// kill closes the connection under its handler.
	kill(reason error)
	// heard reports whether the peer has ever sent anything.
	heard() bool
	// touched reports whether anything has happened since it was last asked, or
	// the handler works.
	touched() bool
	// idleLimit is how long the connection may be idle, 0 for any time; server
	// is what the server says.
	idleLimit(server time.Duration) time.Duration
}

// link is a connection's place with its reactor.
type link struct {
	reactor    *reactor // nil for a connection of no server
	connection connection
	line       *lineup
	prev, next *link
	look       time.Time // when the line's timer looks at it
	quiet      uint16    // how often in a row it had not been touched then
}

// lineup is a line of connections in the order in which a timer looks at them.
type lineup struct {
	first, last *link
	count       int
}

func (s *lineup) push(l *link) {
	l.line, l.prev, l.next = s, s.last, nil
	if s.last == nil {
		s.first = l
	} else {
		s.last.next = l
	}
	s.last = l
	s.count++
}

func (s *lineup) remove(l *link) {
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		s.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	} else {
		s.last = l.prev
	}
	l.line, l.prev, l.next = nil, nil, nil
	s.count--
}

// each calls fn, which may take its connection out, with all of them.
func (s *lineup) each(fn func(connection)) {
	for l := s.first; l != nil; {
		next := l.next
		fn(l.connection)
		l = next
	}
}
