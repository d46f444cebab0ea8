//go:build unix && !aix

package aionet

// connection is what a server has to do with its connections, whatever handles
// them.
type connection interface {
	// drain closes the connection if it is idle, for the server stops.
	drain()
	// kill closes the connection under its handler.
	kill()
}

// link is a connection's place with its reactor.
type link struct {
	reactor    *reactor // nil for a connection of no server
	connection connection
	prev, next *link
}

// connections is a reactor's list of them, in no order that matters.
type connections struct {
	first *link
	count int
}

func (s *connections) push(l *link) {
	if l.next = s.first; l.next != nil {
		l.next.prev = l
	}
	s.first = l
	s.count++
}

func (s *connections) remove(l *link) {
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		s.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	}
	l.prev, l.next = nil, nil
	s.count--
}
